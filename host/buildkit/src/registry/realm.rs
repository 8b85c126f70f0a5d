//! A realm: where a registry sends those who want a token.
//!
//! A registry names its realm freely, and so could a daemon that lies. What is refused could be no honest realm, or would give
//! the login away to others than the registry's owner:
//!
//! - a scheme that is not https, or not http where the registry itself may be spoken to in plain text (`http`, `insecure`, loopback):
//!   the login would be read on its way;
//! - a user in the URL: what stands before `@` is made to be taken for the host;
//! - this machine or its link (`127.0.0.1`, `localhost`, `169.254.169.254`, also as one number) unless the registry is there too: what
//!   listens there believes whoever is near.
//!
//! Another host is not refused: `registry.gitlab.com` names `gitlab.com`, `nvcr.io` and `registry.redhat.io` name others of their
//! owners, and no list of such pairs is ever complete. Who asks for a token there makes sure that the registry itself names it (`challenge`)
//! and says so with both hosts.
//!
//! Reads and writes: nothing. Unknown here: logins.
//! Source: distribution's token specification; RFC 3986.

use std::net::IpAddr;

use http::Uri;

use crate::registry::registries::{RegistryAccess, is_loopback, without_port};
use oci_image_boundary::outside::shown;

/// The pairs of registry and realm that need no question: what everybody uses.
const KNOWN: [(&str, &str); 1] = [("registry-1.docker.io", "auth.docker.io")];

/// A realm to which the login of a registry may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Realm {
    uri: Uri,
    is_own: bool,
}

/// Why a realm gets no login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RealmError {
    /// It is no URL with a host.
    #[error("`{realm}` is no URL of a server", realm = shown(realm))]
    Malformed {
        /// The realm.
        realm: String,
    },
    /// It is not asked by http.
    #[error("`{realm}` is asked neither by https nor by http", realm = shown(realm))]
    Scheme {
        /// The realm.
        realm: String,
    },
    /// Its connection is open to be read, that of the registry is not.
    #[error("`{realm}` is asked by plain http, and registry `{host}` by https", realm = shown(realm), host = shown(host))]
    Downgrade {
        /// The realm.
        realm: String,
        /// The registry.
        host: String,
    },
    /// It holds a user.
    #[error("`{realm}` names a user beside its host", realm = shown(realm))]
    User {
        /// The realm without what could be a password.
        realm: String,
    },
    /// It is on this machine, and its registry is not.
    #[error("`{realm}` is on this machine or its link, and registry `{host}` is not", realm = shown(realm), host = shown(host))]
    Near {
        /// The realm.
        realm: String,
        /// The registry.
        host: String,
    },
    /// The registry names another one when it is asked by us.
    #[error("registry `{host}` itself names `{named}`, and not `{realm}`", realm = shown(realm), host = shown(host), named = shown(named))]
    NotNamed {
        /// The realm.
        realm: String,
        /// The registry.
        host: String,
        /// What it names.
        named: String,
    },
}

impl Realm {
    /// The realm that the registry `host`, as the daemon dials it, is said to name.
    ///
    /// # Errors
    /// [`RealmError`], but for [`RealmError::NotNamed`].
    pub(crate) fn new(
        host: &str,
        access: &RegistryAccess,
        realm: &str,
    ) -> Result<Self, RealmError> {
        let named = || realm.to_owned();
        let uri: Uri = realm
            .parse()
            .map_err(|_| RealmError::Malformed { realm: named() })?;
        let malformed = || RealmError::Malformed { realm: named() };
        let authority = uri.authority().ok_or_else(malformed)?;
        if let Some((_, server)) = authority.as_str().rsplit_once('@') {
            let realm = format!(
                "{}://{server}{}",
                uri.scheme_str().unwrap_or("?"),
                uri.path()
            );
            return Err(RealmError::User { realm });
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if access.is_plain() => {}
            Some("http") => {
                let (realm, host) = (named(), host.to_owned());
                return Err(RealmError::Downgrade { realm, host });
            }
            _ => return Err(RealmError::Scheme { realm: named() }),
        }
        let server = without_port(authority.as_str());
        if server.is_empty() {
            return Err(malformed());
        }
        let is_own = server.eq_ignore_ascii_case(without_port(host));
        if !is_own && is_near(server) && !is_loopback(host) {
            let (realm, host) = (named(), host.to_owned());
            return Err(RealmError::Near { realm, host });
        }
        let is_known =
            KNOWN.contains(&(host, authority.as_str())) && uri.scheme_str() == Some("https");
        Ok(Self {
            is_own: is_own || is_known,
            uri,
        })
    }

    /// Whether it is known to be the registry's own without a question.
    pub(crate) fn is_own(&self) -> bool {
        self.is_own
    }

    /// Whether another realm is on the same server.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        self.uri.scheme() == other.uri.scheme() && self.uri.authority() == other.uri.authority()
    }

    /// Host and port.
    pub(crate) fn server(&self) -> &str {
        self.uri
            .authority()
            .map_or("", |authority| authority.as_str())
    }

    /// The URL.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

/// Whether a host is this machine or what its link offers, such as the metadata of a cloud's machines.
fn is_near(host: &str) -> bool {
    if is_loopback(host) || host.to_ascii_lowercase().ends_with(".localhost") {
        return true;
    }
    let Ok(address) = host.parse::<IpAddr>() else {
        // Resolvers read `2130706433` and `0x7f.1` as addresses too.
        let last = host
            .trim_end_matches('.')
            .rsplit('.')
            .next()
            .unwrap_or_default();
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        return is_number(last) || last.to_ascii_lowercase().starts_with("0x");
    };
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_link_local()
                || address.octets()[0] == 0
                || address.is_multicast()
                || address.is_broadcast()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unicast_link_local()
                || address.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_accepted_is_https_of_a_host_that_is_not_near(
            text in r"(https?|ftp)?(:|//|:///?)([a-z0-9.@:\[\]%-]|127\.0\.0\.1|localhost|0x7f){0,12}(/[ -~]{0,8})?",
        ) {
            if let Ok(realm) = Realm::new("r.test", &RegistryAccess::default(), &text) {
                let server = without_port(realm.server());
                prop_assert_eq!(realm.uri().scheme_str(), Some("https"));
                prop_assert!(!server.is_empty() && !server.contains(['@', '/']), "{}", text);
                prop_assert!(!is_near(server), "{}", text);
                prop_assert_eq!(realm.uri().host().map(|host| host.trim_matches(['[', ']'])), Some(server));
            }
        }
    }

    fn realm(host: &str, realm: &str) -> Result<Realm, String> {
        let access = RegistryAccess::default();
        Realm::new(host, &access, realm).map_err(|error| error.to_string())
    }

    #[test]
    fn a_realm_is_the_registrys_own_by_its_host_or_as_everybody_knows() {
        for (host, named, is_own) in [
            ("r.test", "https://r.test/token", true),
            ("r.test:5000", "https://R.test/token?x=y", true),
            ("registry-1.docker.io", "https://auth.docker.io/token", true),
            ("r.test", "https://auth.docker.io/token", false),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth", false),
            ("r.test", "https://10.0.0.5/token", false),
            ("r.test", "https://r.test.evil.test/token", false),
        ] {
            assert_eq!(
                realm(host, named).map(|realm| realm.is_own()),
                Ok(is_own),
                "{named}"
            );
        }
    }

    #[test]
    fn a_realm_that_would_give_the_login_away_is_refused() {
        for (named, said) in [
            (
                "http://r.test/token",
                "is asked by plain http, and registry `r.test` by https",
            ),
            (
                "ftp://r.test/token",
                "is asked neither by https nor by http",
            ),
            (
                "file://r.test/etc/passwd",
                "is asked neither by https nor by http",
            ),
            ("/token", "is no URL of a server"),
            ("", "is no URL of a server"),
            ("https:///token", "is no URL of a server"),
            (
                "https://r.test@evil.test/token",
                "`https://evil.test/token` names a user beside its host",
            ),
            ("https://127.0.0.1/token", "is on this machine or its link"),
            (
                "https://localhost:6443/token",
                "is on this machine or its link",
            ),
            (
                "https://a.localhost/token",
                "is on this machine or its link",
            ),
            ("https://[::1]/token", "is on this machine or its link"),
            (
                "https://[::ffff:127.0.0.1]/token",
                "is on this machine or its link",
            ),
            (
                "https://169.254.169.254/latest",
                "is on this machine or its link",
            ),
            ("https://[fe80::1]/token", "is on this machine or its link"),
            ("https://0.0.0.0/token", "is on this machine or its link"),
            ("https://2130706433/token", "is on this machine or its link"),
            ("https://0x7f.1/token", "is on this machine or its link"),
            ("https://0x7f000001/token", "is on this machine or its link"),
        ] {
            let error = realm("r.test", named).unwrap_err();
            assert!(error.contains(said), "{named}: {error}");
        }
    }

    #[test]
    fn a_registry_in_plain_text_or_on_this_machine_may_name_what_is_alike() {
        let plain = RegistryAccess {
            http: Some(true),
            ..RegistryAccess::default()
        };
        let named = "http://127.0.0.1:5001/token";

        assert!(Realm::new("127.0.0.1:5000", &plain, named).is_ok());
        assert!(Realm::new("localhost:5000", &plain, named).is_ok());
        assert!(Realm::new("r.test", &plain, "http://r.test/token").is_ok());
        assert!(Realm::new("r.test", &plain, named).is_err());
    }

    #[test]
    fn what_a_realm_is_refused_for_shows_no_password_and_no_command() {
        let error = realm("r.test", "https://evil.test/\u{1b}[2J").unwrap_err();
        let user = realm("r.test", "https://u:hunter2@evil.test/x").unwrap_err();

        assert!(!user.contains("hunter2"), "{user}");
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}
