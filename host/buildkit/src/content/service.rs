//! Content: the attachable by which the daemon reads and fills stores.
//!
//! Reads and writes: the directories of the stores. Unknown here: what the blobs are (`cache`).
//! Source: BuildKit, `session/content`.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use oci_spec::image::Digest as BlobDigest;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::content::containerd::{
    self, InfoRequest, InfoResponse, Messages, ReadContentRequest, ReadContentResponse,
    WriteContentRequest, WriteContentResponse,
};
use crate::content::intake::Intake;
use crate::content::received_bytes::ReceivedBytes;
use crate::content::source::{BlobSource, OpenBlob};
use crate::content::store::{Access, ContentError, Store, parse_any};
use crate::content::{ingest, part};
use crate::recorder::Recorder;
use oci_image_boundary::blocking::blocking;
use oci_image_boundary::cancel::Cancel;

/// Pieces on their way to the daemon.
const PIECES_IN_FLIGHT: usize = 4;
/// Blobs that are written at the same time, each of which has one message of the daemon in memory; more wait.
const WRITES_AT_ONCE: usize = 8;

/// The attachable that serves stores, each by its name.
pub(crate) struct Content {
    stores: HashMap<String, Offered>,
    verified: Mutex<HashSet<PathBuf>>,
    writes: Arc<Semaphore>,
    received: ReceivedBytes,
    faults: Recorder<ContentError>,
}

/// What the daemon may do with a store that it is offered.
#[derive(Clone, Default)]
pub(crate) struct Offered {
    /// What it may read.
    source: Option<Arc<dyn BlobSource>>,
    /// What it may fill.
    intake: Option<Arc<dyn Intake>>,
}

impl From<Store> for Offered {
    fn from(store: Store) -> Self {
        let is_filled = store.access() == Access::Write;
        let store = Arc::new(store);
        Self {
            intake: is_filled.then(|| Arc::clone(&store) as Arc<dyn Intake>),
            source: Some(store),
        }
    }
}

impl From<Arc<dyn BlobSource>> for Offered {
    fn from(source: Arc<dyn BlobSource>) -> Self {
        Self {
            source: Some(source),
            intake: None,
        }
    }
}

impl From<Arc<dyn Intake>> for Offered {
    fn from(intake: Arc<dyn Intake>) -> Self {
        Self {
            source: None,
            intake: Some(intake),
        }
    }
}

impl Content {
    /// Serves `stores`, and counts what comes.
    pub(crate) fn new(
        stores: HashMap<String, Offered>,
        received: ReceivedBytes,
        faults: Recorder<ContentError>,
    ) -> Self {
        Self {
            stores,
            verified: Mutex::default(),
            writes: Arc::new(Semaphore::new(WRITES_AT_ONCE)),
            received,
            faults,
        }
    }

    /// A store that is read.
    fn source(&self, metadata: &MetadataMap) -> Result<Arc<dyn BlobSource>, Status> {
        let source = self.offered(metadata)?.source;
        source.ok_or_else(|| Status::not_found("the store is offered for writing"))
    }

    /// A store that is filled.
    fn intake(&self, metadata: &MetadataMap) -> Result<Arc<dyn Intake>, Status> {
        let intake = self.offered(metadata)?.intake;
        intake.ok_or_else(|| Status::permission_denied("the store is offered for reading"))
    }

    fn offered(&self, metadata: &MetadataMap) -> Result<Offered, Status> {
        let name = metadata
            .get("buildkit-attachable-store-id")
            .and_then(|name| name.to_str().ok())
            .ok_or_else(|| Status::invalid_argument("the call names no store"))?;
        self.stores
            .get(name)
            .cloned()
            .ok_or_else(|| Status::not_found(format!("no store `{name}` is offered")))
    }
}

#[tonic::async_trait]
impl containerd::ContentService for Content {
    async fn info(&self, request: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
        let source = self.source(request.metadata())?;
        let digest = parse_any(&request.get_ref().digest)?;
        let blob = self.open(&source, &digest).await?;
        Ok(Response::new(InfoResponse {
            info: Some(containerd::BlobInfo {
                digest: digest.to_string(),
                size: blob.size().cast_signed(),
            }),
        }))
    }

    async fn read(
        &self,
        request: Request<ReadContentRequest>,
    ) -> Result<Response<Messages<ReadContentResponse>>, Status> {
        let source = self.source(request.metadata())?;
        let request = request.into_inner();
        let digest = parse_any(&request.digest)?;
        if source.is_doubted() {
            self.verify(&source, &digest).await?;
        }
        let blob = self.open(&source, &digest).await?;
        let part = part::part(request.offset, request.size, blob.size());
        let path = source.path(&digest);

        let (pieces, stream) = mpsc::channel(PIECES_IN_FLIGHT);
        let faults = self.faults.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(source) = part::send(&*blob, part, &pieces) {
                let status = faults.record(ContentError::Read { path, source });
                // The daemon may have hung up; then it does not want to know either.
                let _ = pieces.blocking_send(Err(status));
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn write(
        &self,
        request: Request<Streaming<WriteContentRequest>>,
    ) -> Result<Response<Messages<WriteContentResponse>>, Status> {
        let intake = self.intake(request.metadata())?;
        let (answers, stream) = mpsc::channel(1);
        let (faults, received) = (self.faults.clone(), self.received.clone());
        let mut requests = request.into_inner();
        let writes = Arc::clone(&self.writes);
        tokio::spawn(async move {
            let turn = tokio::select! {
                turn = writes.acquire_owned() => turn,
                () = answers.closed() => return,
            };
            let _turn = turn.expect("nobody closes this semaphore");
            let write = ingest::take(&intake, &mut requests, &answers, &faults, &received);
            if let Err(status) = write.await {
                let _ = answers.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

impl Content {
    /// Opens a blob; that it is missing is no fault.
    async fn open(
        &self,
        source: &Arc<dyn BlobSource>,
        digest: &BlobDigest,
    ) -> Result<Box<dyn OpenBlob>, Status> {
        let opened = {
            let (source, digest) = (Arc::clone(source), digest.clone());
            blocking(move || source.open(&digest)).await
        };
        match opened {
            Ok(Some(blob)) => Ok(blob),
            Ok(None) => Err(Status::not_found(format!("blob {digest}: not found"))),
            Err(error) => Err(self.unread(source.path(digest), error)),
        }
    }

    /// Compares a blob with its digest, before it is read for the first time.
    // The daemon reads in ranges, so the comparison cannot be made on the way.
    async fn verify(
        &self,
        source: &Arc<dyn BlobSource>,
        digest: &BlobDigest,
    ) -> Result<(), Status> {
        let path = source.path(digest);
        if self.is_verified(&path) {
            return Ok(());
        }
        let blob = self.open(source, digest).await?;
        let digest = digest.clone();
        // Layers are large, and the daemon may hang up meanwhile.
        let cancel = Cancel::default();
        let _cancels = cancel.on_drop();
        let is_whole = blocking(move || part::is_whole(&*blob, &digest, &cancel)).await;
        if !is_whole.map_err(|error| self.unread(path.clone(), error))? {
            return Err(self.faults.record(ContentError::Damaged { path }));
        }
        self.verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path);
        Ok(())
    }

    fn is_verified(&self, path: &PathBuf) -> bool {
        self.verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(path)
    }

    /// What to answer for a blob that cannot be read.
    fn unread(&self, path: PathBuf, source: io::Error) -> Status {
        self.faults.record(ContentError::Read { path, source })
    }
}
