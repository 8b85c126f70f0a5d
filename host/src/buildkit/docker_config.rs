//! Docker's `config.json`: the logins that `docker login` has left.
//!
//! No error shows what the file or a helper holds: a parser's message may quote a password.
//!
//! - `keychain`: logins that a credential helper keeps in place of the file.
//!
//! Reads: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`; runs `docker-credential-*`. Writes: nothing.
//! Source: the Docker CLI's documentation of `docker login` and the credential helpers' protocol.

mod keychain;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::buildkit::auth::{Credentials, CredentialsFailure, Login, Origin};
use crate::buildkit::blocking::blocking;
use crate::buildkit::docker_config::keychain::Keychain;
use crate::buildkit::secrets::SecretBytes;
use crate::regular_file;

/// What `docker login` calls Docker Hub.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// Logins out of Docker's configuration, which is read anew at each lookup.
///
/// ```
/// use oci_image::buildkit::{auth::Credentials, docker_config::DockerConfig};
///
/// # let directory = tempfile::tempdir().expect("a directory");
/// # let path = directory.path().join("config.json");
/// # tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
/// std::fs::write(&path, r#"{"auths": {"registry.test": {"auth": "YW5uOnh5enp5"}}}"#).expect("a file");
/// let login = DockerConfig::new(path).lookup("registry.test").await.expect("a configuration");
/// assert_eq!(login.expect("a login").username, "ann");
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerConfig {
    path: PathBuf,
    search_path: Option<OsString>,
}

/// Why a login cannot be looked up.
#[derive(Debug, thiserror::Error)]
pub enum DockerConfigError {
    /// The file exists and cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The configuration.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The file is not what Docker writes.
    #[error("`{}` is not a configuration of Docker: line {line}, column {column}", path.display())]
    Parse {
        /// The configuration.
        path: PathBuf,
        /// Line of the defect.
        line: usize,
        /// Column of the defect.
        column: usize,
    },
    /// An entry's `auth` is not `user:password` in base64.
    #[error("`auth` of `{key}` in `{}` is not a user and a password in base64", path.display())]
    Entry {
        /// The configuration.
        path: PathBuf,
        /// The key below `auths`.
        key: String,
    },
    /// A helper cannot be run.
    #[error("cannot run the credential helper `{program}`, which `{}` names", path.display())]
    RunHelper {
        /// The configuration.
        path: PathBuf,
        /// The helper.
        program: String,
        /// What the system answered.
        source: io::Error,
    },
    /// A helper says that it failed.
    #[error("the credential helper `{program}` has no login for `{key}`: {message}")]
    HelperFailed {
        /// The helper.
        program: String,
        /// The registry.
        key: String,
        /// What the helper printed.
        message: String,
    },
    /// A helper does not end.
    #[error("the credential helper `{program}` gives no answer within {} s", keychain::DEADLINE.as_secs())]
    HelperDeadline {
        /// The helper.
        program: String,
    },
    /// A helper's answer is not by the protocol.
    #[error(
        "the credential helper `{program}` answers for `{key}` with something that is not a login"
    )]
    HelperAnswer {
        /// The helper.
        program: String,
        /// The registry.
        key: String,
    },
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    auths: HashMap<String, Entry>,
    #[serde(rename = "credHelpers")]
    helpers: HashMap<String, String>,
    #[serde(rename = "credsStore")]
    store: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

impl DockerConfig {
    /// The configuration that the environment names: `$DOCKER_CONFIG`, else `.docker` in `$HOME`.
    ///
    /// `None` if the environment names neither.
    pub fn from_environment() -> Option<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let directory = set("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".docker")))?;
        Some(Self::new(directory.join("config.json")))
    }

    /// The configuration in the file `path`, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            search_path: None,
        }
    }

    /// Looks for credential helpers in `search_path` instead of `$PATH`.
    pub fn with_search_path(self, search_path: OsString) -> Self {
        Self {
            search_path: Some(search_path),
            ..self
        }
    }

    async fn read(&self) -> Result<File, DockerConfigError> {
        let path = self.path.clone();
        let file = path.clone();
        let text = match blocking(move || regular_file::read(&file)).await {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(File::default()),
            Err(source) => return Err(DockerConfigError::Read { path, source }),
        };
        serde_json::from_slice(&text).map_err(|error| DockerConfigError::Parse {
            path,
            line: error.line(),
            column: error.column(),
        })
    }

    async fn find(&self, host: &str) -> Result<Option<Login>, DockerConfigError> {
        let file = self.read().await?;
        let key = if host == "registry-1.docker.io" {
            DOCKER_HUB_KEY
        } else {
            host
        };
        let helper = file.helpers.get(key).unwrap_or(&file.store);
        if helper.is_empty() {
            return self.entry(&file, key);
        }
        let keychain = Keychain {
            program: format!("docker-credential-{helper}"),
            configured_in: &self.path,
            search_path: self.search_path.as_deref(),
        };
        keychain.ask(key).await
    }

    fn entry(&self, file: &File, key: &str) -> Result<Option<Login>, DockerConfigError> {
        // Old versions wrote URLs where new ones write hosts.
        let found = file.auths.get_key_value(key);
        let Some((key, entry)) =
            found.or_else(|| file.auths.iter().find(|(other, _)| hostname(other) == key))
        else {
            return Ok(None);
        };
        let defect = || DockerConfigError::Entry {
            path: self.path.clone(),
            key: key.clone(),
        };
        let (username, password) = match entry.auth.as_str() {
            "" => (entry.username.clone(), entry.password.clone()),
            auth => decode(auth).ok_or_else(defect)?,
        };
        let (username, password) = match (entry.identitytoken.as_str(), password.as_str()) {
            ("", "") => return Ok(None),
            ("", _) => (username, password),
            (token, _) => (String::new(), token.to_owned()),
        };
        Ok(Some(Login {
            username,
            password: SecretBytes::new(password),
            origin: Origin::File(self.path.clone()),
        }))
    }
}

#[tonic::async_trait]
impl Credentials for DockerConfig {
    async fn lookup(&self, host: &str) -> Result<Option<Login>, CredentialsFailure> {
        Ok(self.find(host).await?)
    }
}

/// The user and the password of `auth`; Docker pads some with zero bytes.
fn decode(auth: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
    let (username, password) = text
        .split_once(':')
        .filter(|(username, _)| !username.is_empty())?;
    Some((username.to_owned(), password.trim_matches('\0').to_owned()))
}

/// The host and port of a key that may be a URL.
fn hostname(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new(config: &str) -> Self {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join("config.json"), config).unwrap();
            Self(directory)
        }

        fn helper(self, name: &str, script: &str) -> Self {
            let path = self.0.path().join(format!("docker-credential-{name}"));
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            self
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("config.json")
        }

        async fn find(&self, host: &str) -> Result<Option<Login>, DockerConfigError> {
            let search_path = format!("{}:/usr/bin:/bin", self.0.path().display());
            DockerConfig::new(self.path())
                .with_search_path(search_path.into())
                .find(host)
                .await
        }
    }

    fn login(username: &str, password: &str, origin: Origin) -> Option<Login> {
        Some(Login {
            username: username.into(),
            password: SecretBytes::new(password),
            origin,
        })
    }

    #[tokio::test]
    async fn an_entry_is_found_by_host_by_url_and_for_docker_hub() {
        let home = Home::new(
            r#"{"auths": {
                "plain:5000": {"auth": "dXNlcjpwYTpzcw=="},
                "https://old.example/v2/": {"username": "u", "password": "p"},
                "token.example": {"auth": "dXNlcjpwYXNz", "identitytoken": "t"},
                "https://index.docker.io/v1/": {"auth": "aHViOnB3"},
                "empty.example": {}
            }}"#,
        );
        let file = || Origin::File(home.path());

        assert_eq!(
            home.find("plain:5000").await.unwrap(),
            login("user", "pa:ss", file())
        );
        assert_eq!(
            home.find("old.example").await.unwrap(),
            login("u", "p", file())
        );
        assert_eq!(
            home.find("token.example").await.unwrap(),
            login("", "t", file())
        );
        assert_eq!(
            home.find("registry-1.docker.io").await.unwrap(),
            login("hub", "pw", file())
        );
        assert_eq!(home.find("empty.example").await.unwrap(), None);
        assert_eq!(home.find("other.example").await.unwrap(), None);
    }

    #[tokio::test]
    async fn without_a_file_there_is_no_login() {
        let config = DockerConfig::new("/nowhere/config.json".into());

        assert_eq!(config.find("any.example").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_helper_is_asked_on_its_standard_input_and_wins_over_the_entry() {
        let home = Home::new(
            r#"{"auths": {"a.example": {"auth": "dXNlcjpwYXNz"}},
                "credHelpers": {"a.example": "one"}, "credsStore": "rest"}"#,
        )
        .helper(
            "one",
            r#"test "$1" = get && printf '{"Username":"of %s","Secret":"s1"}' "$(cat)""#,
        )
        .helper(
            "rest",
            r#"cat >/dev/null; printf '{"Username":"<token>","Secret":"s2"}'"#,
        );
        let origin = |name: &str| Origin::Helper {
            program: format!("docker-credential-{name}"),
            configured_in: home.path(),
        };

        let one = home.find("a.example").await.unwrap();
        let rest = home.find("b.example").await.unwrap();

        assert_eq!(one, login("of a.example", "s1", origin("one")));
        assert_eq!(rest, login("", "s2", origin("rest")));
    }

    #[tokio::test]
    async fn a_helper_that_knows_no_login_is_not_an_error() {
        let home = Home::new(r#"{"credsStore": "none"}"#).helper(
            "none",
            "cat >/dev/null; echo credentials not found in native keychain; exit 1",
        );

        assert_eq!(home.find("a.example").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_helper_that_fails_is_named_with_what_it_says() {
        let failing = Home::new(r#"{"credsStore": "bad"}"#).helper("bad", "echo locked; exit 1");
        let silent = Home::new(r#"{"credsStore": "bad"}"#).helper("bad", "echo hunter2");
        let missing = Home::new(r#"{"credsStore": "gone"}"#);

        let failed = failing.find("a.example").await.unwrap_err();
        let answered = silent.find("a.example").await.unwrap_err();
        let lost = missing.find("a.example").await.unwrap_err();

        assert_eq!(
            failed.to_string(),
            "the credential helper `docker-credential-bad` has no login for `a.example`: locked"
        );
        assert_eq!(
            answered.to_string(),
            "the credential helper `docker-credential-bad` answers for `a.example` with something that is not a login"
        );
        assert_eq!(
            lost.to_string(),
            format!(
                "cannot run the credential helper `docker-credential-gone`, which `{}` names",
                missing.path().display()
            )
        );
    }

    #[tokio::test]
    async fn a_malformed_file_is_named_by_place_and_not_quoted() {
        let broken = Home::new("{\"auths\": {\n\"a.example\": \"hunter2\"}}");
        let entry = Home::new(r#"{"auths": {"a.example": {"auth": "hunter2"}}}"#);

        let error = broken.find("a.example").await.unwrap_err();
        let defect = entry.find("a.example").await.unwrap_err();

        assert_eq!(
            error.to_string(),
            format!(
                "`{}` is not a configuration of Docker: line 2, column 22",
                broken.path().display()
            )
        );
        assert_eq!(
            defect.to_string(),
            format!(
                "`auth` of `a.example` in `{}` is not a user and a password in base64",
                entry.path().display()
            )
        );
    }
}
