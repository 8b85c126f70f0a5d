//! Docker's `config.json`: the logins that `docker login` has left, and those of `$DOCKER_AUTH_CONFIG`.
//!
//! The file is read anew for each question; what is wrong with the variable is left out of it.
//!
//! Reads: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`; runs `docker-credential-*`. Writes: nothing.
//! Source: the Docker CLI's documentation of `docker login` and the credential helpers' protocol; docker/cli v29.6.2,
//! `cli/config/configfile`.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::registry::docker::document::{Document, Undecodable, VARIABLE, Written};
use crate::registry::docker::error::DockerConfigError;
use crate::registry::docker::kept::{Kept, LoginSource, chosen};
use crate::registry::docker::keychain::{Asked, Keychain};
use crate::registry::docker::listed::{ListedLogin, listed};
use crate::registry::docker::namespace::{Namespace, key_of, without_user};
use crate::registry::login::{Credentials, CredentialsError, Login, Origin};
use crate::registry::repositories::Repositories;
use crate::secrets::SecretBytes;
use oci_image_boundary::blocking::blocking;
use oci_image_boundary::outside::shown;
use oci_image_boundary::regular_file;

/// Logins out of Docker's configuration; the file is read anew at each lookup, and a helper is asked for a login once in some minutes.
///
/// ```
/// use oci_image_buildkit::registry::{Credentials, DockerConfig, Repositories};
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
    /// Variables of this process's environment that no helper is given.
    withheld: Vec<OsString>,
    /// The logins of the variable, by key.
    variable: Vec<(String, Login)>,
    /// What is wrong with the variable.
    warnings: Vec<String>,
    /// What helpers have answered. Clones share it.
    asked: Asked,
}

impl DockerConfig {
    /// What the environment names: the file in `$DOCKER_CONFIG`, else in `.docker` of `$HOME`, and `$DOCKER_AUTH_CONFIG`.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// The same of the variables of an environment that the caller keeps.
    #[must_use]
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
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

    /// Leaves these variables of this process's environment out of what helpers are given, beside the one of logins.
    #[must_use]
    pub fn withholding(self, withheld: Vec<OsString>) -> Self {
        Self { withheld, ..self }
    }

    /// With the logins of a text like the file's, which count before those of the file. As with Docker, what is wrong with
    /// it fails nothing: it is warned of, and left out.
    #[must_use]
    pub fn with_variable(mut self, text: &[u8]) -> Self {
        let document = match Document::read(text) {
            Ok(document) => document,
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                self.warnings.push(format!(
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
                Err(Undecodable) => self.warnings.push(format!(
                    "the login for `{}` in `{VARIABLE}` is left out: its `auth` is not a user and a password in base64",
                    shown(&without_user(key))
                )),
            }
        }
        self
    }

    /// For which registries logins are kept, and where; the logins stay where they are, and no helper is asked.
    ///
    /// # Errors
    /// [`DockerConfigError`], of a file that cannot be read.
    pub async fn listed(&self) -> Result<Vec<ListedLogin>, DockerConfigError> {
        let document = self.read().await?;
        Ok(listed(&self.variable, &document, self.path()))
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
            |kept: &Kept| matches!(&kept.source, LoginSource::Login(login) if !login.is_empty());
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

    async fn fetch(&self, source: &LoginSource) -> Result<Option<Login>, DockerConfigError> {
        match source {
            LoginSource::Login(login) => Ok(Some(login.clone())),
            LoginSource::Helper { helper, key } => {
                let keychain = Keychain {
                    program: format!("docker-credential-{helper}"),
                    configured_in: self.path(),
                    search_path: self.search_path.as_deref(),
                    withheld: &self.withheld,
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
    ) -> Result<Option<Login>, CredentialsError> {
        Ok(self.find(host, repositories).await?)
    }

    async fn has_login(&self, host: &str) -> Result<bool, CredentialsError> {
        Ok(self.has_any(host).await?)
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests;
