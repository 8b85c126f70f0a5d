//! Auth: logins for registries, which the daemon asks for when a registry wants one.
//!
//! Where there is a login, tokens are fetched here, and the daemon sees nothing else; where there is none, the daemon fetches those
//! that are for everybody. A password is given away for registries that take nothing else, which they are asked. Every login
//! handed over is remembered with its origin, so that a refusal can be explained.
//!
//! Reads: what [`Logins`] reads. Writes: nothing. Unknown here: how logins are stored, how tokens are fetched.
//! Source: BuildKit, `session/auth`, `util/resolver/authorizer.go`.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use bollard_buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse,
    GetTokenAuthorityRequest, GetTokenAuthorityResponse, VerifyTokenAuthorityRequest,
    VerifyTokenAuthorityResponse, auth_server,
};
use tonic::{Request, Response, Status};

use crate::recorder::Recorder;
use crate::registry::login::{CredentialsError, Given, Login, Origin, UsedLogin};
use crate::registry::logins::{Logins, Question};
use crate::registry::repositories::Repositories;
use crate::secrets::SecretBytes;
use oci_image_boundary::chain::chain;

/// The attachable that serves logins.
pub(crate) struct Auth {
    logins: Arc<Logins>,
    repositories: Repositories,
    used: UsedLogins,
    faults: Recorder<(String, CredentialsError)>,
}

/// The logins that a session has handed over.
#[derive(Clone, Default)]
pub(crate) struct UsedLogins(Arc<Mutex<Vec<UsedLogin>>>);

impl Auth {
    /// Serves logins, where the daemon does not name one's repository for those `repositories` that the solve does; where it
    /// cannot be told whether there is one, the registry and the reason go to `faults`.
    pub(crate) fn new(
        logins: Arc<Logins>,
        repositories: Repositories,
        used: UsedLogins,
        faults: Recorder<(String, CredentialsError)>,
    ) -> Self {
        Self {
            logins,
            repositories,
            used,
            faults,
        }
    }

    async fn login(
        &self,
        host: &str,
        repositories: &Repositories,
    ) -> Result<Option<Login>, Status> {
        let found = self.logins.credentials().lookup(host, repositories).await;
        let found = found.map_err(|source| self.faults.record((host.to_owned(), source)))?;
        Ok(found.filter(|login| !login.is_empty()))
    }

    /// A secret as the wire has it, which takes only text.
    fn text(&self, host: &str, secret: &SecretBytes, origin: &Origin) -> Result<String, Status> {
        String::from_utf8(secret.reveal().to_vec()).map_err(|_| {
            let source = format!("the password from {origin} is not text").into();
            self.faults.record((host.to_owned(), source))
        })
    }

    /// Tells and remembers that a login is handed over.
    fn note(&self, host: &str, login: &Login, given: Given) {
        let used = UsedLogin {
            host: host.to_owned(),
            username: login.username.clone(),
            origin: login.origin.clone(),
            given,
        };
        self.logins.tell(&used);
        self.used.add(used);
    }

    /// The token that a login has for the registry as it is.
    fn kept_token(&self, host: &str, login: &Login) -> Result<Option<FetchTokenResponse>, Status> {
        let Some(token) = &login.registry_token else {
            return Ok(None);
        };
        let token = self.text(host, token, &login.origin)?;
        self.note(host, login, Given::Token);
        Ok(Some(FetchTokenResponse {
            token,
            ..FetchTokenResponse::default()
        }))
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
        // No fault: a daemon of others may ask so before it asks as it should, and goes on without an answer.
        let wants = self.logins.wants_password(&host).await;
        let is_proven = wants.map_err(|error| Status::permission_denied(error.to_string()))?;
        let secret = self.text(&host, &login.password, &login.origin)?;
        self.note(&host, &login, Given::Password { is_proven });
        let username = login.username;
        Ok(Response::new(CredentialsResponse { username, secret }))
    }

    async fn fetch_token(
        &self,
        request: Request<FetchTokenRequest>,
    ) -> Result<Response<FetchTokenResponse>, Status> {
        let asked = request.into_inner();
        let wanted = Repositories::of_scopes(&asked.host, &asked.scopes);
        let login = self.login(&asked.host, &wanted).await?;
        if let Some(login) = &login
            && let Some(kept) = self.kept_token(&asked.host, login)?
        {
            return Ok(Response::new(kept));
        }
        let question = Question {
            host: &asked.host,
            realm: &asked.realm,
            service: &asked.service,
            scopes: &asked.scopes,
        };
        let leaving = |login: &Login, given| self.note(&asked.host, login, given);
        let token = self.logins.token(question, login.as_ref(), leaving).await;
        let token = token.map_err(|error| not_given(&error))?;
        Ok(Response::new(FetchTokenResponse {
            // A header could hold it.
            token: String::from_utf8_lossy(token.text.reveal()).into_owned(),
            expires_in: token.expires_in,
            issued_at: token.issued_at,
        }))
    }

    async fn get_token_authority(
        &self,
        request: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        let host = request.into_inner().host;
        let has_login = self.logins.credentials().has_login(&host).await;
        if !has_login.map_err(|source| self.faults.record((host, source)))? {
            return Err(declined());
        }
        let public_key = self.logins.authority().public_key().ok_or_else(declined)?;
        Ok(Response::new(GetTokenAuthorityResponse { public_key }))
    }

    async fn verify_token_authority(
        &self,
        request: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        let payload = request.into_inner().payload;
        let signed = self.logins.authority().signed(&payload);
        let signed = signed.ok_or_else(declined)?;
        Ok(Response::new(VerifyTokenAuthorityResponse { signed }))
    }
}

/// Tells the daemon to fetch tokens itself.
fn declined() -> Status {
    Status::unimplemented("no login for this registry")
}

/// Why there is no token: the build's failure like that of a registry that does not answer, and none of this machine.
fn not_given(error: &(dyn Error + 'static)) -> Status {
    Status::permission_denied(chain(error))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use auth_server::Auth as _;

    use super::*;
    use crate::fault::{Fault, Faults};
    use crate::registry::login::Credentials;
    use crate::registry::web::canned::{Canned, said};

    /// The same login for every registry, and how often it was looked up.
    #[derive(Default)]
    struct Everywhere(AtomicU32);

    #[tonic::async_trait]
    impl Credentials for Everywhere {
        async fn lookup(
            &self,
            _host: &str,
            _repositories: &Repositories,
        ) -> Result<Option<Login>, CredentialsError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Some(Login {
                username: "u".into(),
                password: SecretBytes::new("hunter2"),
                registry_token: None,
                origin: Origin::Variable("X"),
            }))
        }
    }

    fn auth(told: &Arc<Mutex<Vec<String>>>) -> Auth {
        let told = Arc::clone(told);
        let logins = Logins::new(Arc::new(Everywhere::default()))
            .telling(move |login| told.lock().unwrap().push(login.given.phrase(&login.host)));
        let faults = Faults::default();
        let faults = faults.recorder(|(host, source)| Fault::Credentials { host, source });
        Auth::new(
            Arc::new(logins),
            Repositories::default(),
            UsedLogins::default(),
            faults,
        )
    }

    /// What a daemon is answered that asks for the password of a registry with this challenge, and what a person is told.
    async fn password(answer: fn(&str) -> String) -> (Result<String, String>, Vec<String>) {
        let registry = Canned::start(answer).await;
        let told = Arc::default();
        let auth = auth(&told);
        let request = CredentialsRequest {
            host: registry.host.clone(),
        };

        let mut answers = Vec::new();
        for _ in 0..2 {
            let answer = auth.credentials(Request::new(request.clone())).await;
            answers.push(match answer {
                Ok(response) => Ok(response.into_inner().secret),
                Err(status) => Err(status.message().replace(&registry.host, "HOST")),
            });
        }

        // What a registry wants is asked once, and never with a login.
        assert_eq!(registry.asked().len(), 1);
        assert!(registry.asked()[0].starts_with("GET /v2/ HTTP/1.1\r\n"));
        assert!(!registry.asked()[0].to_lowercase().contains("authorization"));
        assert_eq!(answers[0], answers[1]);
        let told = told.lock().unwrap().clone();
        (answers.remove(0), told)
    }

    #[tokio::test]
    async fn a_password_is_given_away_for_a_registry_that_takes_nothing_else_and_told_once() {
        let given = "the password is given to the daemon, because the registry takes nothing else";
        let challenged = |_: &str| {
            said(
                "401 Unauthorized",
                "WWW-Authenticate: Basic realm=x\r\n",
                "",
            )
        };
        let open = |_: &str| said("200 OK", "", "{}");

        let basic = password(challenged).await;
        let silent = password(open).await;

        assert_eq!(basic, (Ok("hunter2".into()), vec![given.into()]));
        assert_eq!(
            silent,
            (
                Ok("hunter2".into()),
                vec![format!("{given}, as the daemon says")]
            )
        );
    }

    #[tokio::test]
    async fn a_daemon_that_asks_for_the_password_of_a_registry_with_tokens_gets_none() {
        let (answer, told) = password(|_| {
            let bearer = "WWW-Authenticate: Bearer realm=\"https://auth.test/token\"\r\n";
            said("401 Unauthorized", bearer, "")
        })
        .await;

        assert_eq!(
            answer,
            Err("registry `HOST` takes tokens: its password is not given away".into())
        );
        assert_eq!(told, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_daemon_that_names_a_realm_of_its_own_gets_no_token() {
        let registry = Canned::start(|_| {
            let bearer = "WWW-Authenticate: Bearer realm=\"https://auth.test/token\"\r\n";
            said("401 Unauthorized", bearer, "")
        })
        .await;
        let evil = Canned::start(|_| said("200 OK", "", "{\"token\": \"t\"}")).await;
        let told = Arc::default();
        let auth = auth(&told);
        let host = registry.host.clone();
        let realm = format!(
            "http://{}/token",
            evil.host.replace("127.0.0.1", "localhost")
        );

        let answer = auth
            .fetch_token(Request::new(FetchTokenRequest {
                host: host.clone(),
                realm: realm.clone(),
                ..FetchTokenRequest::default()
            }))
            .await;

        assert_eq!(
            answer.unwrap_err().message(),
            format!(
                "no token for registry `{host}`: no login is sent: registry `{host}` itself names `https://auth.test/token`, and \
                 not `{realm}`"
            )
        );
        assert_eq!(evil.asked(), Vec::<String>::new());
        assert_eq!(told.lock().unwrap().len(), 0);
    }

    #[tokio::test]
    async fn every_session_of_a_build_proves_the_same_and_none_before_it_was_asked_who_it_is() {
        let told = Arc::default();
        let auth = auth(&told);
        let other = Auth::new(
            Arc::clone(&auth.logins),
            Repositories::default(),
            UsedLogins::default(),
            Faults::default().recorder(|(host, source)| Fault::Credentials { host, source }),
        );
        let payload = |length| {
            Request::new(VerifyTokenAuthorityRequest {
                host: "r.test".into(),
                salt: Vec::new(),
                payload: vec![7; length],
            })
        };

        let before = other.verify_token_authority(payload(32)).await;
        let request = GetTokenAuthorityRequest {
            host: "r.test".into(),
            salt: Vec::new(),
        };
        let key = auth.get_token_authority(Request::new(request)).await;
        let signed = other.verify_token_authority(payload(32)).await;
        let long = other.verify_token_authority(payload(1 << 20)).await;

        assert_eq!(before.unwrap_err().code(), tonic::Code::Unimplemented);
        assert!(long.is_err());
        let (key, signed) = (
            key.unwrap().into_inner().public_key,
            signed.unwrap().into_inner().signed,
        );
        let (signature, payload) = signed.split_at(64);
        let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, key);
        assert_eq!(payload, [7; 32]);
        key.verify(payload, signature).unwrap();
    }
}
