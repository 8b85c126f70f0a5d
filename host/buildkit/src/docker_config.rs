//! Docker's `config.json`: the logins that `docker login` has left, and those of `$DOCKER_AUTH_CONFIG`.
//!
//! No error shows what the file, the variable or a helper holds: a parser's message may quote a password.
//! Of several logins of one registry that one counts whose path is the longest part of the repository's.
//!
//! - `document`: what the file says, as Docker reads it.
//! - `namespace`: the part of a registry for which a login is kept.
//! - `keychain`: logins that a credential helper keeps in place of the file.
//!
//! Reads: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`; runs `docker-credential-*`. Writes: nothing.
//! Source: the Docker CLI's documentation of `docker login` and the credential helpers' protocol; docker/cli v29.6.2,
//! `cli/config/configfile`.

mod document;
mod keychain;
mod namespace;

use std::cmp::Reverse;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::blocking::blocking;
use crate::docker_config::document::{Document, Undecodable, Written};
use crate::docker_config::keychain::{Asked, Keychain};
use crate::docker_config::namespace::{Namespace, key_of, without_user};
use crate::login::{Credentials, CredentialsFailure, Login, Origin};
use crate::repositories::Repositories;
use crate::secrets::SecretBytes;
use oci_image_boundary::outside::shown;
use oci_image_boundary::regular_file;

/// The variable whose logins count beside those of the file. It holds passwords: no process that is started is given it.
pub const VARIABLE: &str = "DOCKER_AUTH_CONFIG";

/// Logins out of Docker's configuration; the file is read anew at each lookup, and a helper is asked for a login once in some minutes.
///
/// ```
/// use oci_image_buildkit::repositories::Repositories;
/// use oci_image_buildkit::{docker_config::DockerConfig, login::Credentials};
///
/// # let directory = tempfile::tempdir().expect("a directory");
/// # let path = directory.path().join("config.json");
/// # tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
/// std::fs::write(&path, r#"{"auths": {"registry.test": {"auth": "YW5uOnh5enp5"}}}"#).expect("a file");
/// let config = DockerConfig::new(path);
/// let login = config.lookup("registry.test", &Repositories::default()).await.expect("a configuration");
/// assert_eq!(login.expect("a login").username, "ann");
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct DockerConfig {
    path: Option<PathBuf>,
    search_path: Option<OsString>,
    /// The logins of the variable, by key.
    variable: Vec<(String, Login)>,
    /// What is wrong with the variable.
    remarks: Vec<String>,
    /// What helpers have answered. Clones share it.
    asked: Asked,
}

/// Why a login cannot be looked up.
#[derive(Debug, thiserror::Error)]
pub enum DockerConfigError {
    /// The file exists and cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The configuration.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The file is not what Docker writes.
    #[error(
        "`{}` is not a configuration of Docker: line {line}, column {column}",
        shown(path)
    )]
    Parse {
        /// The configuration.
        path: PathBuf,
        /// Line of the defect.
        line: usize,
        /// Column of the defect.
        column: usize,
    },
    /// An entry's `auth` is not `user:password` in base64.
    #[error("`auth` of `{key}` in `{}` is not a user and a password in base64", shown(path), key = shown(key))]
    Entry {
        /// The configuration.
        path: PathBuf,
        /// The key below `auths`.
        key: String,
    },
    /// A helper cannot be run.
    #[error("cannot run the credential helper `{program}`, which `{}` names", shown(path), program = shown(program))]
    RunHelper {
        /// The configuration.
        path: PathBuf,
        /// The helper.
        program: String,
        /// What the system answered.
        source: io::Error,
    },
    /// A helper says that it failed.
    #[error("the credential helper `{program}` has no login for `{key}`: {message}", program = shown(program), key = shown(key), message = shown(message))]
    HelperFailed {
        /// The helper.
        program: String,
        /// The registry.
        key: String,
        /// What the helper printed.
        message: String,
    },
    /// A helper does not end.
    #[error("the credential helper `{program}` gives no answer within {} s", keychain::DEADLINE.as_secs(), program = shown(program))]
    HelperDeadline {
        /// The helper.
        program: String,
    },
    /// A helper's answer is not by the protocol.
    #[error(
        "the credential helper `{program}` answers for `{key}` with something that is not a login", program = shown(program), key = shown(key))]
    HelperAnswer {
        /// The helper.
        program: String,
        /// The registry.
        key: String,
    },
}

/// A login that is kept for a part of a registry, or whom to ask for it.
struct Kept {
    namespace: Namespace,
    source: Source,
}

enum Source {
    Login(Login),
    Helper { helper: String, key: String },
}

impl DockerConfig {
    /// What the environment names: the file in `$DOCKER_CONFIG`, else in `.docker` of `$HOME`, and `$DOCKER_AUTH_CONFIG`.
    #[must_use]
    pub fn from_environment() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let directory = set("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".docker")));
        let config = Self {
            path: directory.map(|directory| directory.join("config.json")),
            ..Self::default()
        };
        match set(VARIABLE) {
            Some(value) => config.with_variable(value.as_encoded_bytes()),
            None => config,
        }
    }

    /// The configuration in the file `path`, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path: Some(path),
            ..Self::default()
        }
    }

    /// Looks for credential helpers in `search_path` instead of `$PATH`.
    pub fn with_search_path(self, search_path: OsString) -> Self {
        Self {
            search_path: Some(search_path),
            ..self
        }
    }

    /// With the logins of a text like the file's, which count before those of the file. As with Docker, what is wrong with
    /// it fails nothing: it is remarked upon, and left out.
    #[must_use]
    pub fn with_variable(mut self, text: &[u8]) -> Self {
        let document = match Document::read(text) {
            Ok(document) => document,
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                self.remarks.push(format!(
                    "`{VARIABLE}` is left out: it is not a configuration of Docker (line {line}, column {column})"
                ));
                return self;
            }
        };
        for (key, entry) in &document.auths {
            match entry.login() {
                Ok(written) => {
                    let login = written.map(|written| login(written, Origin::Variable(VARIABLE)));
                    self.variable
                        .extend(login.map(|login| (key.clone(), login)));
                }
                Err(Undecodable) => self.remarks.push(format!(
                    "the login for `{}` in `{VARIABLE}` is left out: its `auth` is not a user and a password in base64",
                    shown(&without_user(key))
                )),
            }
        }
        self
    }

    async fn find(
        &self,
        host: &str,
        repositories: &Repositories,
    ) -> Result<Option<Login>, DockerConfigError> {
        let document = self.read().await?;
        let kept = self.kept(&document, host)?;
        match chosen(&kept, host, repositories).await {
            None => Ok(None),
            Some(source) => self.fetch(source).await,
        }
    }

    /// Whether anything is kept for a registry or a part of it. A helper is asked only where nothing else is.
    async fn has_any(&self, host: &str) -> Result<bool, DockerConfigError> {
        let document = self.read().await?;
        let kept = self.kept(&document, host)?;
        let is_login =
            |kept: &Kept| matches!(&kept.source, Source::Login(login) if !login.is_empty());
        if kept.iter().any(is_login) {
            return Ok(true);
        }
        for kept in &kept {
            if self.fetch(&kept.source).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn fetch(&self, source: &Source) -> Result<Option<Login>, DockerConfigError> {
        match source {
            Source::Login(login) => Ok(Some(login.clone())),
            Source::Helper { helper, key } => {
                let keychain = Keychain {
                    program: format!("docker-credential-{helper}"),
                    configured_in: self.path(),
                    search_path: self.search_path.as_deref(),
                };
                self.asked.once(&keychain, key).await
            }
        }
    }

    async fn read(&self) -> Result<Document, DockerConfigError> {
        let Some(path) = self.path.clone() else {
            return Ok(Document::default());
        };
        let file = path.clone();
        let text = match blocking(move || regular_file::read(&file)).await {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Document::default());
            }
            Err(source) => return Err(DockerConfigError::Read { path, source }),
        };
        Document::read(&text).map_err(|error| DockerConfigError::Parse {
            path,
            line: error.line(),
            column: error.column(),
        })
    }

    /// All that is kept for a registry and its parts; of what is for the same part that comes first which counts.
    fn kept(&self, document: &Document, host: &str) -> Result<Vec<Kept>, DockerConfigError> {
        let is_of = |key: &str| Namespace::of_key(key).is_of(host);
        let exact = key_of(host);
        let variable = self.variable.iter().filter(|(key, _)| is_of(key));
        let mut variable: Vec<_> = variable.collect();
        variable.sort_by_key(|(key, _)| key != exact);
        let mut kept: Vec<Kept> = variable
            .into_iter()
            .map(|(key, login)| Kept::login(key, login.clone()))
            .collect();

        let store = document.helpers.get(exact).unwrap_or(&document.store);
        let helpers = document.helpers.iter().filter(|(key, _)| is_of(key));
        let helpers = [(exact, store)]
            .into_iter()
            .chain(helpers.map(|(key, helper)| (key.as_str(), helper)));
        kept.extend(helpers.filter_map(|(key, helper)| Kept::helper(key, helper)));

        let mut entries: Vec<_> = (document.auths.iter())
            .filter(|(key, _)| is_of(key))
            // A helper keeps the login of a whole registry in place of the file.
            .filter(|(key, _)| store.is_empty() || !Namespace::of_key(key).is_whole())
            .collect();
        entries.sort_by_key(|(key, _)| *key != exact);
        for (key, entry) in entries {
            let written = entry.login();
            let written = written.map_err(|Undecodable| DockerConfigError::Entry {
                path: self.path().to_owned(),
                key: without_user(key),
            })?;
            let login = written.map(|written| login(written, Origin::File(self.path().to_owned())));
            kept.extend(login.map(|login| Kept::login(key, login)));
        }
        Ok(kept)
    }

    /// Without one nothing is read, and so nothing is said of it.
    fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }
}

impl Kept {
    fn login(key: &str, login: Login) -> Self {
        Self {
            namespace: Namespace::of_key(key),
            source: Source::Login(login),
        }
    }

    /// `None` where no helper is named: then the file keeps the login.
    fn helper(key: &str, helper: &str) -> Option<Self> {
        (!helper.is_empty()).then(|| Self {
            namespace: Namespace::of_key(key),
            source: Source::Helper {
                helper: helper.to_owned(),
                key: key.to_owned(),
            },
        })
    }

    /// Whether it comes to the same login, wherever that is written.
    fn is_like(&self, other: &Self) -> bool {
        match (&self.source, &other.source) {
            (Source::Login(one), Source::Login(two)) => one.is_like(two),
            (
                Source::Helper { helper, key },
                Source::Helper {
                    helper: other_helper,
                    key: other_key,
                },
            ) => helper == other_helper && key == other_key,
            _ => false,
        }
    }
}

/// The login for what the daemon wants of a registry. Only where the logins differ by repository is it waited for the name of
/// that.
async fn chosen<'k>(
    kept: &'k [Kept],
    host: &str,
    repositories: &Repositories,
) -> Option<&'k Source> {
    let first = kept.first()?;
    let whole = || kept.iter().find(|kept| kept.namespace.is_whole());
    if kept.iter().all(|other| other.is_like(first)) {
        return Some(&first.source);
    }
    if kept.iter().all(|kept| kept.namespace.is_whole()) {
        return Some(&first.source);
    }
    let named = repositories.of(host).await;
    let best = |repository: &String| {
        let fits = kept
            .iter()
            .filter_map(|kept| Some((kept.namespace.fit(repository)?, kept)));
        // The first of those that fit equally well.
        fits.min_by_key(|(length, _)| Reverse(*length))
            .map(|(_, kept)| kept)
    };
    let fits: Vec<&Kept> = named.iter().filter_map(best).collect();
    match fits.first() {
        None => whole(),
        Some(first) if fits.iter().all(|other| other.is_like(first)) => Some(*first),
        // The daemon does not say for which of several repositories it asks: then as Docker does, which knows none.
        Some(first) => whole().or(Some(first)),
    }
    .map(|kept| &kept.source)
}

fn login(written: Written, origin: Origin) -> Login {
    let token = Some(written.registry_token).filter(|token| !token.is_empty());
    Login {
        username: written.username,
        password: SecretBytes::new(written.password),
        registry_token: token.map(SecretBytes::new),
        origin,
    }
}

#[tonic::async_trait]
impl Credentials for DockerConfig {
    async fn lookup(
        &self,
        host: &str,
        repositories: &Repositories,
    ) -> Result<Option<Login>, CredentialsFailure> {
        Ok(self.find(host, repositories).await?)
    }

    async fn has_login(&self, host: &str) -> Result<bool, CredentialsFailure> {
        Ok(self.has_any(host).await?)
    }

    fn remarks(&self) -> &[String] {
        &self.remarks
    }
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
            self.find_for(host, "").await
        }

        /// The login for repositories of the host.
        async fn find_for(
            &self,
            host: &str,
            repositories: &str,
        ) -> Result<Option<Login>, DockerConfigError> {
            let search_path = format!("{}:/usr/bin:/bin", self.0.path().display());
            let config = DockerConfig::new(self.path()).with_search_path(search_path.into());
            find(&config, host, repositories).await
        }
    }

    async fn find(
        config: &DockerConfig,
        host: &str,
        repositories: &str,
    ) -> Result<Option<Login>, DockerConfigError> {
        let scopes = repositories.split_whitespace();
        let scopes: Vec<String> = scopes
            .map(|name| format!("repository:{name}:pull"))
            .collect();
        let repositories = Repositories::of_scopes(host, &scopes);
        config.find(host, &repositories).await
    }

    /// Who logs in at a registry for a repository of it.
    async fn user(home: &Home, repositories: &str) -> String {
        let login = home.find_for("r.test:5000", repositories).await.unwrap();
        login.map_or_else(String::new, |login| login.username)
    }

    fn login(username: &str, password: &str, origin: Origin) -> Option<Login> {
        Some(Login {
            username: username.into(),
            password: SecretBytes::new(password),
            registry_token: None,
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

        assert_eq!(find(&config, "any.example", "").await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_login_with_the_longest_path_of_the_repository_counts() {
        // users: o, t, a, h
        let home = Home::new(
            r#"{"auths": {
                "r.test:5000/other": {"auth": "bzpw"},
                "r.test:5000/team": {"auth": "dDpw"},
                "https://r.test:5000/v2/team/app/": {"auth": "YTpw"},
                "r.test/team/app": {"auth": "eDpw"},
                "r.test:5000": {"auth": "aDpw"}
            }}"#,
        );

        for (repositories, expected) in [
            ("team/app", "a"),
            ("team/app/part", "a"),
            ("team/apple", "t"),
            ("team", "t"),
            ("other/app", "o"),
            ("third/app", "h"),
            ("team/one team/two", "t"),
            // The daemon does not say for which of them it asks.
            ("team/app other/app", "h"),
            ("", "h"),
        ] {
            assert_eq!(user(&home, repositories).await, expected, "{repositories}");
        }
    }

    #[tokio::test]
    async fn without_a_login_for_the_whole_registry_none_is_taken_by_chance() {
        let home = Home::new(
            r#"{"auths": {"r.test:5000/other": {"auth": "bzpw"}, "r.test:5000/team": {"auth": "dDpw"}}}"#,
        );
        let alone = Home::new(r#"{"auths": {"r.test:5000/other": {"auth": "bzpw"}}}"#);
        let same = Home::new(
            r#"{"auths": {"r.test:5000/other": {"auth": "bzpw"}, "r.test:5000/team": {"auth": "bzpw"}}}"#,
        );

        assert_eq!(user(&home, "team/app").await, "t");
        assert_eq!(user(&home, "third/app").await, "");
        assert_eq!(user(&home, "").await, "");
        // Docker takes it for the whole registry, and so do those who wrote it.
        assert_eq!(user(&alone, "third/app").await, "o");
        assert_eq!(user(&same, "third/app").await, "o");
    }

    #[tokio::test]
    async fn logins_of_the_variable_count_before_those_of_the_file() {
        let home = Home::new(
            r#"{"auths": {"a.test": {"auth": "ZjpmaWxl"}, "b.test": {"auth": "ZjpmaWxl"}}}"#,
        );
        let variable = br#"{"auths": {"a.test": {"auth": "dTp2YXI="}, "c.test": {"auth": "?"}}}"#;
        let config = DockerConfig::new(home.path()).with_variable(variable);
        let broken = DockerConfig::new(home.path()).with_variable(b"{\"auths\": \"hunter2\"}");

        let first = find(&config, "a.test", "").await.unwrap();
        let second = find(&config, "b.test", "").await.unwrap();
        let third = find(&broken, "a.test", "").await.unwrap();

        assert_eq!(first, login("u", "var", Origin::Variable(VARIABLE)));
        assert_eq!(second, login("f", "file", Origin::File(home.path())));
        assert_eq!(third, second);
        assert_eq!(
            config.remarks(),
            [
                "the login for `c.test` in `DOCKER_AUTH_CONFIG` is left out: its `auth` is not a user and a password in base64"
            ]
        );
        assert_eq!(
            broken.remarks(),
            [
                "`DOCKER_AUTH_CONFIG` is left out: it is not a configuration of Docker (line 1, column 19)"
            ]
        );
    }

    #[tokio::test]
    async fn whether_there_is_a_login_is_told_for_the_registry_and_its_parts() {
        let home = Home::new(
            r#"{"auths": {"a.test": {"registrytoken": "r"}, "b.test/team": {"auth": "dTpw"}, "e.test": {}}}"#,
        );
        let config = DockerConfig::new(home.path())
            .with_variable(br#"{"auths": {"c.test": {"identitytoken": "r"}}}"#);

        for (host, expected) in [
            ("a.test", true),
            ("b.test", true),
            ("c.test", true),
            ("d.test", false),
            ("e.test", false),
        ] {
            assert_eq!(config.has_login(host).await.unwrap(), expected, "{host}");
        }
    }

    #[tokio::test]
    async fn a_helper_is_asked_once_and_not_where_the_file_has_a_login() {
        let home = Home::new(
            r#"{"auths": {"b.test/team": {"auth": "dTpw"}}, "credsStore": "counted"}"#,
        )
        .helper(
            "counted",
            r#"echo >>"$0.runs"; [ "$(cat)" = a.test ] && echo '{"Username":"u","Secret":"s"}' && exit; echo credentials not found in native keychain; exit 1"#,
        );
        let search_path = format!("{}:/usr/bin:/bin", home.0.path().display());
        let config = DockerConfig::new(home.path()).with_search_path(search_path.into());
        let runs = || {
            fs::read(home.0.path().join("docker-credential-counted.runs"))
                .map_or(0, |runs| runs.len())
        };

        assert!(config.has_login("b.test").await.unwrap());
        assert_eq!(runs(), 0);
        for _ in 0..3 {
            assert!(config.has_login("a.test").await.unwrap());
            let found = find(&config.clone(), "a.test", "").await.unwrap();
            assert_eq!(found.unwrap().username, "u");
            assert!(!config.has_login("c.test").await.unwrap());
            assert_eq!(find(&config, "c.test", "").await.unwrap(), None);
        }
        assert_eq!(runs(), 2);
    }

    #[tokio::test]
    async fn a_key_is_told_without_the_user_in_it() {
        let home = Home::new(r#"{"auths": {"https://u:hunter2@a.test/v1/": {"auth": "?"}}}"#);

        let error = home.find("a.test").await.unwrap_err().to_string();

        assert!(
            error.starts_with("`auth` of `https://a.test/v1/` in"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_helper_of_one_registry_may_be_none() {
        let home = Home::new(
            r#"{"auths": {"a.test": {"auth": "dTpw"}}, "credsStore": "gone", "credHelpers": {"a.test": ""}}"#,
        );

        let found = home.find("a.test").await.unwrap();

        assert_eq!(found, login("u", "p", Origin::File(home.path())));
    }

    #[tokio::test]
    async fn what_a_helper_prints_beside_its_answer_does_not_count() {
        let home = Home::new(r#"{"credsStore": "chatty"}"#).helper(
            "chatty",
            r#"cat >/dev/null; echo warning: slow >&2; printf '{"username":"u","SECRET":"s","ServerURL":null}\n\nbye\n'"#,
        );

        let found = home.find("a.test").await.unwrap();

        let origin = Origin::Helper {
            program: "docker-credential-chatty".into(),
            configured_in: home.path(),
        };
        assert_eq!(found, login("u", "s", origin));
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
