//! FileSync: sends the locals of a solve to the daemon.
//!
//! The daemon asks, we answer: no file leaves that it did not request. A file that cannot be read fails the solve with
//! its path; the daemon hears of it in a packet, and the typed error stays with the session's faults.
//!
//! This serves HTTP itself and not through a generated service, because paths are bytes while the generated packets
//! hold strings, and because several packets share one frame of the transport without being copied.
//!
//! Reads: the directories that the solve names as locals. Writes: nothing. Unknown here: requests, exporters.
//! Source: BuildKit, `session/filesync`; fsutil at 6d9dc2ebad62 (`send.go`).

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use hyper::body::{Body, Frame};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinSet, spawn_blocking};
use tonic::Status;
use tonic::server::NamedService;
use tower::Service;

use crate::context::dated::Dated;
use crate::context::filesync::error::FileSyncError;
use crate::context::filesync::header::values;
use crate::context::filesync::packet::{self, Incoming, Packets};
use crate::context::filesync::requests::Requests;
use crate::context::filesync::send::send;
use crate::context::filesync::tally::Tally;
use crate::context::identity::Known;
use crate::context::local::{Local, LocalQuestion};
use crate::context::walk::Patterns;
use crate::recorder::Recorder;

/// Buffers on their way to the transport.
// Each is at most a chunk of a file, so this bounds the memory of a call.
const BUFFERS_IN_FLIGHT: usize = 8;

/// Transfers that run at the same time, each with its threads and buffers; more wait.
// A build makes three, and one for each local that it names besides.
const TRANSFERS_AT_ONCE: usize = 8;

/// The attachable that serves locals.
#[derive(Clone)]
pub(crate) struct FileSync {
    locals: Arc<[Local]>,
    transfers: Arc<Semaphore>,
    faults: Recorder<(String, FileSyncError)>,
    tally: Tally,
    known: Option<Arc<Known>>,
    dated: Option<Arc<Dated>>,
}

impl FileSync {
    /// Serves these locals; the name of one that cannot be sent goes to `faults`, with the reason.
    pub(crate) fn new(locals: Vec<Local>, faults: Recorder<(String, FileSyncError)>) -> Self {
        Self {
            locals: locals.into(),
            transfers: Arc::new(Semaphore::new(TRANSFERS_AT_ONCE)),
            faults,
            tally: Tally::default(),
            known: None,
            dated: None,
        }
    }

    /// The same, counted, in a session that the daemon knows by what is served.
    pub(crate) fn known_by(self, known: Option<Arc<Known>>, tally: Tally) -> Self {
        Self {
            tally,
            known,
            ..self
        }
    }

    /// The same, with the times of a checkout.
    pub(crate) fn dated_by(self, dated: Option<Arc<Dated>>) -> Self {
        Self { dated, ..self }
    }

    fn diff_copy<B>(&self, request: http::Request<B>) -> Result<Outgoing, Status>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let headers = request.headers();
        let name = values(headers, "dir-name")
            .into_iter()
            .next()
            .unwrap_or_default();
        let local = self
            .locals
            .iter()
            .find(|local| local.name.as_bytes() == name);
        let local = local.ok_or_else(|| {
            let name = String::from_utf8_lossy(&name);
            Status::not_found(format!("no local `{name}` is offered to the daemon"))
        })?;
        let patterns = Patterns {
            include: values(headers, "include-patterns"),
            exclude: values(headers, "exclude-patterns"),
            follow: values(headers, "followpaths"),
        };
        let (sender, buffers) = mpsc::channel(BUFFERS_IN_FLIGHT);
        let call = Call {
            question: LocalQuestion {
                local: local.clone(),
                patterns,
            },
            transfers: Arc::clone(&self.transfers),
            faults: self.faults.clone(),
            tally: self.tally.clone(),
            known: self.known.clone(),
            dated: self.dated.clone(),
            buffers: sender,
        };
        let mut answering = JoinSet::new();
        answering.spawn(call.answer(Packets::new(request.into_body())));
        Ok(Outgoing {
            buffers,
            ended: false,
            _answering: answering,
        })
    }
}

impl NamedService for FileSync {
    const NAME: &'static str = "moby.filesync.v1.FileSync";
}

impl<B> Service<http::Request<B>> for FileSync
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let answer = match request.uri().path() {
            "/moby.filesync.v1.FileSync/DiffCopy" => self.diff_copy(request),
            other => Err(Status::unimplemented(format!("no method `{other}`"))),
        };
        ready(Ok(answer.map_or_else(Status::into_http, |outgoing| {
            let mut response = http::Response::new(tonic::body::Body::new(outgoing));
            let grpc = HeaderValue::from_static("application/grpc");
            response.headers_mut().insert(header::CONTENT_TYPE, grpc);
            response
        })))
    }
}

/// One call of the daemon, for one local.
struct Call {
    question: LocalQuestion,
    transfers: Arc<Semaphore>,
    faults: Recorder<(String, FileSyncError)>,
    tally: Tally,
    known: Option<Arc<Known>>,
    dated: Option<Arc<Dated>>,
    buffers: mpsc::Sender<Result<Bytes, Status>>,
}

impl Call {
    /// Lists and sends until the daemon has what it wants, or until one side gives up.
    async fn answer<B: Body<Data = Bytes> + Unpin>(self, mut packets: Packets<B>) {
        let turn = tokio::select! {
            turn = Arc::clone(&self.transfers).acquire_owned() => turn,
            () = self.buffers.closed() => return,
        };
        let _turn = turn.expect("nobody closes this semaphore");
        let requests = Arc::new(Requests::default());
        // However this ends, the threads that wait for requests must end too.
        let _close = CloseOnDrop(Arc::clone(&requests));
        let mut sending = {
            let (requests, buffers) = (Arc::clone(&requests), self.buffers.clone());
            let (question, tally) = (self.question.clone(), self.tally.clone());
            let (known, dated) = (self.known.clone(), self.dated.clone());
            spawn_blocking(move || {
                tally.transfer();
                let LocalQuestion { local, patterns } = &question;
                if let Some(known) = known {
                    let admitted = known.admit(&local.name, patterns);
                    admitted.map_err(|source| FileSyncError::Identity { source })?;
                }
                let dated = dated.as_ref();
                let dated = dated.and_then(|dated| dated.of(&local.name, patterns));
                send(&question, &requests, &buffers, &tally, dated)
            })
        };
        let (finished, sent) = tokio::select! {
            sent = &mut sending => (false, sent),
            finished = listen(&mut packets, &requests) => {
                requests.close();
                (finished, sending.await)
            }
            () = self.buffers.closed() => return,
        };
        match sent {
            Ok(Err(error)) => self.fail(error).await,
            // Without a receiver there is nobody to tell.
            Ok(Ok(())) if finished => drop(self.buffers.send(Ok(packet::finish())).await),
            // It broke off, or a panic here did, which has been printed.
            Ok(Ok(())) | Err(_) => {
                let status = Status::cancelled("the transfer was broken off");
                let _ = self.buffers.send(Err(status)).await;
            }
        }
    }

    async fn fail(self, source: FileSyncError) {
        let status = self.faults.record((self.question.local.name, source));
        let error = packet::error(status.message());
        // Without a receiver the fault is recorded all the same.
        let _ = self.buffers.send(Ok(error)).await;
        let _ = self.buffers.send(Err(status)).await;
    }
}

/// Takes the daemon's requests until it has finished, which is `true`, or has given up.
async fn listen<B: Body<Data = Bytes> + Unpin>(
    packets: &mut Packets<B>,
    requests: &Requests,
) -> bool {
    while let Some(packet) = packets.next().await {
        match packet {
            Incoming::Request(id) => requests.push(id),
            Incoming::Finish => return true,
            // The daemon knows what went wrong on its side, and fails the solve with it.
            Incoming::Error => return false,
        }
    }
    false
}

struct CloseOnDrop(Arc<Requests>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The body of a response: buffers of whole packets, then the status.
struct Outgoing {
    buffers: mpsc::Receiver<Result<Bytes, Status>>,
    ended: bool,
    /// Ends with the response: nobody else waits for it.
    _answering: JoinSet<()>,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let status = match ready!(self.buffers.poll_recv(context)) {
            Some(Ok(buffer)) => return Poll::Ready(Some(Ok(Frame::data(buffer)))),
            Some(Err(status)) => status,
            None => Status::ok(""),
        };
        self.ended = true;
        let mut trailers = HeaderMap::new();
        if status.add_header(&mut trailers).is_err() {
            // Only a message that is no header value gets here; the packet before it said the same.
            trailers.insert(Status::GRPC_STATUS, HeaderValue::from(status.code() as i32));
        }
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

#[cfg(test)]
mod tests;
