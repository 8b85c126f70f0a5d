//! A token: what a registry's realm gives for a login, and what the daemon may show the registry in its place.
//!
//! A password goes in the head of a GET, as Docker sends it, and in the form of a POST where there is nothing under GET; an identity token
//! the other way round. Neither ever follows a redirect: who is asked was judged (`realm`), and nobody else was. A realm that
//! does not answer in time, or says too much, is an error.
//!
//! Reads and writes: through [`Web`]. Unknown here: where logins are kept, how realms are judged.
//! Source: distribution's token and OAuth 2 specifications; containerd v2.3.3, `core/remotes/docker/auth`; BuildKit,
//! `util/resolver/authorizer.go`: the order of the two requests, and after which refusals the second one is made.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;

use crate::registry::answer::{self, Token};
use crate::registry::login::Login;
use crate::registry::realm::Realm;
use crate::registry::registries::RegistryAccess;
use crate::registry::web::{Web, WebError};
use oci_image_boundary::outside::shown;

/// How long a realm may take for a token, both requests together.
// The daemon waits 60 s for us.
const DEADLINE: Duration = Duration::from_secs(30);
/// Who asks, by the name that BuildKit's own client has: realms may count by it.
const CLIENT: &str = "buildkit-client";
/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What a token is wanted for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Who gives it.
    pub(crate) realm: &'a Realm,
    /// What the realm calls the registry.
    pub(crate) service: &'a str,
    /// What it is to allow: `repository:team/app:pull`.
    pub(crate) scopes: &'a [String],
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// The realm cannot be asked.
    #[error("no token of `{realm}`", realm = shown(realm))]
    Web {
        /// The realm's server.
        realm: String,
        /// Why.
        source: WebError,
    },
    /// The realm gives none for this login, or to nobody.
    #[error("no token of `{realm}`: it answers {status}{said}", realm = shown(realm), said = said(reason))]
    Refused {
        /// The realm's server.
        realm: String,
        /// Its answer.
        status: StatusCode,
        /// What it says of it, as it came.
        reason: String,
    },
    /// The realm sends to another place.
    #[error("no token of `{realm}`: it redirects to `{to}`, and no login follows", realm = shown(realm), to = shown(to))]
    Redirect {
        /// The realm's server.
        realm: String,
        /// Where to.
        to: String,
    },
    /// The answer holds no token.
    #[error("no token of `{realm}`: its answer holds none", realm = shown(realm))]
    NoToken {
        /// The realm's server.
        realm: String,
    },
    /// The realm does not answer.
    #[error("no token of `{realm}`: no answer within {} s", DEADLINE.as_secs(), realm = shown(realm))]
    Deadline {
        /// The realm's server.
        realm: String,
    },
    /// The login is not text, or the realm is no URL to which something can be added.
    #[error("no token of `{realm}`: the question cannot be put", realm = shown(realm))]
    Question {
        /// The realm's server.
        realm: String,
        /// What is wrong with it.
        source: http::Error,
    },
}

/// Asks a realm for a token, without a login as nobody. What is trusted is what the registry's `access` says.
///
/// # Errors
/// [`TokenError`].
pub(crate) async fn fetch(
    web: &Web,
    access: &RegistryAccess,
    wanted: Wanted<'_>,
    login: Option<&Login>,
) -> Result<Token, TokenError> {
    let fetching = Fetch {
        web,
        access,
        wanted,
    };
    let fetched = tokio::time::timeout(DEADLINE, fetching.of(login)).await;
    fetched.unwrap_or_else(|_| {
        Err(TokenError::Deadline {
            realm: wanted.server(),
        })
    })
}

#[derive(Clone, Copy)]
struct Fetch<'a> {
    web: &'a Web,
    access: &'a RegistryAccess,
    wanted: Wanted<'a>,
}

impl Fetch<'_> {
    async fn of(self, login: Option<&Login>) -> Result<Token, TokenError> {
        let Some(login) = login else {
            return self.ask(self.wanted.get(None)).await;
        };
        let (get, post) = (self.wanted.get(Some(login)), self.wanted.post(login));
        let is_password = !login.username.is_empty();
        let (first, second) = if is_password {
            (get, post)
        } else {
            (post, get)
        };
        match self.ask(first).await {
            Err(refused @ TokenError::Refused { status, .. }) if is_worth_another(status) => {
                match self.ask(second).await {
                    // That there is no such form says less than that the login is wrong.
                    Err(TokenError::Refused { status: second, .. }) if is_no_form(second) => {
                        Err(refused)
                    }
                    asked => asked,
                }
            }
            asked => asked,
        }
    }

    async fn ask(
        self,
        question: Result<Request<Full<Bytes>>, http::Error>,
    ) -> Result<Token, TokenError> {
        let realm = || self.wanted.server();
        let question = question.map_err(|source| TokenError::Question {
            realm: realm(),
            source,
        })?;
        let answer = self.web.ask(self.access, question).await;
        let answer = answer.map_err(|source| TokenError::Web {
            realm: realm(),
            source,
        })?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(TokenError::Redirect {
                realm: realm(),
                to: location(&answer),
            });
        }
        if !status.is_success() {
            let reason = answer::reason(answer.body());
            return Err(TokenError::Refused {
                realm: realm(),
                status,
                reason,
            });
        }
        Token::read(answer.body()).ok_or_else(|| TokenError::NoToken { realm: realm() })
    }
}

impl Wanted<'_> {
    fn server(self) -> String {
        self.realm.server().to_owned()
    }

    /// The question with the login in its head.
    fn get(self, login: Option<&Login>) -> Result<Request<Full<Bytes>>, http::Error> {
        let scopes = self.scopes.iter().map(|scope| ("scope", scope.as_bytes()));
        let service = Some(("service", self.service.as_bytes()));
        let service = service.filter(|(_, service)| !service.is_empty());
        let query = encoded(service.into_iter().chain(scopes));
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(self.with(&query)?);
        if let Some(login) = login {
            let pair = [login.username.as_bytes(), b":", login.password.reveal()].concat();
            let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request.body(Full::default())
    }

    /// The question with the login in a form.
    fn post(self, login: &Login) -> Result<Request<Full<Bytes>>, http::Error> {
        let scopes = self.scopes.join(" ");
        let mut form = vec![
            ("service", self.service.as_bytes()),
            ("client_id", CLIENT.as_bytes()),
        ];
        if !scopes.is_empty() {
            form.push(("scope", scopes.as_bytes()));
        }
        let secret = login.password.reveal();
        if login.username.is_empty() {
            form.extend([
                ("grant_type", &b"refresh_token"[..]),
                ("refresh_token", secret),
            ]);
        } else {
            let username = login.username.as_bytes();
            form.extend([
                ("grant_type", &b"password"[..]),
                ("username", username),
                ("password", secret),
            ]);
        }
        Request::builder()
            .method(Method::POST)
            .uri(self.realm.uri())
            .header(CONTENT_TYPE, FORM)
            .body(Full::from(encoded(form.into_iter())))
    }

    /// The realm with more in its query.
    fn with(self, query: &str) -> Result<Uri, http::Error> {
        let uri = self.realm.uri();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let joint = match uri.query() {
            None if query.is_empty() => "",
            None => "?",
            Some(_) => "&",
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(format!("{path}{joint}{query}").parse()?);
        Ok(Uri::from_parts(parts)?)
    }
}

/// Whether a realm may answer to the other request what it does not to this one: it knows no such form (Google's, for one), or
/// takes the login in the other only (Artifactory).
fn is_worth_another(status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED || is_no_form(status)
}

fn is_no_form(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    )
}

fn location(answer: &Response<Bytes>) -> String {
    let location = answer.headers().get(LOCATION);
    let location = location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
    location.unwrap_or_default()
}

/// What a realm says of its refusal, if it says something.
fn said(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {}", shown(reason))
    }
}

/// Pairs as a form or a query has them.
fn encoded<'p>(pairs: impl Iterator<Item = (&'static str, &'p [u8])>) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        let separator = if text.is_empty() { "" } else { "&" };
        text.push_str(separator);
        text.push_str(key);
        text.push('=');
        text.extend(form_urlencoded::byte_serialize(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::registry::login::Origin;
    use crate::secrets::SecretBytes;

    fn login(username: &str, password: &str) -> Login {
        Login {
            username: username.into(),
            password: SecretBytes::new(password),
            registry_token: None,
            origin: Origin::Variable("X"),
        }
    }

    fn realm(text: &str) -> Realm {
        Realm::new("r.test", &RegistryAccess::default(), text).unwrap()
    }

    #[test]
    fn a_password_goes_in_the_head_and_what_is_wanted_in_the_query() {
        let scopes = [
            "repository:a/b:pull".to_owned(),
            "repository:c:pull,push".to_owned(),
        ];
        let asked = |text: &str, service, scopes, login: Option<&Login>| {
            let realm = realm(text);
            let wanted = Wanted {
                realm: &realm,
                service,
                scopes,
            };
            let request = wanted.get(login).unwrap();
            let header = request.headers().get(AUTHORIZATION);
            let header = header.map(|value| value.to_str().unwrap().to_owned());
            (request.uri().to_string(), header)
        };

        assert_eq!(
            asked("https://r.test/t?x=y", "a b", &scopes, Some(&login("u", "p&:é"))),
            (
                "https://r.test/t?x=y&service=a+b&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull%2Cpush".to_owned(),
                // base64 of `u:p&:é`
                Some("Basic dTpwJjrDqQ==".to_owned())
            )
        );
        assert_eq!(
            asked("https://r.test", "", &[], None),
            ("https://r.test/".to_owned(), None)
        );
    }

    #[tokio::test]
    async fn a_form_holds_the_password_or_the_identity() {
        let scopes = ["repository:a:pull".to_owned()];
        let realm = realm("https://r.test/t?x=y");
        let wanted = Wanted {
            realm: &realm,
            service: "s",
            scopes: &scopes,
        };
        for (login, grant) in [
            (
                login("u", "p&q=1 +é"),
                "grant_type=password&username=u&password=p%26q%3D1+%2B%C3%A9",
            ),
            (login("", "i"), "grant_type=refresh_token&refresh_token=i"),
        ] {
            let request = wanted.post(&login).unwrap();
            assert_eq!(request.uri(), "https://r.test/t?x=y");
            assert!(request.headers().get(AUTHORIZATION).is_none());
            let form = request.into_body().collect().await.unwrap().to_bytes();
            let expected =
                format!("service=s&client_id=buildkit-client&scope=repository%3Aa%3Apull&{grant}");
            assert_eq!(form, expected.as_bytes());
        }
    }
}
