//! Registries as others run them: plain, behind TLS, behind a login. Each listens on 127.0.0.1 and holds one image,
//! under whatever repository it is asked for.
//!
//! The image is served by this project's own registry; what stands before it is what is tested: who may connect, and how.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use oci_image::image::Image;
use oci_image::registry::Registry;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The name that the certificates are for. It is not loopback's own, which BuildKit treats differently.
pub const HOST_NAME: &str = "registry.test";
/// The only user.
pub const USER: &str = "somebody";
/// That user's password.
pub const PASSWORD: &str = "opensesame";
/// What the token service gives for it.
pub const TOKEN: &str = "a-token";

type Body = BoxBody<Bytes, hyper::Error>;

/// Who may pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anyone.
    Open,
    /// Who gives the password with each request.
    Basic,
    /// Who fetches a token with the password first.
    Token,
}

/// A certificate authority, and what it has signed for a server and a client; all as PEM.
#[derive(Debug)]
pub struct Certificates {
    /// The authority.
    pub ca: String,
    /// The client's certificate.
    pub client: String,
    /// The client's key.
    pub client_key: String,
    server: ServerIdentity,
}

#[derive(Debug)]
struct ServerIdentity {
    roots: RootCertStore,
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// A registry that serves until it is dropped.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

struct Behind {
    registry: Registry,
    door: Door,
    scheme: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Certificates {
    /// A new authority for [`HOST_NAME`].
    ///
    /// # Panics
    /// If the certificates cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let key = || KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = key();
        let ca = authority.self_signed(&authority_key).expect("an authority");
        let issuer = Issuer::new(authority, authority_key);
        let mut server = CertificateParams::new(vec![HOST_NAME.to_owned()]).expect("parameters");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server_key = key();
        let mut client =
            CertificateParams::new(vec!["client.test".to_owned()]).expect("parameters");
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = key();
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).expect("an authority");
        Self {
            ca: ca.pem(),
            client: client
                .signed_by(&client_key, &issuer)
                .expect("a certificate")
                .pem(),
            client_key: client_key.serialize_pem(),
            server: ServerIdentity {
                roots,
                certificate: server
                    .signed_by(&server_key, &issuer)
                    .expect("a certificate"),
                key: server_key,
            },
        }
    }

    fn acceptor(&self, wants_client: bool) -> TlsAcceptor {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3");
        let builder = if wants_client {
            let roots = Arc::new(self.server.roots.clone());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(verifier.expect("an authority"))
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.server.key.serialize_der()));
        let config = builder.with_single_cert(vec![self.server.certificate.der().clone()], key);
        TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")))
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}

impl Front {
    /// Serves the image of an archive without TLS.
    #[must_use]
    pub fn plain(image: &Path, door: Door) -> Self {
        Self::start(image, door, None)
    }

    /// Serves it with TLS.
    #[must_use]
    pub fn tls(image: &Path, certificates: &Certificates) -> Self {
        Self::start(image, Door::Open, Some(certificates.acceptor(false)))
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

    fn start(image: &Path, door: Door, tls: Option<TlsAcceptor>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let image = Image::open(image).expect("an image");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let behind = |registry| Behind {
            registry,
            door,
            scheme: if tls.is_some() { "https" } else { "http" },
            asked: Arc::clone(&asked),
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
        let given = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        if path == "/token" {
            return Ok(match (request.method(), given == basic) {
                (&Method::GET, true) => said(StatusCode::OK, format!("{{\"token\":\"{TOKEN}\"}}")),
                (&Method::GET, false) => said(StatusCode::UNAUTHORIZED, String::new()),
                // Docker's own token service knows no POST either.
                _ => said(StatusCode::METHOD_NOT_ALLOWED, String::new()),
            });
        }
        let host = request
            .headers()
            .get(HOST)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (wanted, challenge) = match self.door {
            Door::Open => return self.forward(&request).await,
            Door::Basic => (basic, "Basic realm=\"test\"".to_owned()),
            Door::Token => (
                format!("Bearer {TOKEN}"),
                format!(
                    "Bearer realm=\"{}://{host}/token\",service=\"test\"",
                    self.scheme
                ),
            ),
        };
        if given == wanted {
            return self.forward(&request).await;
        }
        let mut refusal = said(StatusCode::UNAUTHORIZED, String::new());
        refusal.headers_mut().insert(
            WWW_AUTHENTICATE,
            challenge.parse().map_err(io::Error::other)?,
        );
        Ok(refusal)
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
        Ok(answer.map_err(io::Error::other)?.map(BodyExt::boxed))
    }
}

fn said(status: StatusCode, text: String) -> Response<Body> {
    let body = Full::from(text).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
