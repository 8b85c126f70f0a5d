//! Auth: logins for registries, which the daemon asks for when a registry wants one.
//!
//! The daemon asks us for a name and a password and talks to the registry itself; the variant in which the client fetches
//! tokens is declined, but for a token that was given to us as it is. Every login handed over is remembered with its origin, so
//! that a refusal can be explained.
//!
//! Reads: what [`Credentials`] reads. Writes: nothing. Unknown here: how logins are stored.
//! Source: BuildKit v0.32.2, `session/auth`.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bollard_buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse,
    GetTokenAuthorityRequest, GetTokenAuthorityResponse, VerifyTokenAuthorityRequest,
    VerifyTokenAuthorityResponse, auth_server,
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use tonic::{Request, Response, Status};

use crate::buildkit::recorder::Recorder;
use crate::buildkit::repositories::Repositories;
use crate::buildkit::secrets::SecretBytes;
use crate::buildkit::sink::SinkError;
use crate::outside::shown;

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
    ) -> Result<Option<Login>, CredentialsFailure>;

    /// Whether a login for the registry may have a token that is sent to it as it is; to be told without much effort.
    async fn has_registry_token(&self, _host: &str) -> bool {
        false
    }

    /// What is odd about the place where logins are kept, a line each.
    fn remarks(&self) -> &[String] {
        &[]
    }
}

/// The error of an implementation of [`Credentials`].
pub type CredentialsFailure = SinkError;

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

/// A login that the daemon was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedLogin {
    /// The registry that wanted it.
    pub host: String,
    /// The user.
    pub username: String,
    /// Where it was found.
    pub origin: Origin,
}

/// No login for any registry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

/// The attachable that serves logins.
pub(crate) struct Auth {
    credentials: Arc<dyn Credentials>,
    repositories: Repositories,
    authority: Authority,
    used: UsedLogins,
    faults: Recorder<(String, CredentialsFailure)>,
}

/// By what the daemon knows again who gave it a token, so that it gives that to nobody else.
#[derive(Default)]
struct Authority {
    pair: OnceLock<Option<Ed25519KeyPair>>,
}

/// The logins that a session has handed over.
#[derive(Clone, Default)]
pub(crate) struct UsedLogins(Arc<Mutex<Vec<UsedLogin>>>);

#[tonic::async_trait]
impl Credentials for Anonymous {
    async fn lookup(
        &self,
        _host: &str,
        _repositories: &Repositories,
    ) -> Result<Option<Login>, CredentialsFailure> {
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

impl Auth {
    /// Serves logins out of `credentials`; where they cannot tell, the registry and the reason go to `faults`.
    pub(crate) fn new(
        credentials: Arc<dyn Credentials>,
        repositories: Repositories,
        used: UsedLogins,
        faults: Recorder<(String, CredentialsFailure)>,
    ) -> Self {
        Self {
            credentials,
            repositories,
            authority: Authority::default(),
            used,
            faults,
        }
    }

    async fn login(
        &self,
        host: &str,
        repositories: &Repositories,
    ) -> Result<Option<Login>, Status> {
        let found = self.credentials.lookup(host, repositories).await;
        found.map_err(|source| self.faults.record((host.to_owned(), source)))
    }

    /// A secret as the wire has it, which takes only text.
    fn text(&self, host: &str, secret: &SecretBytes, origin: &Origin) -> Result<String, Status> {
        String::from_utf8(secret.reveal().to_vec()).map_err(|_| {
            let source = format!("the password from {origin} is not text").into();
            self.faults.record((host.to_owned(), source))
        })
    }

    /// Remembers that a login was handed over.
    fn note(&self, host: String, login: Login) {
        self.used.add(UsedLogin {
            host,
            username: login.username,
            origin: login.origin,
        });
    }
}

impl UsedLogins {
    /// What was handed over, each host once.
    pub(crate) fn take(&self) -> Vec<UsedLogin> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, login: UsedLogin) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(&login) {
            used.push(login);
        }
    }
}

#[tonic::async_trait]
impl auth_server::Auth for Auth {
    async fn credentials(
        &self,
        request: Request<CredentialsRequest>,
    ) -> Result<Response<CredentialsResponse>, Status> {
        let host = request.into_inner().host;
        let found = self.login(&host, &self.repositories).await?;
        let Some(login) = found.filter(|login| !login.password.reveal().is_empty()) else {
            return Ok(Response::new(CredentialsResponse::default()));
        };
        let secret = self.text(&host, &login.password, &login.origin)?;
        let username = login.username.clone();
        self.note(host, login);
        Ok(Response::new(CredentialsResponse { username, secret }))
    }

    async fn fetch_token(
        &self,
        request: Request<FetchTokenRequest>,
    ) -> Result<Response<FetchTokenResponse>, Status> {
        let FetchTokenRequest { host, scopes, .. } = request.into_inner();
        let wanted = Repositories::of_scopes(&host, &scopes);
        let login = self.login(&host, &wanted).await?.ok_or_else(declined)?;
        let token = login.registry_token.as_ref().ok_or_else(declined)?;
        let token = self.text(&host, token, &login.origin)?;
        self.note(host, login);
        Ok(Response::new(FetchTokenResponse {
            token,
            ..FetchTokenResponse::default()
        }))
    }

    async fn get_token_authority(
        &self,
        request: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        let host = request.into_inner().host;
        // The daemon asks this of every registry that wants tokens, and then for the login as well: no helper is run twice.
        if !self.credentials.has_registry_token(&host).await {
            return Err(declined());
        }
        let login = self.login(&host, &self.repositories).await?;
        if login.is_none_or(|login| login.registry_token.is_none()) {
            return Err(declined());
        }
        let public_key = self.authority.public_key().ok_or_else(declined)?;
        Ok(Response::new(GetTokenAuthorityResponse { public_key }))
    }

    async fn verify_token_authority(
        &self,
        request: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        let signed = self.authority.signed(&request.into_inner().payload);
        let signed = signed.ok_or_else(declined)?;
        Ok(Response::new(VerifyTokenAuthorityResponse { signed }))
    }
}

impl Authority {
    /// `None` if the machine has no randomness.
    fn public_key(&self) -> Option<Vec<u8>> {
        let pair = self.pair.get_or_init(|| {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).ok()?;
            Ed25519KeyPair::from_seed_unchecked(&seed).ok()
        });
        Some(pair.as_ref()?.public_key().as_ref().to_vec())
    }

    /// The signature with the payload behind it, as NaCl puts them; `None` if nobody was told the key.
    fn signed(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let pair = self.pair.get()?.as_ref()?;
        Some([pair.sign(payload).as_ref(), payload].concat())
    }
}

/// Tells the daemon to fetch tokens itself.
fn declined() -> Status {
    Status::unimplemented("tokens are the daemon's to fetch")
}
