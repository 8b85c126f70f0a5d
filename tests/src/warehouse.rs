//! A registry that takes what is pushed, on loopback: to whoever comes, or to whoever has a token for just what is done.
//!
//! It keeps all in memory, under whatever repository it is given.
//!
//! Source: OCI distribution-spec 1.1, and the token specification of Docker's registry.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use tokio::runtime::Runtime;

use crate::archive::sha256;
use crate::front::{PASSWORD, USER};
use crate::loopback;

/// Who may come, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Anyone, for anything.
    Open,
    /// Anyone, to take away what is there.
    ReadOnly,
    /// Who fetches a token for it with the password.
    Token,
}

/// A registry that lives until it is dropped.
#[derive(Debug)]
pub struct Warehouse {
    address: SocketAddr,
    shelves: Arc<Shelves>,
    _runtime: Runtime,
}

#[derive(Debug)]
struct Shelves {
    gate: Gate,
    blobs: Mutex<BTreeMap<String, Bytes>>,
    /// By repository and tag or digest: media type and text.
    manifests: Mutex<BTreeMap<(String, String), (String, Bytes)>>,
    /// What tokens were given for.
    scopes: Mutex<Vec<String>>,
}

type Answer = Response<Full<Bytes>>;

impl Warehouse {
    /// An empty one.
    ///
    /// # Panics
    /// If there is no port.
    #[must_use]
    pub fn new(gate: Gate) -> Self {
        let (listener, address, runtime) = loopback::listen();
        let shelves = Arc::new(Shelves {
            gate,
            blobs: Mutex::default(),
            manifests: Mutex::default(),
            scopes: Mutex::default(),
        });
        let served = Arc::clone(&shelves);
        runtime.spawn(loopback::serve(listener, move |request| {
            let shelves = Arc::clone(&served);
            async move { shelves.answer(request).await }
        }));
        Self {
            address,
            shelves,
            _runtime: runtime,
        }
    }

    /// Its host and port.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The tags that it has, as `repository:tag`.
    ///
    /// # Panics
    /// If a connection's task has panicked.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let manifests = self.shelves.manifests.lock().expect("no panic");
        let names = manifests.keys().filter(|(_, tag)| !tag.contains(':'));
        names.map(|(name, tag)| format!("{name}:{tag}")).collect()
    }

    /// What tokens were given for: `repository:app:pull,push`.
    ///
    /// # Panics
    /// If a connection's task has panicked.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        self.shelves.scopes.lock().expect("no panic").clone()
    }
}

impl Shelves {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        let text = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let given = text(AUTHORIZATION).unwrap_or_default();
        let path = parts.uri.path();
        if path == "/token" {
            return self.token(given, parts.uri.query().unwrap_or_default());
        }
        let (name, kind, rest) = split(path);
        let is_write = !matches!(parts.method, Method::GET | Method::HEAD);
        match self.gate {
            Gate::ReadOnly if is_write => return empty(StatusCode::FORBIDDEN),
            Gate::Token if !allows(given, name, is_write) => {
                let host = parts
                    .headers
                    .get("host")
                    .and_then(|host| host.to_str().ok());
                return challenge(host.unwrap_or_default(), name, is_write);
            }
            _ => {}
        }
        let Ok(body) = body.collect().await else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let body = body.to_bytes();
        match (&parts.method, kind) {
            (&Method::POST, "blobs") => begun(name),
            (&Method::PUT, "blobs") => self.keep_blob(body),
            (&Method::PUT, "manifests") => {
                let kind = text(CONTENT_TYPE).unwrap_or_default();
                self.keep_manifest(name, rest, &(kind.to_owned(), body))
            }
            (_, "manifests") => {
                let manifests = self.manifests.lock().expect("no panic");
                let found = manifests.get(&(name.to_owned(), rest.to_owned()));
                found.map_or_else(
                    || empty(StatusCode::NOT_FOUND),
                    |(kind, text)| content(kind, text.clone(), None),
                )
            }
            (_, "blobs") => {
                let found = self.blobs.lock().expect("no panic").get(rest).cloned();
                found.map_or_else(
                    || empty(StatusCode::NOT_FOUND),
                    |blob| content("application/octet-stream", blob, text(RANGE)),
                )
            }
            _ => empty(StatusCode::OK),
        }
    }

    fn keep_blob(&self, blob: Bytes) -> Answer {
        let digest = sha256(&blob);
        let mut blobs = self.blobs.lock().expect("no panic");
        blobs.insert(digest.clone(), blob);
        stored(&digest)
    }

    fn keep_manifest(&self, name: &str, tag: &str, manifest: &(String, Bytes)) -> Answer {
        let digest = sha256(&manifest.1);
        let mut manifests = self.manifests.lock().expect("no panic");
        for reference in [tag, &digest] {
            manifests.insert((name.to_owned(), reference.to_owned()), manifest.clone());
        }
        stored(&digest)
    }

    /// A token says what it is for, as the question did.
    fn token(&self, given: &str, query: &str) -> Answer {
        if given != format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}"))) {
            return empty(StatusCode::UNAUTHORIZED);
        }
        let scopes = query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("scope="));
        let scopes: Vec<String> = scopes
            .flat_map(|scopes| scopes.split(['+', ' ']))
            .map(|scope| {
                scope
                    .replace("%3A", ":")
                    .replace("%2F", "/")
                    .replace("%2C", ",")
            })
            .collect();
        let token = scopes.join(" ");
        self.scopes.lock().expect("no panic").extend(scopes);
        let text = format!(
            "{{\"token\":\"{}\",\"expires_in\":300}}",
            STANDARD.encode(token)
        );
        content("application/json", text.into(), None)
    }
}

/// Repository, kind and reference of a path: `/v2/NAME/manifests/TAG`.
fn split(path: &str) -> (&str, &str, &str) {
    let path = path.strip_prefix("/v2/").unwrap_or_default();
    for kind in ["manifests", "blobs"] {
        if let Some((name, rest)) = path.split_once(&format!("/{kind}/")) {
            return (name, kind, rest);
        }
    }
    ("", "", "")
}

/// Whether a token is for what is done.
fn allows(given: &str, name: &str, is_write: bool) -> bool {
    let token = given.strip_prefix("Bearer ").unwrap_or_default();
    let scopes = STANDARD.decode(token).unwrap_or_default();
    let scopes = String::from_utf8_lossy(&scopes).into_owned();
    let wanted = if is_write { "push" } else { "pull" };
    scopes.split(' ').any(|scope| {
        let actions = scope.strip_prefix(&format!("repository:{name}:"));
        actions.is_some_and(|actions| actions.split(',').any(|action| action == wanted))
    })
}

fn challenge(host: &str, name: &str, is_write: bool) -> Answer {
    let actions = if is_write { "pull,push" } else { "pull" };
    let challenge = format!(
        "Bearer realm=\"http://{host}/token\",service=\"test\",scope=\"repository:{name}:{actions}\""
    );
    let mut refusal = empty(StatusCode::UNAUTHORIZED);
    let challenge = challenge.parse().expect("a challenge is a header");
    refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    refusal
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::default();
    *answer.status_mut() = status;
    answer
}

/// Where a blob is sent to.
fn begun(name: &str) -> Answer {
    let mut accepted = empty(StatusCode::ACCEPTED);
    let location = format!("/v2/{name}/blobs/uploads/1");
    let location = location.parse().expect("a path is a header");
    accepted.headers_mut().insert(LOCATION, location);
    accepted
}

fn stored(digest: &str) -> Answer {
    let mut answer = empty(StatusCode::CREATED);
    let digest = digest.parse().expect("a digest is a header");
    answer.headers_mut().insert("docker-content-digest", digest);
    answer
}

/// A content, or what is asked for of it: from a byte on.
fn content(kind: &str, bytes: Bytes, range: Option<&str>) -> Answer {
    let digest = sha256(&bytes);
    let from = range.and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .split('-')
            .next()?
            .parse()
            .ok()
    });
    let length = bytes.len();
    let mut answer = match from.filter(|from: &usize| *from < length) {
        None => Response::new(Full::from(bytes)),
        Some(from) => {
            let mut part = Response::new(Full::from(bytes.slice(from..)));
            *part.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {from}-{}/{length}", length - 1);
            let range = range.parse().expect("a range is a header");
            part.headers_mut().insert(CONTENT_RANGE, range);
            part
        }
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, kind.parse().expect("a type is a header"));
    let digest = digest.parse().expect("a digest is a header");
    headers.insert("docker-content-digest", digest);
    answer
}
