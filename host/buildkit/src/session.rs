//! The session: the pipe on which the daemon calls us back.
//!
//! We are the HTTP/2 server in it, the daemon the client. Whatever ends a session, both halves of the pipe are given
//! up: a daemon that keeps one keeps the call, and then does not stop.
//!
//! Reads and writes: the pipe. Unknown here: what each attachable does.
//! Source: BuildKit, `session`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::server::NamedService;
use tonic::transport::Channel;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::tunnel::{TunnelReader, TunnelWriter};

/// Largest message that we take from the daemon, in bytes, and largest header list of an answer.
// The defaults are 4 MiB and 16 KiB.
pub(crate) const MESSAGE_LIMIT: usize = 16 << 20;
/// Largest header list of a call on the session, in bytes.
// 400 lines of `.dockerignore` need 30 KB.
const HEADERS_LIMIT: u32 = 2 << 20;
/// How many calls of the daemon may be under way on a session; it waits with more. Together with the limit of headers and those of
/// each service this bounds what the daemon can make us hold.
const CALLS_LIMIT: u32 = 100;

/// Size of the largest message of a service that is asked by names alone, in bytes.
pub(crate) const NAMES_LIMIT: usize = 64 << 10;

/// How long the daemon may take to let go of a session that we have half-closed.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);
/// How long it may take to be seen that the daemon has given up a session, after it has said of a solve what comes of that.
const GIVING_UP: Duration = Duration::from_millis(500);
/// Messages on their way into the pipe; enough to keep it busy, and no more memory than that.
const MESSAGES_IN_FLIGHT: usize = 8;

/// An open session. Dropping it ends it at once; [`Session::close`] ends it with good manners.
pub(crate) struct Session {
    closing: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    ended: watch::Receiver<()>,
}

/// What the daemon may call: services by name, and the methods that we announce.
#[derive(Clone, Default)]
pub(crate) struct Services {
    routes: HashMap<&'static str, Route>,
    methods: Vec<String>,
}

type Request = http::Request<Incoming>;
type Response = http::Response<Body>;
type Route = BoxCloneSyncService<Request, Response, Infallible>;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The daemon refused the call.
    #[error("the daemon refuses a session")]
    Open {
        /// What the daemon answered.
        source: Box<tonic::Status>,
    },
    /// The daemon has ended it while a solve was under way: it asks every few seconds whether we are there, and gives up when answers do
    /// not reach it in time.
    #[error("the daemon has given up the session: it has not heard of us in time")]
    GivenUp,
    /// Random numbers are needed for the session's identity.
    #[error("no random numbers for the identity of a session")]
    Identity {
        /// What the system answered.
        source: getrandom::Error,
    },
}

impl Session {
    /// Opens a session under `id` and serves `services` in it until it is closed or dropped.
    pub(crate) async fn open(
        mut control: ControlClient<Channel>,
        id: &str,
        shared_key: &str,
        services: Services,
    ) -> Result<Self, SessionError> {
        let (outgoing, messages) = mpsc::channel(MESSAGES_IN_FLIGHT);
        let mut request = tonic::Request::new(ReceiverStream::new(messages));
        services.announce(id, shared_key, request.metadata_mut());
        let incoming = control
            .session(request)
            .await
            .map_err(|status| SessionError::Open {
                source: Box::new(status),
            })?;

        let pipe = tokio::io::join(
            TunnelReader::new(incoming.into_inner()),
            TunnelWriter::new(outgoing),
        );
        let (closing, closed) = oneshot::channel();
        let (end, ended) = watch::channel(());
        let serving = tokio::spawn(async move {
            serve(pipe, services, closed).await;
            drop(end);
        });
        Ok(Self {
            closing: Some(closing),
            serving,
            ended,
        })
    }

    /// Whether the daemon has ended it, or does so in a moment.
    pub(crate) async fn is_given_up(&self) -> bool {
        let mut ended = self.ended.clone();
        // Nothing is ever said there: it ends with what is served.
        timeout(GIVING_UP, ended.changed()).await.is_ok()
    }

    /// Closes the session, and waits until the daemon has let go of it or a deadline has passed.
    pub(crate) async fn close(mut self) {
        drop(self.closing.take());
        // Past the deadline the drop of `self` ends it the hard way.
        let _ = timeout(CLOSE_DEADLINE, &mut self.serving).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Services {
    /// What every session has, or the daemon ends it.
    pub(crate) fn with_health() -> Self {
        let mut services = Self::default();
        let (_, health) = tonic_health::server::health_reporter();
        let health = health.max_decoding_message_size(NAMES_LIMIT);
        services.add(&["Check", "Watch"], health);
        services
    }

    /// Adds a service, of which `methods` are announced to the daemon.
    pub(crate) fn add<S>(&mut self, methods: &[&str], service: S)
    where
        S: NamedService
            + Service<Request, Response = Response, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.methods.extend(
            methods
                .iter()
                .map(|method| format!("/{}/{method}", S::NAME)),
        );
        self.routes
            .insert(S::NAME, BoxCloneSyncService::new(service));
    }

    /// What the daemon is told that it may call.
    #[cfg(test)]
    pub(crate) fn methods(&self) -> &[String] {
        &self.methods
    }

    fn announce(&self, id: &str, shared_key: &str, metadata: &mut MetadataMap) {
        metadata.insert("x-docker-expose-session-uuid", ascii(id));
        metadata.insert("x-docker-expose-session-sharedkey", ascii(shared_key));
        for method in &self.methods {
            metadata.append("x-docker-expose-session-grpc-method", ascii(method));
        }
    }

    async fn call(&self, request: Request) -> Result<Response, Infallible> {
        let service = request.uri().path().split('/').nth(1).unwrap_or_default();
        match self.routes.get(service) {
            Some(route) => route.clone().oneshot(request).await,
            None => Ok(tonic::Status::unimplemented(format!(
                "no service {service} in this session"
            ))
            .into_http()),
        }
    }
}

/// An identity that no other session or solve has: 128 random bits.
pub(crate) fn identity() -> Result<String, SessionError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|source| SessionError::Identity { source })?;
    Ok(oci_image_boundary::hex::hex(&bytes))
}

async fn serve<P>(pipe: P, services: Services, closed: oneshot::Receiver<()>)
where
    P: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let services = Arc::new(services);
    let service = hyper::service::service_fn(move |request| {
        let services = Arc::clone(&services);
        async move { services.call(request).await }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_header_list_size(HEADERS_LIMIT)
        .max_concurrent_streams(CALLS_LIMIT)
        .serve_connection(TokioIo::new(pipe), service);
    tokio::select! {
        // An error here is the daemon's end of the pipe gone; the solve reports that with more to say.
        _ = connection => {}
        // The solve has its answer, so nothing is under way here. Dropping both halves ends the call at once; after
        // HTTP/2's own goodbye the daemon keeps its half open for as long as we wait (measured: 2 s of 2 s).
        _ = closed => {}
    }
}

fn ascii(text: &str) -> AsciiMetadataValue {
    text.try_into()
        .expect("identities are hexadecimal and method names are identifiers")
}
