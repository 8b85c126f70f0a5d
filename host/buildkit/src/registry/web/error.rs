//! Why a question to a server has no answer.
//!
//! Reads and writes: nothing. Unknown here: who asks what.

use std::io;

use crate::registry::web::tls::TlsError;
use oci_image_boundary::outside::shown;

/// The most that is read of an answer, in bytes; tokens have 1 to 20 KB.
pub(super) const ANSWER_LIMIT: usize = 1 << 20;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    /// There is nobody to ask.
    #[error("`{uri}` names no server of http", uri = shown(uri))]
    NoServer {
        /// The URL.
        uri: String,
    },
    /// The question cannot be put.
    #[error("`{uri}` cannot be asked", uri = shown(uri))]
    Question {
        /// The URL.
        uri: String,
        /// What is wrong with it.
        source: http::Error,
    },
    /// The proxy's URL has a scheme that is not spoken here.
    #[error("proxy `{proxy}` is no proxy of http", proxy = shown(proxy))]
    ProxyScheme {
        /// The proxy without its login.
        proxy: String,
    },
    /// The proxy lets nobody through.
    #[error("proxy `{proxy}` does not connect to `{server}`: it answers {status}", proxy = shown(proxy), server = shown(server))]
    Proxy {
        /// The proxy.
        proxy: String,
        /// The server behind it.
        server: String,
        /// Its answer.
        status: http::StatusCode,
    },
    /// Nobody listens, or the name has no address.
    #[error("cannot connect to `{server}`", server = shown(server))]
    Connect {
        /// The server.
        server: String,
        /// What the system answered.
        source: io::Error,
    },
    /// What is needed for TLS cannot be read.
    #[error(transparent)]
    Trust(#[from] TlsError),
    /// The server does not prove who it is.
    #[error("cannot speak TLS to `{server}`", server = shown(server))]
    Handshake {
        /// The server.
        server: String,
        /// Why, such as a certificate of an authority that is not known.
        source: io::Error,
    },
    /// The server does not speak http, or stopped in the middle.
    #[error("`{server}` does not answer as a server does", server = shown(server))]
    Http {
        /// The server.
        server: String,
        /// What it does instead.
        source: hyper::Error,
    },
    /// The answer does not end.
    #[error("`{server}` answers with more than {ANSWER_LIMIT} bytes", server = shown(server))]
    Endless {
        /// The server.
        server: String,
    },
    /// The answer breaks off.
    #[error("the answer of `{server}` breaks off", server = shown(server))]
    Broken {
        /// The server.
        server: String,
        /// What the connection reports.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
