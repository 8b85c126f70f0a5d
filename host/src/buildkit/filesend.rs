//! FileSend: takes what exporters send, and hands it to their sinks.
//!
//! The daemon hears OK only after the sink has taken everything.
//!
//! Reads: the stream of a call. Writes: nothing itself. Unknown here: what a sink does with the bytes.
//! Source: BuildKit v0.32.2, `session/filesync` (service `FileSend`).

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bollard_buildkit_proto::moby::filesync::v1::{BytesMessage, file_send_server};
use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status, Streaming};

use crate::buildkit::recorder::Recorder;
use crate::buildkit::sink::{self, ChunkSender, Received, Sink, SinkError};

/// The attachable that serves the sinks of a solve.
pub(crate) struct FileSend {
    sinks: Vec<Option<(&'static str, Arc<dyn Sink>)>>,
    received: Inbox,
    faults: Recorder<(&'static str, SinkError)>,
    alive: mpsc::Sender<Infallible>,
}

/// What sinks have received, by exporter, in the order of the exporters.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<Mutex<Vec<(usize, Received)>>>);

/// How a stream ended.
enum End {
    Complete,
    Broken,
    /// The sink stopped taking chunks; a tar is at its end before its stream is.
    SinkReturned,
}

impl FileSend {
    /// Serves `sinks`, each with the name of its exporter, by the index of the exporter in the solve. Of a sink that fails
    /// `faults` are told that name and the error.
    ///
    /// The second value ends when no sink runs any more.
    pub(crate) fn new(
        sinks: Vec<Option<(&'static str, Arc<dyn Sink>)>>,
        received: Inbox,
        faults: Recorder<(&'static str, SinkError)>,
    ) -> (Self, mpsc::Receiver<Infallible>) {
        let (alive, ended) = mpsc::channel(1);
        (
            Self {
                sinks,
                received,
                faults,
                alive,
            },
            ended,
        )
    }

    async fn receive(
        &self,
        index: usize,
        exporter: &'static str,
        sink: Arc<dyn Sink>,
        mut messages: Streaming<BytesMessage>,
    ) -> Result<(), Status> {
        let (sender, reader) = sink::chunks();
        let alive = self.alive.clone();
        let receiving = tokio::task::spawn_blocking(move || {
            let _alive = alive;
            sink.receive(reader)
        });
        let end = feed(&mut messages, sender).await;
        let received = receiving.await.unwrap_or_else(|panic| Err(panic.into()));
        match (received, end) {
            (Ok(received), End::Complete) => self.received.put(index, received),
            (Ok(received), End::SinkReturned) => {
                while messages.message().await?.is_some() {}
                self.received.put(index, received);
            }
            // The daemon ended it, and knows why: no fault of ours.
            (_, End::Broken) => return Err(Status::aborted("the export was broken off")),
            (Err(source), _) => return Err(self.faults.record((exporter, source))),
        }
        Ok(())
    }
}

impl Inbox {
    /// What has been received until now, in the order of the exporters.
    pub(crate) fn take(&self) -> Vec<Received> {
        let mut received =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        received.sort_by_key(|(index, _)| *index);
        received.into_iter().map(|(_, received)| received).collect()
    }

    fn put(&self, index: usize, received: Received) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((index, received));
    }
}

#[tonic::async_trait]
impl file_send_server::FileSend for FileSend {
    type DiffCopyStream = tokio_stream::Empty<Result<BytesMessage, Status>>;

    async fn diff_copy(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Self::DiffCopyStream>, Status> {
        let index = exporter_index(&request);
        let Some(Some((exporter, sink))) = self.sinks.get(index).cloned() else {
            return Err(Status::not_found(format!("exporter {index} has no sink")));
        };
        self.receive(index, exporter, sink, request.into_inner())
            .await?;
        Ok(Response::new(tokio_stream::empty()))
    }
}

async fn feed(messages: &mut Streaming<BytesMessage>, sender: ChunkSender) -> End {
    loop {
        match messages.message().await {
            Ok(Some(message)) => {
                if sender.send(Bytes::from(message.data)).await.is_err() {
                    return End::SinkReturned;
                }
            }
            Ok(None) => {
                // A sink that needs no word of the end has returned already.
                let _ = sender.end().await;
                return End::Complete;
            }
            Err(_) => return End::Broken,
        }
    }
}

/// The index of the exporter in the solve; a daemon that knows one exporter only does not name it.
fn exporter_index<T>(request: &Request<T>) -> usize {
    request
        .metadata()
        .get("buildkit-attachable-exporter-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .unwrap_or(0)
}
