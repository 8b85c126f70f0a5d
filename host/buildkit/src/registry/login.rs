//! A login for a registry: who finds it, where it was, and whom it was given to.
//!
//! Reads and writes: nothing. Unknown here: how logins are stored.

use std::fmt;
use std::path::PathBuf;

use crate::registry::repositories::Repositories;
use crate::secrets::SecretBytes;
use crate::sink::SinkError;
use oci_image_boundary::outside::shown;

/// How the daemon is told that there is no token, and says so itself.
pub const NO_TOKEN: &str = "no token ";

/// Finds logins.
#[tonic::async_trait]
pub trait Credentials: Send + Sync {
    /// The login for a registry, by its host and port as the daemon dials it; `None` if there is none. What is wanted of the
    /// registry is in `repositories`, as far as it is known.
    ///
    /// # Errors
    /// Whatever keeps it from knowing; a solve that needs the registry fails with it.
    async fn lookup(
        &self,
        host: &str,
        repositories: &Repositories,
    ) -> Result<Option<Login>, CredentialsError>;

    /// Whether there is a login for the registry or for a part of it. If so, tokens are fetched here, else by the daemon.
    ///
    /// # Errors
    /// As [`Credentials::lookup`].
    async fn has_login(&self, host: &str) -> Result<bool, CredentialsError> {
        let nothing_named = Repositories::of_scopes(host, &[]);
        Ok(self.lookup(host, &nothing_named).await?.is_some())
    }

    /// What is odd about the place where logins are kept, a line each.
    fn warnings(&self) -> &[String] {
        &[]
    }
}

/// The error of an implementation of [`Credentials`].
pub type CredentialsError = SinkError;

/// A login for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user; empty where the password is an identity token.
    pub username: String,
    /// The password or the identity token.
    pub password: SecretBytes,
    /// A token that is sent to the registry as it is, where it wants tokens.
    pub registry_token: Option<SecretBytes>,
    /// Where it was found.
    pub origin: Origin,
}

/// Where a login was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file of Docker's configuration.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(&'static str),
    /// With a credential helper.
    Helper {
        /// The program: `docker-credential-pass`.
        program: String,
        /// The file that names it.
        configured_in: PathBuf,
    },
}

/// A login that left this process. Its `Display` is a line for a person, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedLogin {
    /// The registry that wanted it.
    pub host: String,
    /// The user.
    pub username: String,
    /// Where it was found.
    pub origin: Origin,
    /// To whom it went.
    pub given: Given,
}

/// To whom a login went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// To a realm, for a token; the daemon has seen the token only.
    Realm {
        /// Its server.
        server: String,
        /// Whether the registry itself names it, or only the daemon says so.
        is_proven: bool,
    },
    /// To the daemon, a token that was kept as it is.
    Token,
    /// To the daemon, the password itself.
    Password {
        /// Whether the registry itself takes nothing else, or only the daemon says so.
        is_proven: bool,
    },
}

/// No login for any registry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

#[tonic::async_trait]
impl Credentials for Anonymous {
    async fn lookup(
        &self,
        _host: &str,
        _repositories: &Repositories,
    ) -> Result<Option<Login>, CredentialsError> {
        Ok(None)
    }
}

impl Login {
    /// Whether it is the same login, wherever it was found.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let parts = |login: &Self| {
            (
                login.username.clone(),
                login.password.clone(),
                login.registry_token.clone(),
            )
        };
        parts(self) == parts(other)
    }

    /// Whether there is nothing in it that a registry could be shown.
    pub(crate) fn is_empty(&self) -> bool {
        self.password.reveal().is_empty() && self.registry_token.is_none()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "`{}`", shown(path)),
            Self::Variable(name) => write!(formatter, "`${name}`"),
            Self::Helper {
                program,
                configured_in,
            } => {
                let (program, file) = (shown(program), shown(configured_in));
                write!(formatter, "`{program}`, which `{file}` names")
            }
        }
    }
}

impl fmt::Display for UsedLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, origin) = (shown(&self.host), &self.origin);
        write!(
            formatter,
            "login for registry `{host}`, from {origin}: {}",
            self.given.phrase(&self.host)
        )
    }
}

impl Given {
    /// What became of a login for the registry `host`.
    pub(crate) fn phrase(&self, host: &str) -> String {
        let proof = |is_proven: &bool| {
            if *is_proven {
                ""
            } else {
                ", as the daemon says"
            }
        };
        match self {
            Self::Realm { server, .. } if server == host => {
                "sent to the registry for a token".to_owned()
            }
            Self::Realm { server, is_proven } => format!(
                "sent to `{}` for a token, the realm that the registry names{}",
                shown(server),
                proof(is_proven)
            ),
            Self::Token => "its token is given to the daemon".to_owned(),
            Self::Password { is_proven } => format!(
                "the password is given to the daemon, because the registry takes nothing else{}",
                proof(is_proven)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_that_left_is_told_with_its_registry_its_origin_and_who_has_it() {
        let realm = |server: &str, is_proven| Given::Realm {
            server: server.into(),
            is_proven,
        };
        for (given, said) in [
            (
                realm("r.test:5000", true),
                "sent to the registry for a token",
            ),
            (
                realm("auth\u{1b}.test", true),
                "sent to `auth\\u{1b}.test` for a token, the realm that the registry names",
            ),
            (
                realm("auth.test", false),
                "sent to `auth.test` for a token, the realm that the registry names, as the daemon says",
            ),
            (Given::Token, "its token is given to the daemon"),
            (
                Given::Password { is_proven: true },
                "the password is given to the daemon, because the registry takes nothing else",
            ),
            (
                Given::Password { is_proven: false },
                "the password is given to the daemon, because the registry takes nothing else, as the daemon says",
            ),
        ] {
            let login = UsedLogin {
                host: "r.test:5000".into(),
                username: "u".into(),
                origin: Origin::Variable("DOCKER_AUTH_CONFIG"),
                given,
            };
            assert_eq!(
                login.to_string(),
                format!("login for registry `r.test:5000`, from `$DOCKER_AUTH_CONFIG`: {said}")
            );
        }
    }
}
