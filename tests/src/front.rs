//! Registries as others run them: plain, behind TLS, behind a login. Each listens on 127.0.0.1 and holds one image,
//! under whatever repository it is asked for.
//!
//! The image is served by this project's own registry; what stands before it is what is tested: who may connect, and how.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, HOST, LOCATION, USER_AGENT, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use oci_image::image::Image;
use oci_image::image::registry::Registry;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

pub use crate::certificates::Certificates;

pub use crate::certificates::HOST_NAME;

/// The only user.
pub const USER: &str = "somebody";
/// That user's password.
pub const PASSWORD: &str = "opensesame";
/// What the token service gives for it.
pub const TOKEN: &str = "a-token";

/// What the token service takes in place of a password.
pub const IDENTITY: &str = "an-identity";

type Body = BoxBody<Bytes, io::Error>;

/// Who may pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anyone.
    Open,
    /// Who gives the password with each request.
    Basic,
    /// Who fetches a token with the password first.
    Token,
    /// The same, of a service that takes the password or the identity in a form only.
    Form,
    /// The same, and each part of the registry has a user of its name and tokens of its own.
    TokenEach,
    /// Who fetches a token at this realm, `PORT` being the registry's. Paths that are known here are `/token` and those of
    /// `hostile`, which need no password.
    Realm(&'static str),
    /// The same for images; who asks for no image is named `/token`.
    RealmOfImages(&'static str),
}

/// A registry that serves until it is dropped.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    shown: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

struct Behind {
    registry: Registry,
    door: Door,
    scheme: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
    shown: Arc<Mutex<Vec<String>>>,
}

impl Front {
    /// Serves the image of an archive without TLS.
    #[must_use]
    pub fn plain(image: &Path, door: Door) -> Self {
        Self::start(image, door, None)
    }

    /// Serves it with TLS.
    #[must_use]
    pub fn tls(image: &Path, door: Door, certificates: &Certificates) -> Self {
        Self::start(image, door, Some(certificates.acceptor(false)))
    }

    /// Serves it with TLS to clients that have a certificate.
    #[must_use]
    pub fn mutual_tls(image: &Path, certificates: &Certificates) -> Self {
        Self::start(image, Door::Open, Some(certificates.acceptor(true)))
    }

    /// Host and port, by name.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{HOST_NAME}:{}", self.address.port())
    }

    /// The paths that were asked for.
    ///
    /// # Panics
    /// If a connection's task has panicked.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }

    /// Who showed the password or the identity, by the name of the program.
    ///
    /// # Panics
    /// If a connection's task has panicked.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        self.shown.lock().expect("no panic").clone()
    }

    fn start(image: &Path, door: Door, tls: Option<TlsAcceptor>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let image = Image::open(image).expect("an image");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::new(Mutex::new(Vec::new()));
        let behind = |registry| Behind {
            registry,
            door,
            scheme: if tls.is_some() { "https" } else { "http" },
            asked: Arc::clone(&asked),
            shown: Arc::clone(&shown),
        };
        let (listener, behind) = runtime.block_on(async {
            let registry = Registry::serve(vec![("base".to_owned(), image)]).await;
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
            (
                listener.expect("a port"),
                Arc::new(behind(registry.expect("a registry"))),
            )
        });
        let address = listener.local_addr().expect("an address");
        runtime.spawn(accept(listener, behind, tls));
        Self {
            address,
            asked,
            shown,
            _runtime: runtime,
        }
    }
}

async fn accept(listener: TcpListener, behind: Arc<Behind>, tls: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (behind, tls) = (Arc::clone(&behind), tls.clone());
        tokio::spawn(async move {
            // A client that is refused says so itself.
            match tls {
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, behind).await;
                    }
                }
                None => serve(stream, behind).await,
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, behind: Arc<Behind>) {
    let service = service_fn(|request| {
        let behind = Arc::clone(&behind);
        async move { behind.answer(request).await }
    });
    let server = hyper::server::conn::http1::Builder::new();
    // The client may hang up whenever it likes.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

impl Behind {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let path = request.uri().path().to_owned();
        self.asked.lock().expect("no panic").push(path.clone());
        let given = header(&request, AUTHORIZATION);
        if given.starts_with("Basic ") {
            self.note(&request);
        }
        if let Some(answer) = hostile(&path).await {
            return Ok(answer);
        }
        if path == "/token" {
            return self.token(request).await;
        }
        let wanted = match self.door {
            Door::Open => return self.forward(&request).await,
            Door::Basic => basic(USER),
            Door::TokenEach => format!("Bearer {TOKEN}-{}", part(&path)),
            Door::Token | Door::Form | Door::Realm(_) | Door::RealmOfImages(_) => {
                format!("Bearer {TOKEN}")
            }
        };
        if given == wanted {
            return self.forward(&request).await;
        }
        let mut refusal = said(StatusCode::UNAUTHORIZED, "");
        let challenge = self.challenge(&header(&request, HOST), &path);
        refusal.headers_mut().insert(
            WWW_AUTHENTICATE,
            challenge.parse().map_err(io::Error::other)?,
        );
        Ok(refusal)
    }

    fn challenge(&self, host: &str, path: &str) -> String {
        let own = format!("{}://{host}/token", self.scheme);
        let port = host.rsplit(':').next().unwrap_or_default();
        let realm = match self.door {
            Door::Open | Door::Basic => return "Basic realm=\"test\"".to_owned(),
            Door::Realm(realm) => realm.replace("PORT", port),
            Door::RealmOfImages(realm) if path != "/v2/" => realm.replace("PORT", port),
            Door::Token | Door::Form | Door::TokenEach | Door::RealmOfImages(_) => own,
        };
        format!("Bearer realm=\"{realm}\",service=\"test\"")
    }

    fn note(&self, request: &Request<Incoming>) {
        let agent = header(request, USER_AGENT);
        self.shown.lock().expect("no panic").push(agent);
    }

    /// The token service.
    async fn token(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let given = header(&request, AUTHORIZATION);
        let token = |name: &str| said(StatusCode::OK, &format!("{{\"{name}\":\"{TOKEN}\"}}"));
        let is_get = request.method() == Method::GET;
        Ok(match self.door {
            Door::Form if is_get => said(StatusCode::METHOD_NOT_ALLOWED, ""),
            Door::Form => {
                self.note(&request);
                let form = request
                    .into_body()
                    .collect()
                    .await
                    .map_err(io::Error::other)?;
                let form = String::from_utf8_lossy(&form.to_bytes()).into_owned();
                let holds = |pairs: &[String]| {
                    pairs
                        .iter()
                        .all(|pair| form.split('&').any(|other| other == pair))
                };
                let password = [
                    "grant_type=password".to_owned(),
                    format!("username={USER}"),
                    format!("password={PASSWORD}"),
                ];
                let identity = [
                    "grant_type=refresh_token".to_owned(),
                    format!("refresh_token={IDENTITY}"),
                ];
                if holds(&password) || holds(&identity) {
                    token("access_token")
                } else {
                    said(StatusCode::UNAUTHORIZED, "")
                }
            }
            // Docker's own token service knows no POST either.
            _ if !is_get => said(StatusCode::METHOD_NOT_ALLOWED, ""),
            Door::TokenEach => {
                let scope = request.uri().query().unwrap_or_default();
                let user = scope.split("repository%3A").nth(1).unwrap_or_default();
                let user = user.split("%2F").next().unwrap_or_default();
                if given == basic(user) {
                    let text = format!("{{\"token\":\"{TOKEN}-{user}\",\"expires_in\":300}}");
                    said(StatusCode::OK, &text)
                } else {
                    said(StatusCode::UNAUTHORIZED, "")
                }
            }
            _ if given == basic(USER) => token("token"),
            _ => said(StatusCode::UNAUTHORIZED, ""),
        })
    }

    /// Asks the registry for the same of its only repository.
    async fn forward(&self, request: &Request<Incoming>) -> io::Result<Response<Body>> {
        let parts: Vec<&str> = request.uri().path().rsplitn(3, '/').collect();
        let path = match parts[..] {
            [reference, kind @ ("manifests" | "blobs"), _] => {
                format!("/v2/base/{kind}/{reference}")
            }
            _ => "/v2/".to_owned(),
        };
        let mut forwarded = Request::builder()
            .method(request.method())
            .uri(path)
            .body(Full::<Bytes>::default())
            .map_err(io::Error::other)?;
        *forwarded.headers_mut() = request.headers().clone();
        let stream = TcpStream::connect(self.registry.address()).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        let answer = sender.send_request(forwarded).await;
        let answer = answer.map_err(io::Error::other)?;
        Ok(answer.map(|body| body.map_err(io::Error::other).boxed()))
    }
}

fn said(status: StatusCode, body: &str) -> Response<Body> {
    let mut response = Response::new(text(body));
    *response.status_mut() = status;
    response
}

/// The password of a user, as a header has it.
fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{PASSWORD}")))
}

/// The first part of the repository that a path names.
fn part(path: &str) -> &str {
    path.split('/').nth(2).unwrap_or_default()
}

fn header(request: &Request<Incoming>, name: hyper::header::HeaderName) -> String {
    let value = request.headers().get(name);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// What a realm answers that means harm; the paths are its names.
async fn hostile(path: &str) -> Option<Response<Body>> {
    let body = match path {
        "/endless" => Unending { breaks_off: false }.boxed(),
        "/broken" => Unending { breaks_off: true }.boxed(),
        "/garbage" => text("<html>\u{1b}[2J\n::error::"),
        "/empty" => text("{\"token\": \"\"}"),
        "/split" => text("{\"token\": \"a\\r\\nX-Header: b\"}"),
        "/refusing" => text("{\"errors\": [{\"message\": \"\\u001b]0;x\\u0007\\n::error::no\"}]}"),
        "/redirecting" | "/redirecting-form" | "/silent" => text(""),
        _ => return None,
    };
    let mut response = Response::new(body);
    match path {
        "/refusing" => *response.status_mut() = StatusCode::FORBIDDEN,
        "/redirecting" => *response.status_mut() = StatusCode::FOUND,
        "/redirecting-form" => *response.status_mut() = StatusCode::TEMPORARY_REDIRECT,
        "/silent" => std::future::pending().await,
        _ => {}
    }
    if path.starts_with("/redirecting") {
        let to = hyper::header::HeaderValue::from_static("/token");
        response.headers_mut().insert(LOCATION, to);
    }
    Some(response)
}

fn text(text: &str) -> Body {
    let body = Full::from(text.to_owned());
    body.map_err(|never| match never {}).boxed()
}

/// A body without an end of its own.
struct Unending {
    breaks_off: bool,
}

impl hyper::body::Body for Unending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(if self.breaks_off {
            Err(io::ErrorKind::BrokenPipe.into())
        } else {
            Ok(Frame::data(Bytes::from_static(&[b' '; 4096])))
        }))
    }
}
