//! The logins of a build: who finds them, and to whom they are given.
//!
//! All solves of a build share them, so that what is known of a registry is asked once, and each hand-over is told once. A token is fetched
//! here, with the login of the repository that it is for; a password goes to the daemon only where the registry takes nothing else. What the
//! daemon says of a registry is compared with what that says itself wherever a login could go to the wrong place: to a realm on another
//! host, or to the daemon.
//!
//! Reads: through [`Credentials`], and registries. Writes: nothing. Unknown here: the daemon's questions (`auth`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::registry::answer::Token;
use crate::registry::authority::Authority;
use crate::registry::challenge::Challenge;
use crate::registry::login::{Anonymous, Credentials, Given, Login, UsedLogin};
use crate::registry::realm::{Realm, RealmError};
use crate::registry::registries::Registries;
use crate::registry::token::{self, TokenError, Wanted};
use crate::registry::web::Web;
use oci_image_boundary::outside::shown;

/// The logins of a build.
pub struct Logins {
    credentials: Arc<dyn Credentials>,
    registries: Registries,
    on_use: Box<dyn Fn(&UsedLogin) + Send + Sync>,
    told: Mutex<Vec<UsedLogin>>,
    challenges: Mutex<HashMap<String, Arc<OnceCell<Option<Challenge>>>>>,
    web: Web,
    authority: Authority,
}

/// What the daemon wants a token for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The registry, by host and port as the daemon dials it.
    pub(crate) host: &'a str,
    /// The realm that the registry names, as the daemon says.
    pub(crate) realm: &'a str,
    /// What the realm calls the registry.
    pub(crate) service: &'a str,
    /// What the token is to allow.
    pub(crate) scopes: &'a [String],
}

/// Why no token was fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The realm gets no login.
    #[error("no token for registry `{host}`: no login is sent", host = shown(host))]
    Realm {
        /// The registry.
        host: String,
        /// Why the realm gets none.
        source: RealmError,
    },
    /// The realm gives none.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A registry takes tokens, and the daemon asks for the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("registry `{host}` takes tokens: its password is not given away", host = shown(host))]
pub(crate) struct TakesTokens {
    /// The registry.
    pub(crate) host: String,
}

impl Logins {
    /// What `credentials` finds. Registries are reached as if nothing were configured of them.
    pub fn new(credentials: Arc<dyn Credentials>) -> Self {
        Self {
            credentials,
            registries: Registries::default(),
            on_use: Box::new(|_login| {}),
            told: Mutex::default(),
            challenges: Mutex::default(),
            web: Web::default(),
            authority: Authority::default(),
        }
    }

    /// Reaches registries as the daemon does.
    #[must_use]
    pub fn with_registries(self, registries: Registries) -> Self {
        Self { registries, ..self }
    }

    /// Tells each hand-over once, before it happens.
    #[must_use]
    pub fn telling(self, on_use: impl Fn(&UsedLogin) + Send + Sync + 'static) -> Self {
        let on_use = Box::new(on_use);
        Self { on_use, ..self }
    }

    pub(crate) fn credentials(&self) -> &dyn Credentials {
        &*self.credentials
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Tells of a login that is about to leave.
    pub(crate) fn tell(&self, used: &UsedLogin) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.contains(used) {
            told.push(used.clone());
            (self.on_use)(used);
        }
    }

    /// The token for a question; where it is for nobody in particular, without a login. `leaving` is told before the login goes.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(crate) async fn token(
        &self,
        question: Question<'_>,
        login: Option<&Login>,
        leaving: impl FnOnce(&Login, Given),
    ) -> Result<Token, FetchError> {
        let access = self.registries.access(question.host);
        let unsent = |source| FetchError::Realm {
            host: question.host.to_owned(),
            source,
        };
        let realm = Realm::new(question.host, &access, question.realm).map_err(unsent)?;
        if let Some(login) = login {
            let is_named = self.is_named(question.host, &realm);
            let is_proven = realm.is_own() || is_named.await.map_err(unsent)?;
            let server = realm.server().to_owned();
            leaving(login, Given::Realm { server, is_proven });
        }
        let wanted = Wanted {
            realm: &realm,
            service: question.service,
            scopes: question.scopes,
        };
        Ok(token::fetch(&self.web, &access, wanted, login).await?)
    }

    /// Whether it is known that a registry takes nothing but a password.
    ///
    /// # Errors
    /// [`TakesTokens`] if it does take something else.
    pub(crate) async fn wants_password(&self, host: &str) -> Result<bool, TakesTokens> {
        match self.challenge(host).await {
            None => Ok(false),
            Some(challenge) if challenge.is_basic => Ok(true),
            Some(_) => Err(TakesTokens {
                host: host.to_owned(),
            }),
        }
    }

    /// Whether a registry itself names a realm; not so if it cannot be asked.
    async fn is_named(&self, host: &str, realm: &Realm) -> Result<bool, RealmError> {
        let Some(challenge) = self.challenge(host).await else {
            return Ok(false);
        };
        let access = self.registries.access(host);
        let named = challenge.realms.iter();
        let mut named = named.filter_map(|named| Realm::new(host, &access, named).ok());
        match (
            named.any(|named| named.is_at(realm)),
            challenge.realms.first(),
        ) {
            (true, _) => Ok(true),
            (false, Some(named)) => Err(RealmError::NotNamed {
                realm: realm.uri().to_string(),
                host: host.to_owned(),
                named: named.clone(),
            }),
            (false, None) => Ok(false),
        }
    }

    /// What a registry wants, asked once.
    async fn challenge(&self, host: &str) -> Option<Challenge> {
        let cell = {
            let mut challenges = self
                .challenges
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::clone(challenges.entry(host.to_owned()).or_default())
        };
        let access = self.registries.access(host);
        let asked = cell.get_or_init(|| Challenge::of(&self.web, host, &access));
        asked.await.clone()
    }
}

impl Default for Logins {
    /// Nobody is logged in.
    fn default() -> Self {
        Self::new(Arc::new(Anonymous))
    }
}
