//! FileSend: takes what exporters send, and hands it to their sinks.
//!
//! The daemon hears OK only after the sink has taken everything. Each sink is given one stream and no other, and what came of it
//! counts only if it is whole: a second one, at whatever time, spoils the export.
//!
//! Reads: the stream of a call. Writes: nothing itself. Unknown here: what a sink does with the bytes.
//! Source: BuildKit, `session/filesync` (service `FileSend`).

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bollard_buildkit_proto::moby::filesync::v1::{BytesMessage, file_send_server};
use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status, Streaming};

use crate::content::ReceivedBytes;
use crate::recorder::Recorder;
use crate::sink::{self, ChunkSender, Received, Sink, SinkError};

/// The attachable that serves the sinks of a solve.
pub(crate) struct FileSend {
    sinks: Vec<Option<(&'static str, Arc<dyn Sink>)>>,
    received: Inbox,
    bytes: ReceivedBytes,
    faults: Recorder<(&'static str, SinkError)>,
    alive: mpsc::Sender<Infallible>,
}

/// What sinks have received, by exporter.
#[derive(Clone)]
pub(crate) struct Inbox(Arc<Mutex<Vec<Option<Export>>>>);

/// What is known of one exporter that has a sink.
struct Export {
    exporter: &'static str,
    stream: Stream,
}

/// How far the stream of an exporter is.
enum Stream {
    /// The daemon has not opened it.
    Awaited,
    /// It has not come to its end, and never will if the session is over.
    Begun,
    Whole(Received),
    /// The daemon has opened another one.
    Doubled,
}

/// An export that cannot be believed, though the daemon reports success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExportFault {
    /// It was not sent to its end.
    NotWhole {
        /// BuildKit's name of the exporter.
        exporter: &'static str,
    },
    /// It was sent more than once.
    Doubled {
        /// BuildKit's name of the exporter.
        exporter: &'static str,
    },
}

/// How a stream ended.
enum StreamEnd {
    Complete,
    Broken,
    /// The sink stopped taking chunks; a tar is at its end before its stream is.
    SinkReturned,
}

impl FileSend {
    /// Serves `sinks`, each with the name of its exporter, by the index of the exporter in the solve. Of a sink that fails
    /// `faults` are told that name and the error; `bytes` counts what comes.
    ///
    /// The last value ends when no sink runs any more.
    pub(crate) fn new(
        sinks: Vec<Option<(&'static str, Arc<dyn Sink>)>>,
        bytes: ReceivedBytes,
        faults: Recorder<(&'static str, SinkError)>,
    ) -> (Self, Inbox, mpsc::Receiver<Infallible>) {
        let (alive, ended) = mpsc::channel(1);
        let received = Inbox::new(
            sinks
                .iter()
                .map(|sink| sink.as_ref().map(|(exporter, _)| *exporter)),
        );
        let served = Self {
            sinks,
            received: received.clone(),
            bytes,
            faults,
            alive,
        };
        (served, received, ended)
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
        let end = feed(&mut messages, sender, &self.bytes).await;
        let received = receiving.await.unwrap_or_else(|panic| Err(panic.into()));
        match (received, end) {
            (Ok(received), StreamEnd::Complete) => self.received.put(index, received),
            (Ok(received), StreamEnd::SinkReturned) => {
                while messages.message().await?.is_some() {}
                self.received.put(index, received);
            }
            // The daemon ended it, and knows why: no fault of ours.
            (_, StreamEnd::Broken) => return Err(Status::aborted("the export was broken off")),
            (Err(source), _) => return Err(self.faults.record((exporter, source))),
        }
        Ok(())
    }
}

impl Inbox {
    /// Awaits a stream of each exporter that has a name here.
    fn new(exporters: impl Iterator<Item = Option<&'static str>>) -> Self {
        let export = |exporter| Export {
            exporter,
            stream: Stream::Awaited,
        };
        let exports = exporters.map(|exporter| exporter.map(export));
        Self(Arc::new(Mutex::new(exports.collect())))
    }

    /// What has been received, in the order of the exporters.
    ///
    /// # Errors
    /// The first export of which there is not one whole stream and no other.
    pub(crate) fn take(&self) -> Result<Vec<Received>, ExportFault> {
        let exports = std::mem::take(&mut *self.lock());
        let received = exports.into_iter().flatten().map(|export| {
            let exporter = export.exporter;
            match export.stream {
                Stream::Whole(received) => Ok(received),
                Stream::Awaited | Stream::Begun => Err(ExportFault::NotWhole { exporter }),
                Stream::Doubled => Err(ExportFault::Doubled { exporter }),
            }
        });
        received.collect()
    }

    /// Whether this is the only stream of its exporter so far; one that is not gives up the one before.
    fn open(&self, index: usize) -> bool {
        let mut exports = self.lock();
        let Some(Some(export)) = exports.get_mut(index) else {
            return false;
        };
        let is_first = matches!(export.stream, Stream::Awaited);
        export.stream = if is_first {
            Stream::Begun
        } else {
            Stream::Doubled
        };
        is_first
    }

    fn put(&self, index: usize, received: Received) {
        let mut exports = self.lock();
        if let Some(Some(export)) = exports.get_mut(index)
            && matches!(export.stream, Stream::Begun)
        {
            export.stream = Stream::Whole(received);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Export>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let sink = index.and_then(|index| Some((index, self.sinks.get(index)?.clone()?)));
        let Some((index, (exporter, sink))) = sink else {
            return Err(Status::not_found("no such exporter has a sink"));
        };
        if !self.received.open(index) {
            let message = format!("exporter {index} has sent a stream already");
            return Err(Status::already_exists(message));
        }
        self.receive(index, exporter, sink, request.into_inner())
            .await?;
        Ok(Response::new(tokio_stream::empty()))
    }
}

async fn feed(
    messages: &mut Streaming<BytesMessage>,
    sender: ChunkSender,
    bytes: &ReceivedBytes,
) -> StreamEnd {
    loop {
        match messages.message().await {
            Ok(Some(message)) => {
                bytes.add(message.data.len());
                if sender.send(Bytes::from(message.data)).await.is_err() {
                    return StreamEnd::SinkReturned;
                }
            }
            Ok(None) => {
                // A sink that needs no word of the end has returned already.
                let _ = sender.end().await;
                return StreamEnd::Complete;
            }
            Err(_) => return StreamEnd::Broken,
        }
    }
}

/// The index of the exporter in the solve, if it is a number; a daemon that knows one exporter only does not name it.
fn exporter_index<T>(request: &Request<T>) -> Option<usize> {
    let Some(named) = request.metadata().get("buildkit-attachable-exporter-id") else {
        return Some(0);
    };
    named.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received() -> Received {
        Received::new(|| Ok(()))
    }

    #[test]
    fn each_exporter_with_a_sink_needs_one_whole_stream_and_no_other() {
        let inbox = || Inbox::new([Some("docker"), None, Some("tar")].into_iter());

        let whole = inbox();
        for index in [2, 0] {
            assert!(whole.open(index));
            whole.put(index, received());
        }
        assert_eq!(whole.take().map(|all| all.len()), Ok(2));

        let not_whole = inbox();
        assert!(not_whole.open(0) && not_whole.open(2));
        not_whole.put(0, received());
        assert_eq!(
            not_whole.take().err(),
            Some(ExportFault::NotWhole { exporter: "tar" })
        );

        let doubled = inbox();
        assert!(doubled.open(0));
        doubled.put(0, received());
        assert!(!doubled.open(0) && !doubled.open(1) && !doubled.open(7));
        doubled.put(0, received());
        assert_eq!(
            doubled.take().err(),
            Some(ExportFault::Doubled { exporter: "docker" })
        );
    }
}
