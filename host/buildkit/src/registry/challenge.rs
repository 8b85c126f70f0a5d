//! A challenge: which login a registry wants, asked of the registry itself.
//!
//! The daemon says which realm a registry names, and that a registry takes nothing but a password. It may be somebody else's, so
//! whoever is about to send a login asks the registry.
//!
//! Reads and writes: through [`Web`]. Unknown here: logins, tokens.
//! Source: OCI distribution-spec 1.1 (`end-1`: `GET /v2/`); RFC 9110, section 11.

use std::time::Duration;

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Request};
use http_body_util::Full;

use crate::registry::registries::RegistryAccess;
use crate::registry::web::Web;

/// How long a registry may take to say which login it wants.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a registry wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The realms of its tokens.
    pub(crate) realms: Vec<String>,
    /// Whether it takes a password.
    pub(crate) is_basic: bool,
}

impl Challenge {
    /// What the registry `host` answers to who shows no login; `None` if it cannot be asked, or lets everybody in.
    pub(crate) async fn of(web: &Web, host: &str, access: &RegistryAccess) -> Option<Self> {
        let asking = async {
            for scheme in schemes(access) {
                let request = Request::get(format!("{scheme}://{host}/v2/"));
                let request = request.body(Full::<Bytes>::default()).ok()?;
                if let Ok(answer) = web.ask(access, request).await {
                    return Some(Self::read(answer.headers()));
                }
            }
            None
        };
        let asked = tokio::time::timeout(DEADLINE, asking).await.ok().flatten();
        asked.filter(|challenge| *challenge != Self::default())
    }

    fn read(headers: &HeaderMap) -> Self {
        let mut challenge = Self::default();
        for value in headers.get_all(WWW_AUTHENTICATE) {
            let value = String::from_utf8_lossy(value.as_bytes());
            let (scheme, parameters) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
            match scheme.to_ascii_lowercase().as_str() {
                "bearer" => challenge.realms.extend(realm(parameters)),
                "basic" => challenge.is_basic = true,
                _ => {}
            }
        }
        challenge
    }
}

/// The schemes by which the daemon asks the registry, in its order.
pub(super) fn schemes(access: &RegistryAccess) -> &'static [&'static str] {
    match (access.insecure, access.http) {
        (Some(true), Some(true)) => &["https", "http"],
        (_, Some(true)) => &["http"],
        _ => &["https"],
    }
}

/// The value of `realm` among parameters like `realm="https://a/token",service="b"`.
fn realm(parameters: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find([',', ' ']).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        if key
            .trim_matches([',', ' ', '\t'])
            .eq_ignore_ascii_case("realm")
        {
            return Some(value);
        }
        rest = after;
    }
}

/// A quoted string, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_stands_in_a_header_is_read_and_quotes_are_undone(
            realm in "[ -~]{0,40}",
            noise in "[ -~\\t]{0,40}",
        ) {
            let quoted: String = realm.chars().flat_map(|c| {
                let mark = ['"', '\\'].contains(&c).then_some('\\');
                mark.into_iter().chain([c])
            }).collect();
            for value in [format!("Bearer a=b, realm=\"{quoted}\" {noise}"), noise.clone(), format!("Bearer {noise}")] {
                let mut headers = HeaderMap::new();
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(&value).unwrap());
                let challenge = Challenge::read(&headers);
                if value.starts_with("Bearer a=b,") {
                    prop_assert_eq!(challenge.realms, vec![realm.clone()]);
                }
            }
        }
    }

    fn read(values: &[&'static str]) -> Challenge {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        Challenge::read(&headers)
    }

    #[test]
    fn a_challenge_names_realms_and_whether_a_password_will_do() {
        let realms = |realms: &[&str], is_basic| Challenge {
            realms: realms.iter().map(|realm| (*realm).to_owned()).collect(),
            is_basic,
        };
        for (values, expected) in [
            (vec![], realms(&[], false)),
            (vec!["Basic realm=\"x\""], realms(&[], true)),
            (
                vec!["Bearer realm=\"https://a.test/t\",service=\"a\",scope=\"x y\""],
                realms(&["https://a.test/t"], false),
            ),
            (
                vec!["bearer service=\"a,realm=\\\"no\\\"\" , Realm=https://a.test/t"],
                realms(&["https://a.test/t"], false),
            ),
            (
                vec!["BASIC realm=x", "Bearer realm=\"https://a.test/\\\"t\""],
                realms(&["https://a.test/\"t"], true),
            ),
            (
                vec!["Bearer", "Bearer realm", "Bearer realm=\"open", "Negotiate"],
                realms(&[], false),
            ),
        ] {
            assert_eq!(read(&values), expected, "{values:?}");
        }
    }
}
