//! A shelf: files by HTTP on loopback, as registries of packages give them, and what of them was asked for.
//!
//! Files never change: a client that has one is told so, and may keep it.

use std::collections::BTreeMap;
use std::future::ready;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use hyper::{Request, Response, StatusCode};
use tokio::runtime::Runtime;

const MODIFIED: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

use crate::loopback;

/// Files that are served until it is dropped.
#[derive(Debug)]
pub struct Shelf {
    address: SocketAddr,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    given: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new()
    }
}

impl Shelf {
    /// An empty one.
    ///
    /// # Panics
    /// If there is no port.
    #[must_use]
    pub fn new() -> Self {
        let (listener, address, runtime) = loopback::listen();
        let files: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
        let given: Arc<Mutex<Vec<String>>> = Arc::default();
        let (served, told) = (Arc::clone(&files), Arc::clone(&given));
        runtime.spawn(loopback::serve(listener, move |request| {
            ready(answer(&request, &served, &told))
        }));
        Self {
            address,
            files,
            given,
            _runtime: runtime,
        }
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a file there, by the path of its URL.
    ///
    /// # Panics
    /// If a connection's task has panicked.
    pub fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        let mut files = self.files.lock().expect("no panic");
        files.insert(path.to_owned(), content.into());
    }

    /// The paths of all that was given since this was asked last. A client that has a file already is not given it.
    ///
    /// # Panics
    /// If a connection's task has panicked.
    #[must_use]
    pub fn take_given(&self) -> Vec<String> {
        mem::take(&mut *self.given.lock().expect("no panic"))
    }
}

fn answer(
    request: &Request<Incoming>,
    files: &Mutex<BTreeMap<String, Vec<u8>>>,
    given: &Mutex<Vec<String>>,
) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    let found = files.lock().expect("no panic").get(path).cloned();
    let has_it = [IF_MODIFIED_SINCE, IF_NONE_MATCH].map(|name| request.headers().get(name));
    let (status, content) = match found {
        None => (StatusCode::NOT_FOUND, Vec::new()),
        Some(_) if has_it.iter().any(Option::is_some) => (StatusCode::NOT_MODIFIED, Vec::new()),
        Some(content) => {
            given.lock().expect("no panic").push(path.to_owned());
            (StatusCode::OK, content)
        }
    };
    let mut response = Response::new(Full::from(content));
    *response.status_mut() = status;
    let kind = if path.ends_with('/') {
        "text/html"
    } else {
        "application/octet-stream"
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(LAST_MODIFIED, HeaderValue::from_static(MODIFIED));
    let lasting = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(CACHE_CONTROL, lasting);
    response
}
