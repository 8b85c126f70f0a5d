//! The cache of a run of Actions, on loopback: the second version of its service, and the store of blobs that it signs addresses of.
//!
//! It keeps all in memory, and answers whoever has the token of the run.
//!
//! Source: what BuildKit's client of it asks (`github.com/tonistiigi/go-actions-cache`), and Azure's REST interface of block blobs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::loopback;

/// Where the methods of the service are.
const SERVICE: &str = "/twirp/github.actions.results.api.v1.CacheService/";
/// Where the blobs are.
const BLOBS: &str = "/blobs/";
/// What an address is signed with.
const SIGNATURE: &str = "sig=signed-by-nobody-else";

/// A service that lives until it is dropped.
#[derive(Debug)]
pub struct Actions {
    address: SocketAddr,
    entries: Arc<Entries>,
    _runtime: Runtime,
}

#[derive(Debug)]
struct Entries {
    host: String,
    token: String,
    /// By their keys, the oldest first: which blob it is. Only what was finished is found.
    finished: Mutex<Vec<(String, usize)>>,
    /// The keys of blobs, by their numbers.
    begun: Mutex<Vec<String>>,
    blobs: Mutex<BTreeMap<usize, Bytes>>,
    /// The parts of a blob that is not put together yet, by its number and theirs.
    blocks: Mutex<BTreeMap<(usize, String), Bytes>>,
}

type Reply = Response<Full<Bytes>>;

impl Actions {
    /// An empty one, for whoever has this token.
    ///
    /// # Panics
    /// If there is no port.
    #[must_use]
    pub fn new(token: &str) -> Self {
        let (listener, address, runtime) = loopback::listen();
        let entries = Arc::new(Entries {
            host: address.to_string(),
            token: token.to_owned(),
            finished: Mutex::default(),
            begun: Mutex::default(),
            blobs: Mutex::default(),
            blocks: Mutex::default(),
        });
        let served = Arc::clone(&entries);
        runtime.spawn(loopback::serve(listener, move |request| {
            let entries = Arc::clone(&served);
            async move { entries.answer(request).await }
        }));
        Self {
            address,
            entries,
            _runtime: runtime,
        }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The keys of all that it keeps.
    ///
    /// # Panics
    /// If a connection's task has panicked.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let finished = self.entries.finished.lock().expect("no panic");
        finished.iter().map(|(key, _)| key.clone()).collect()
    }
}

impl Entries {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let body = body.to_bytes();
        let text = |name: &str| {
            let value = parts.headers.get(name)?;
            value.to_str().ok()
        };
        let path = parts.uri.path();
        if let Some(method) = path.strip_prefix(SERVICE) {
            let is_known = text(AUTHORIZATION.as_str()) == Some(&format!("Bearer {}", self.token));
            return match serde_json::from_slice(&body) {
                _ if !is_known => empty(StatusCode::UNAUTHORIZED),
                Ok(asked) => self.serve(method, &asked),
                Err(_) => empty(StatusCode::BAD_REQUEST),
            };
        }
        let query = parts.uri.query().unwrap_or_default();
        let Some(number) = path.strip_prefix(BLOBS).and_then(|blob| blob.parse().ok()) else {
            return empty(StatusCode::NOT_FOUND);
        };
        if !query.split('&').any(|pair| pair == SIGNATURE) {
            return empty(StatusCode::FORBIDDEN);
        }
        if parts.method == Method::PUT {
            self.put(number, query, body)
        } else {
            self.get(number, text("x-ms-range"))
        }
    }

    fn serve(&self, method: &str, asked: &Value) -> Reply {
        let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
        let mut finished = self.finished.lock().expect("no panic");
        let mut begun = self.begun.lock().expect("no panic");
        let key = text("key");
        let address = |number| format!("http://{}{BLOBS}{number}?{SIGNATURE}", self.host);
        let found = match method {
            "CreateCacheEntry" if begun.contains(&key) => {
                json!({"ok": false, "message": "cache entry already exists"})
            }
            "CreateCacheEntry" => {
                begun.push(key);
                json!({"ok": true, "signed_upload_url": address(begun.len() - 1)})
            }
            "FinalizeCacheEntryUpload" => {
                let number = begun.iter().position(|other| *other == key);
                finished.extend(number.map(|number| (key, number)));
                json!({"ok": number.is_some(), "entry_id": "1"})
            }
            "GetCacheEntryDownloadURL" => {
                let prefixes = asked["restore_keys"].as_array().into_iter().flatten();
                let prefixes: Vec<&str> = prefixes.filter_map(Value::as_str).collect();
                let is_meant = |other: &str| {
                    other == key || prefixes.iter().any(|prefix| other.starts_with(prefix))
                };
                match finished.iter().rfind(|(other, _)| is_meant(other)) {
                    Some((key, number)) => json!({
                        "ok": true, "matched_key": key, "signed_download_url": address(*number)
                    }),
                    None => json!({"ok": false}),
                }
            }
            _ => return empty(StatusCode::NOT_FOUND),
        };
        let mut answer = Response::new(Full::from(found.to_string()));
        let kind = "application/json".parse().expect("a type is a header");
        answer.headers_mut().insert(CONTENT_TYPE, kind);
        answer
    }

    /// A blob, a block of one, or the list of those that it is put together of.
    fn put(&self, number: usize, query: &str, body: Bytes) -> Reply {
        let value = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|pair| pair.0 == name).map(|pair| pair.1)
        };
        let mut blocks = self.blocks.lock().expect("no panic");
        let mut blobs = self.blobs.lock().expect("no panic");
        match value("comp") {
            Some("block") => {
                let id = value("blockid").unwrap_or_default();
                let id = id
                    .replace("%3D", "=")
                    .replace("%2B", "+")
                    .replace("%2F", "/");
                blocks.insert((number, id), body);
            }
            Some("blocklist") => {
                let list = String::from_utf8_lossy(&body).into_owned();
                let ids = (list.split("<Latest>").skip(1))
                    .filter_map(|rest| Some(rest.split_once("</Latest>")?.0.to_owned()));
                let parts: Option<Vec<Bytes>> =
                    ids.map(|id| blocks.get(&(number, id)).cloned()).collect();
                let Some(parts) = parts else {
                    return empty(StatusCode::BAD_REQUEST);
                };
                blobs.insert(number, parts.concat().into());
            }
            _ => {
                blobs.insert(number, body);
            }
        }
        empty(StatusCode::CREATED)
    }

    /// A blob from a byte on.
    fn get(&self, number: usize, range: Option<&str>) -> Reply {
        let Some(blob) = self.blobs.lock().expect("no panic").get(&number).cloned() else {
            return empty(StatusCode::NOT_FOUND);
        };
        let from = range.and_then(|range| range.strip_prefix("bytes=")?.split('-').next());
        let from: usize = from.and_then(|from| from.parse().ok()).unwrap_or(0);
        if from > blob.len() {
            return empty(StatusCode::RANGE_NOT_SATISFIABLE);
        }
        let mut answer = empty(if from == 0 {
            StatusCode::OK
        } else {
            StatusCode::PARTIAL_CONTENT
        });
        *answer.body_mut() = Full::from(blob.slice(from..));
        answer
    }
}

/// Each answer of Azure has the number of what was asked.
fn empty(status: StatusCode) -> Reply {
    let mut answer = Response::default();
    *answer.status_mut() = status;
    let number = "1".parse().expect("a number is a header");
    answer.headers_mut().insert("x-ms-request-id", number);
    answer
}
