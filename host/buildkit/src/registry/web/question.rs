//! A question to a server that a registry is or names, and its answer.
//!
//! A redirect is an answer like any other: nobody is asked whom the caller did not name. Each question has a connection of its own,
//! which ends with it; there are few, and a build that is stopped leaves none.
//!
//! Reads: what `tls` and `proxy` read. Writes: nothing. Unknown here: logins, tokens, what an answer means.
//! Source: RFC 9110, RFC 9112.

use std::pin::pin;

use bytes::Bytes;
use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;

use crate::registry::registries::RegistryAccess;
use crate::registry::web::error::{ANSWER_LIMIT, WebError};
use crate::registry::web::proxy::{Proxies, Proxy};
use crate::registry::web::server::{Connection, Server, dial};
use crate::registry::web::tls::{self, Tls};

/// The most that is read of an answer's head, in bytes.
const HEAD_LIMIT: usize = 64 << 10;
/// Who we are.
const AGENT: &str = concat!("oci-image/", env!("CARGO_PKG_VERSION"));

/// Asks servers. What it needs of the machine is read when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Web {
    tls: Tls,
    proxies: Proxies,
}

impl Web {
    /// Asks, and takes the whole answer. What is trusted is what the registry's `access` says.
    ///
    /// # Errors
    /// [`WebError`]; never for a status.
    pub(crate) async fn ask(
        &self,
        access: &RegistryAccess,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, WebError> {
        let uri = request.uri().clone();
        let server = Server::of(&uri)?;
        let proxy = self.proxies.of(&uri);
        let is_forwarded = proxy.is_some() && !server.is_tls;
        let connection = self.connect(&server, access, proxy.as_ref()).await?;
        let request = addressed(request, proxy.as_ref().filter(|_| is_forwarded))?;
        exchange(connection, request, server.host).await
    }

    async fn connect(
        &self,
        server: &Server<'_>,
        access: &RegistryAccess,
        proxy: Option<&Proxy>,
    ) -> Result<Box<dyn Connection>, WebError> {
        let stream: Box<dyn Connection> = match proxy {
            None => Box::new(dial(server.host, server.port).await?),
            Some(proxy) => self.through(proxy, server).await?,
        };
        if !server.is_tls {
            return Ok(stream);
        }
        self.secured(stream, server.host, access).await
    }

    /// TLS over a connection to a host that proves its name.
    async fn secured(
        &self,
        stream: impl Connection + 'static,
        host: &str,
        access: &RegistryAccess,
    ) -> Result<Box<dyn Connection>, WebError> {
        let connector = self.tls.connector(access).await?;
        let connected = connector.connect(tls::name(host)?, stream).await;
        let stream = connected.map_err(|source| WebError::Handshake {
            server: host.to_owned(),
            source,
        })?;
        Ok(Box::new(stream))
    }

    /// A connection to a proxy; where the server speaks TLS, through it to the server.
    async fn through(
        &self,
        proxy: &Proxy,
        server: &Server<'_>,
    ) -> Result<Box<dyn Connection>, WebError> {
        let at = Server::of(proxy.uri()).map_err(|_| WebError::ProxyScheme {
            proxy: proxy.name(),
        })?;
        let stream = dial(at.host, at.port).await?;
        let stream: Box<dyn Connection> = if at.is_tls {
            self.secured(stream, at.host, &RegistryAccess::default())
                .await?
        } else {
            Box::new(stream)
        };
        if server.is_tls {
            tunnel(stream, proxy, server).await
        } else {
            Ok(stream)
        }
    }
}

/// The request as the one who gets it wants it: the whole URL is for a proxy only.
fn addressed(
    mut request: Request<Full<Bytes>>,
    proxy: Option<&Proxy>,
) -> Result<Request<Full<Bytes>>, WebError> {
    let uri = request.uri().clone();
    let wrong = |source: http::Error| WebError::Question {
        uri: uri.to_string(),
        source,
    };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(authority).map_err(|error| wrong(error.into()))?;
    request.headers_mut().insert(HOST, host);
    request
        .headers_mut()
        .insert(USER_AGENT, HeaderValue::from_static(AGENT));
    match proxy {
        Some(proxy) => {
            if let Some(login) = proxy.login() {
                request.headers_mut().insert(PROXY_AUTHORIZATION, login);
            }
        }
        None => {
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            *request.uri_mut() = path
                .parse()
                .map_err(|error: http::uri::InvalidUri| wrong(error.into()))?;
        }
    }
    Ok(request)
}

/// One request over a connection, and its answer whole.
async fn exchange(
    connection: Box<dyn Connection>,
    request: Request<Full<Bytes>>,
    server: &str,
) -> Result<Response<Bytes>, WebError> {
    let (mut sender, connection) = open(connection, server).await?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async {
        let answer = sender.send_request(request).await;
        let (head, body) = answer.map_err(|source| http(server, source))?.into_parts();
        let body = Limited::new(body, ANSWER_LIMIT).collect().await;
        let body = body.map_err(|source| broken(server, source))?.to_bytes();
        Ok(Response::from_parts(head, body))
    });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _closed = &mut connection => answer.await,
    }
}

/// Asks a proxy for a connection to a server.
async fn tunnel(
    connection: Box<dyn Connection>,
    proxy: &Proxy,
    server: &Server<'_>,
) -> Result<Box<dyn Connection>, WebError> {
    let name = proxy.name();
    let host = if server.host.contains(':') {
        format!("[{}]:{}", server.host, server.port)
    } else {
        format!("{}:{}", server.host, server.port)
    };
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&host)
        .header(HOST, &host)
        .header(USER_AGENT, AGENT);
    if let Some(login) = proxy.login() {
        request = request.header(PROXY_AUTHORIZATION, login);
    }
    let request = request.body(Full::default());
    let request = request.map_err(|source| WebError::Question { uri: host, source })?;

    let (mut sender, connection) = open(connection, &name).await?;
    let mut connection = pin!(connection.with_upgrades());
    let mut upgraded = pin!(async {
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|source| http(&name, source))?;
        if !answer.status().is_success() {
            return Err(WebError::Proxy {
                proxy: name.clone(),
                server: server.host.to_owned(),
                status: answer.status(),
            });
        }
        let upgraded = hyper::upgrade::on(answer).await;
        upgraded.map_err(|source| http(&name, source))
    });
    let upgraded = tokio::select! {
        biased;
        upgraded = &mut upgraded => upgraded,
        _closed = &mut connection => upgraded.await,
    };
    Ok(Box::new(TokioIo::new(upgraded?)))
}

type Http = hyper::client::conn::http1::Connection<TokioIo<Box<dyn Connection>>, Full<Bytes>>;

async fn open(
    connection: Box<dyn Connection>,
    server: &str,
) -> Result<(SendRequest<Full<Bytes>>, Http), WebError> {
    Builder::new()
        .max_buf_size(HEAD_LIMIT)
        .handshake(TokioIo::new(connection))
        .await
        .map_err(|source| http(server, source))
}

fn http(server: &str, source: hyper::Error) -> WebError {
    WebError::Http {
        server: server.to_owned(),
        source,
    }
}

fn broken(server: &str, source: Box<dyn std::error::Error + Send + Sync>) -> WebError {
    let server = server.to_owned();
    if source.is::<LengthLimitError>() {
        WebError::Endless { server }
    } else {
        WebError::Broken { server, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::web::canned::{Canned, said};

    fn get(uri: &str) -> Request<Full<Bytes>> {
        Request::get(uri).body(Full::default()).unwrap()
    }

    async fn asked(web: &Web, uri: &str) -> Result<(u16, String), String> {
        match web.ask(&RegistryAccess::default(), get(uri)).await {
            Ok(answer) => Ok((
                answer.status().as_u16(),
                String::from_utf8_lossy(answer.body()).into_owned(),
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_an_answer_is_bounded() {
        let server = Canned::start(|request| {
            if request.starts_with("GET /more") {
                return said("302 Found", "Location: /other\r\n", "elsewhere");
            }
            let head = said("200 OK", "", "").replace("Content-Length: 0\r\n", "");
            format!("{head}{}", "x".repeat(ANSWER_LIMIT + 1))
        })
        .await;
        let web = Web::default();
        let at = |path: &str| format!("http://{}{path}", server.host);

        assert_eq!(
            asked(&web, &at("/more")).await,
            Ok((302, "elsewhere".into()))
        );
        assert_eq!(
            asked(&web, &at("/endless")).await,
            Err("`127.0.0.1` answers with more than 1048576 bytes".into())
        );
        assert_eq!(server.asked().len(), 2);
        assert!(server.asked()[0].contains(&format!("\r\nhost: {}\r\n", server.host)));
    }

    #[tokio::test]
    async fn a_proxy_is_told_the_whole_url_or_asked_for_a_tunnel_and_shown_its_own_login() {
        let proxy = Canned::start(|request| {
            if request.starts_with("CONNECT refused.test") {
                said("403 Forbidden", "", "")
            } else if request.starts_with("CONNECT") {
                "HTTP/1.1 200 Connected\r\n\r\nno TLS".to_owned()
            } else {
                said("200 OK", "", "by way of")
            }
        })
        .await;
        let web = Web {
            proxies: Proxies::by(&format!("http://u:hunter2@{}", proxy.host)),
            ..Web::default()
        };

        let plain = asked(&web, "http://r.test:5000/v2/?x=y").await;
        let tunnelled = asked(&web, "https://r.test/v2/").await;
        let refused = asked(&web, "https://refused.test/v2/").await;

        assert_eq!(plain, Ok((200, "by way of".into())));
        assert_eq!(tunnelled, Err("cannot speak TLS to `r.test`".into()));
        let name = &proxy.host;
        assert_eq!(
            refused,
            Err(format!(
                "proxy `{name}` does not connect to `refused.test`: it answers 403 Forbidden"
            ))
        );
        let seen = proxy.asked();
        for (request, line) in seen.iter().zip([
            "GET http://r.test:5000/v2/?x=y HTTP/1.1",
            "CONNECT r.test:443 HTTP/1.1",
            "CONNECT refused.test:443 HTTP/1.1",
        ]) {
            assert_eq!(request.lines().next(), Some(line));
            // base64 of `u:hunter2`
            assert!(
                request.contains("\r\nproxy-authorization: Basic dTpodW50ZXIy\r\n"),
                "{request}"
            );
        }
    }
}
