//! A server: where it is, and a connection to it.
//!
//! Reads and writes: the network. Unknown here: what is asked, and by way of whom.

use std::io;
use std::time::Duration;

use http::Uri;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::registry::web::error::WebError;

/// How long one address of a server may take to accept a connection.
// A name may have an address that is reached from nowhere near; the others are to be tried within the caller's own deadline.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// A server: how to reach it, and by which name.
pub(super) struct Server<'u> {
    pub(super) host: &'u str,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

/// A connection to a server, whichever way it goes.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

impl<'u> Server<'u> {
    pub(super) fn of(uri: &'u Uri) -> Result<Self, WebError> {
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(unasked(uri)),
        };
        let host = uri.host().ok_or_else(|| unasked(uri))?;
        Ok(Self {
            host: host.trim_matches(['[', ']']),
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
        })
    }
}

fn unasked(uri: &Uri) -> WebError {
    WebError::NoServer {
        uri: uri.to_string(),
    }
}

/// Connects to the first address of a name that accepts.
pub(super) async fn dial(host: &str, port: u16) -> Result<TcpStream, WebError> {
    let failed = |source| WebError::Connect {
        server: format!("{host}:{port}"),
        source,
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in tokio::net::lookup_host((host, port))
        .await
        .map_err(failed)?
    {
        match tokio::time::timeout(CONNECT_DEADLINE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failed(last))
}
