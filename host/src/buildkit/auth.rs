//! Auth: logins for registries, which the daemon asks for when a registry wants one.
//!
//! The daemon asks us for a name and a password and talks to the registry itself; the variant in which the client fetches
//! tokens is declined. Every login handed over is remembered with its origin, so that a refusal can be explained.
//!
//! Reads: what [`Credentials`] reads. Writes: nothing. Unknown here: how logins are stored.
//! Source: BuildKit v0.32.2, `session/auth`.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bollard_buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse,
    GetTokenAuthorityRequest, GetTokenAuthorityResponse, VerifyTokenAuthorityRequest,
    VerifyTokenAuthorityResponse, auth_server,
};
use tonic::{Request, Response, Status};

use crate::buildkit::recorder::Recorder;
use crate::buildkit::secrets::SecretBytes;
use crate::buildkit::sink::SinkError;

/// Finds logins.
#[tonic::async_trait]
pub trait Credentials: Send + Sync {
    /// The login for a registry, by its host and port as the daemon dials it; `None` if there is none.
    ///
    /// # Errors
    /// Whatever keeps it from knowing; a solve that needs the registry fails with it.
    async fn lookup(&self, host: &str) -> Result<Option<Login>, CredentialsFailure>;
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
    /// Where it was found.
    pub origin: Origin,
}

/// Where a login was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file of Docker's configuration.
    File(PathBuf),
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
    used: UsedLogins,
    faults: Recorder<(String, CredentialsFailure)>,
}

/// The logins that a session has handed over.
#[derive(Clone, Default)]
pub(crate) struct UsedLogins(Arc<Mutex<Vec<UsedLogin>>>);

#[tonic::async_trait]
impl Credentials for Anonymous {
    async fn lookup(&self, _host: &str) -> Result<Option<Login>, CredentialsFailure> {
        Ok(None)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "`{}`", path.display()),
            Self::Helper {
                program,
                configured_in,
            } => {
                write!(
                    formatter,
                    "`{program}`, which `{}` names",
                    configured_in.display()
                )
            }
        }
    }
}

impl Auth {
    /// Serves logins out of `credentials`; where they cannot tell, the registry and the reason go to `faults`.
    pub(crate) fn new(
        credentials: Arc<dyn Credentials>,
        used: UsedLogins,
        faults: Recorder<(String, CredentialsFailure)>,
    ) -> Self {
        Self {
            credentials,
            used,
            faults,
        }
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
        let found = self.credentials.lookup(&host).await;
        let Some(login) = found.map_err(|source| self.faults.record((host.clone(), source)))?
        else {
            return Ok(Response::new(CredentialsResponse::default()));
        };
        let Ok(secret) = String::from_utf8(login.password.reveal().to_vec()) else {
            let source = format!("the password from {} is not text", login.origin).into();
            return Err(self.faults.record((host, source)));
        };
        self.used.add(UsedLogin {
            host,
            username: login.username.clone(),
            origin: login.origin,
        });
        Ok(Response::new(CredentialsResponse {
            username: login.username,
            secret,
        }))
    }

    async fn fetch_token(
        &self,
        _request: Request<FetchTokenRequest>,
    ) -> Result<Response<FetchTokenResponse>, Status> {
        Err(declined())
    }

    async fn get_token_authority(
        &self,
        _request: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        Err(declined())
    }

    async fn verify_token_authority(
        &self,
        _request: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        Err(declined())
    }
}

/// Tells the daemon to fetch tokens itself.
fn declined() -> Status {
    Status::unimplemented("tokens are the daemon's to fetch")
}
