//! Content: the attachable by which the daemon reads and fills stores.
//!
//! Reads and writes: the directories of the stores. Unknown here: what the blobs are (`cache`).
//! Source: BuildKit, `session/content`.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use bollard_buildkit_proto::google::protobuf::Timestamp;
use bytes::Bytes;
use oci_spec::image::Digest as BlobDigest;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::content::containerd::{
    self, InfoRequest, InfoResponse, Messages, ReadContentRequest, ReadContentResponse,
    WriteContentRequest, WriteContentResponse,
};
use crate::content::ingest;
use crate::content::intake::Intake;
use crate::content::received_bytes::ReceivedBytes;
use crate::content::store::{Access, ContentError, Store, parse};
use crate::recorder::Recorder;
use oci_image_boundary::blocking::blocking;
use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::hex::hex;

/// Size of the pieces in which a blob is read, in bytes.
const PIECE_SIZE: usize = 256 * 1024;
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
#[derive(Clone)]
pub(crate) enum Offered {
    /// Read it, and fill it if its access says so.
    Store(Arc<Store>),
    /// Fill it.
    Intake(Arc<dyn Intake>),
}

impl From<Store> for Offered {
    fn from(store: Store) -> Self {
        Self::Store(Arc::new(store))
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
    fn store(&self, metadata: &MetadataMap) -> Result<Arc<Store>, Status> {
        match self.offered(metadata)? {
            Offered::Store(store) => Ok(store),
            Offered::Intake(_) => Err(Status::not_found("the store is offered for writing")),
        }
    }

    /// A store that is filled.
    fn intake(&self, metadata: &MetadataMap) -> Result<Arc<dyn Intake>, Status> {
        match self.offered(metadata)? {
            Offered::Intake(intake) => Ok(intake),
            Offered::Store(store) if store.access() == Access::Write => Ok(store),
            Offered::Store(_) => Err(Status::permission_denied(
                "the store is offered for reading",
            )),
        }
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
        let store = self.store(request.metadata())?;
        let digest = parse(&request.get_ref().digest)?;
        let metadata = blocking({
            let (store, digest) = (Arc::clone(&store), digest.clone());
            move || store.open(&digest)?.metadata()
        })
        .await
        .map_err(|error| self.unread(&store, &digest, error))?;
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map(|since| Timestamp {
            seconds: since.as_secs().cast_signed(),
            nanos: since.subsec_nanos().cast_signed(),
        });
        Ok(Response::new(InfoResponse {
            info: Some(containerd::BlobInfo {
                digest: digest.to_string(),
                size: metadata.len().cast_signed(),
                created_at: modified,
                updated_at: modified,
            }),
        }))
    }

    async fn read(
        &self,
        request: Request<ReadContentRequest>,
    ) -> Result<Response<Messages<ReadContentResponse>>, Status> {
        let store = self.store(request.metadata())?;
        let request = request.into_inner();
        let digest = parse(&request.digest)?;
        let range = Range::new(request.offset, request.size);
        self.verify(&store, &digest).await?;
        let opened = {
            let (store, digest) = (Arc::clone(&store), digest.clone());
            blocking(move || range.of(store.open(&digest)?)).await
        };
        let blob = opened.map_err(|error| self.unread(&store, &digest, error))?;
        let path = store.path(&digest);

        let (pieces, stream) = mpsc::channel(PIECES_IN_FLIGHT);
        let faults = self.faults.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(source) = send_pieces(blob, &pieces) {
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
    /// Compares a blob with its digest, before it is read for the first time.
    // The daemon reads in ranges, so the comparison cannot be made on the way.
    async fn verify(&self, store: &Arc<Store>, digest: &BlobDigest) -> Result<(), Status> {
        let path = store.path(digest);
        if store.access() != Access::ReadVerified || self.is_verified(&path) {
            return Ok(());
        }
        let blob = (Arc::clone(store), digest.clone());
        // Layers are large, and the daemon may hang up meanwhile.
        let cancel = Cancel::default();
        let _cancels = cancel.on_drop();
        let found = blocking(move || {
            let mut hash = Sha256::new();
            let mut hashing = HashWriter(&mut hash, cancel);
            io::copy(&mut blob.0.open(&blob.1)?, &mut hashing)?;
            Ok(hex(&hash.finalize()))
        })
        .await
        .map_err(|error| self.unread(store, digest, error))?;
        if found != digest.digest() {
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

    /// What to answer for a blob that cannot be opened; that it is missing is no fault.
    fn unread(&self, store: &Store, digest: &BlobDigest, source: io::Error) -> Status {
        let path = store.path(digest);
        if source.kind() == io::ErrorKind::NotFound {
            return Status::not_found(format!("no blob `{}`", path.display()));
        }
        self.faults.record(ContentError::Read { path, source })
    }
}

/// Hashes what is written, for as long as somebody wants it.
struct HashWriter<'a>(&'a mut Sha256, Cancel);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.check()?;
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A part of a blob: from an offset, at most so many bytes.
#[derive(Clone, Copy)]
struct Range {
    offset: u64,
    size: u64,
}

impl Range {
    /// The wire's form: what is negative starts at the beginning, what is not positive goes to the end.
    fn new(offset: i64, size: i64) -> Self {
        let size = u64::try_from(size)
            .ok()
            .filter(|size| *size > 0)
            .unwrap_or(u64::MAX);
        Self {
            offset: u64::try_from(offset).unwrap_or(0),
            size,
        }
    }

    fn of(self, mut file: File) -> io::Result<io::Take<File>> {
        file.seek(SeekFrom::Start(self.offset))?;
        Ok(file.take(self.size))
    }
}

fn send_pieces(
    mut blob: io::Take<File>,
    pieces: &mpsc::Sender<Result<ReadContentResponse, Status>>,
) -> io::Result<()> {
    let mut offset = 0;
    loop {
        let size = usize::try_from(blob.limit())
            .unwrap_or(PIECE_SIZE)
            .min(PIECE_SIZE);
        let mut piece = Vec::with_capacity(size);
        blob.by_ref().take(size as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Ok(());
        }
        let length = piece.len() as i64;
        let message = ReadContentResponse {
            offset,
            data: Bytes::from(piece),
        };
        if pieces.blocking_send(Ok(message)).is_err() {
            return Ok(());
        }
        offset += length;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_range_is_read_as_the_wire_has_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "0123456789").unwrap();
        let read = |offset, size| {
            let mut text = String::new();
            Range::new(offset, size)
                .of(File::open(file.path()).unwrap())
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            text
        };

        assert_eq!(read(0, 0), "0123456789");
        assert_eq!(read(3, 4), "3456");
        assert_eq!(read(8, 100), "89");
        assert_eq!(read(-1, -1), "0123456789");
        assert_eq!(read(100, 1), "");
    }
}
