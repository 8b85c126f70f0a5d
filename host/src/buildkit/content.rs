//! Content: blob stores in directories, which the daemon reads and fills.
//!
//! A blob is at `blobs/sha256/<hex>` if and only if it is whole: it is written below `ingest`, verified, and renamed.
//!
//! Reads and writes: the directories of the stores. Unknown here: what the blobs are (`cache`).
//! Source: BuildKit v0.32.2, `session/content`; OCI image-spec 1.1, image-layout.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bollard_buildkit_proto::google::protobuf::Timestamp;
use bytes::Bytes;
use oci_spec::image::{Digest as BlobDigest, DigestAlgorithm};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::buildkit::containerd::{
    self, InfoRequest, InfoResponse, Messages, ReadContentRequest, ReadContentResponse,
    WriteAction, WriteContentRequest, WriteContentResponse,
};
use crate::buildkit::fault::Faults;
use crate::buildkit::local::hex;

/// Size of the pieces in which a blob is read, in bytes.
const PIECE_SIZE: usize = 256 * 1024;
/// Pieces on their way to the daemon.
const PIECES_IN_FLIGHT: usize = 4;

/// A directory of blobs in the form of an OCI layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    directory: PathBuf,
    access: Access,
}

/// What the daemon may do with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Why a store failed.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A blob that is there cannot be read.
    #[error("cannot read blob `{}`", path.display())]
    Read {
        /// The blob's file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A blob cannot be written.
    #[error("cannot write a blob to `{}`", directory.display())]
    Write {
        /// The store.
        directory: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

/// The attachable that serves stores, each by its name.
pub(crate) struct Content {
    stores: HashMap<String, Arc<Store>>,
    faults: Faults,
}

impl Store {
    /// The store in `directory`.
    pub(crate) fn new(directory: PathBuf, access: Access) -> Self {
        Self { directory, access }
    }

    /// Where a blob is, or would be.
    pub(crate) fn path(&self, digest: &BlobDigest) -> PathBuf {
        self.directory
            .join("blobs")
            .join(digest.algorithm().as_ref())
            .join(digest.digest())
    }

    fn ingest(&self) -> io::Result<Ingest> {
        let directory = self.directory.join("ingest");
        fs::create_dir_all(&directory)?;
        let file = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
            .tempfile_in(directory)?;
        Ok(Ingest {
            file,
            hash: Sha256::new(),
            written: 0,
        })
    }
}

impl Content {
    /// Serves `stores`.
    pub(crate) fn new(stores: HashMap<String, Store>, faults: Faults) -> Self {
        let stores = stores
            .into_iter()
            .map(|(name, store)| (name, Arc::new(store)))
            .collect();
        Self { stores, faults }
    }

    fn store(&self, metadata: &MetadataMap) -> Result<Arc<Store>, Status> {
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
impl containerd::Content for Content {
    async fn info(&self, request: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
        let store = self.store(request.metadata())?;
        let digest = parse(&request.get_ref().digest)?;
        let path = store.path(&digest);
        let metadata = tokio::fs::metadata(&path)
            .await
            .map_err(|error| self.unread(&path, error))?;
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map(|since| Timestamp {
            seconds: since.as_secs().cast_signed(),
            nanos: since.subsec_nanos().cast_signed(),
        });
        Ok(Response::new(InfoResponse {
            info: Some(containerd::Info {
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
        let path = store.path(&parse(&request.digest)?);
        let range = Range::new(request.offset, request.size);
        let opened = {
            let path = path.clone();
            blocking(move || range.open(&path)).await
        };
        let blob = opened.map_err(|error| self.unread(&path, error))?;

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
        let store = self.store(request.metadata())?;
        if store.access != Access::Write {
            return Err(Status::permission_denied(
                "the store is offered for reading",
            ));
        }
        let (answers, stream) = mpsc::channel(1);
        let faults = self.faults.clone();
        let mut requests = request.into_inner();
        tokio::spawn(async move {
            let write = take(&store, &mut requests, &answers, &faults);
            if let Err(status) = write.await {
                let _ = answers.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

impl Content {
    /// What to answer for a blob that cannot be opened; that it is missing is no fault.
    fn unread(&self, path: &Path, error: io::Error) -> Status {
        if error.kind() == io::ErrorKind::NotFound {
            return Status::not_found(format!("no blob `{}`", path.display()));
        }
        self.faults.record(ContentError::Read {
            path: path.to_owned(),
            source: error,
        })
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

    fn open(self, path: &Path) -> io::Result<io::Take<File>> {
        let mut file = File::open(path)?;
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

/// A blob that is being written. Dropping it removes what is there.
struct Ingest {
    file: NamedTempFile,
    hash: Sha256,
    written: u64,
}

impl Ingest {
    /// Writes at `offset`, which is the end of what was written, or 0 to begin anew.
    fn write(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset == 0 && self.written > 0 {
            self.file.as_file().set_len(0)?;
            self.file.rewind()?;
            self.hash = Sha256::new();
            self.written = 0;
        }
        self.file.write_all(data)?;
        self.hash.update(data);
        self.written += data.len() as u64;
        Ok(())
    }

    fn digest(&self) -> String {
        format!("sha256:{}", hex(&self.hash.clone().finalize()))
    }

    fn commit(self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path.parent().expect("a blob's path is below its store"))?;
        self.file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Takes one blob, message by message, each answered before the next.
async fn take(
    store: &Arc<Store>,
    requests: &mut Streaming<WriteContentRequest>,
    answers: &mpsc::Sender<Result<WriteContentResponse, Status>>,
    faults: &Faults,
) -> Result<(), Status> {
    let unwritten = |source| {
        faults.record(ContentError::Write {
            directory: store.directory.clone(),
            source,
        })
    };
    let mut ingest = blocking({
        let store = Arc::clone(store);
        move || store.ingest()
    })
    .await
    .map_err(unwritten)?;
    let mut total = 0;
    while let Some(request) = requests.message().await? {
        let action = request.action();
        if request.total > 0 {
            total = request.total;
        }
        refuse_present(store, &request).await?;
        if action != WriteAction::Stat {
            check_offset(&request, ingest.written)?;
            let (offset, data) = (request.offset.cast_unsigned(), request.data);
            ingest = blocking(move || ingest.write(offset, &data).map(|()| ingest))
                .await
                .map_err(unwritten)?;
        }
        let mut answer = WriteContentResponse {
            action: request.action,
            started_at: Some(Timestamp::default()),
            updated_at: Some(Timestamp::default()),
            offset: ingest.written.cast_signed(),
            total,
            digest: String::new(),
        };
        if action == WriteAction::Commit {
            answer.digest = ingest.digest();
            let digest = check_commit(&answer, &request.expected)?;
            let path = store.path(&digest);
            blocking(move || ingest.commit(&path))
                .await
                .map_err(unwritten)?;
            let _ = answers.send(Ok(answer)).await;
            return Ok(());
        }
        if answers.send(Ok(answer)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// A blob that is there is not written again; the daemon takes this answer for success.
async fn refuse_present(store: &Store, request: &WriteContentRequest) -> Result<(), Status> {
    if request.expected.is_empty() {
        return Ok(());
    }
    let path = store.path(&parse(&request.expected)?);
    // One of another size is damaged, and is replaced.
    let present = tokio::fs::metadata(&path)
        .await
        .is_ok_and(|blob| request.total <= 0 || blob.len() == request.total.cast_unsigned());
    if present {
        return Err(Status::already_exists(format!(
            "blob {} is there",
            request.expected
        )));
    }
    Ok(())
}

fn check_offset(request: &WriteContentRequest, written: u64) -> Result<(), Status> {
    if request.offset == 0
        && request.action() == WriteAction::Commit
        && request.data.is_empty()
        && written > 0
    {
        return Err(Status::out_of_range(
            "a commit at offset 0 would drop what was written",
        ));
    }
    if request.offset != 0 && u64::try_from(request.offset) != Ok(written) {
        return Err(Status::out_of_range(format!(
            "{} is not the end of the {written} bytes written",
            request.offset
        )));
    }
    Ok(())
}

fn check_commit(answer: &WriteContentResponse, expected: &str) -> Result<BlobDigest, Status> {
    if answer.total > 0 && answer.total != answer.offset {
        let message = format!(
            "the blob has {} bytes, {} were announced",
            answer.offset, answer.total
        );
        return Err(Status::failed_precondition(message));
    }
    if !expected.is_empty() && answer.digest != expected {
        let message = format!("the blob is {}, {expected} was announced", answer.digest);
        return Err(Status::failed_precondition(message));
    }
    parse(&answer.digest)
}

/// A digest whose parts are safe as names of files.
fn parse(digest: &str) -> Result<BlobDigest, Status> {
    BlobDigest::from_str(digest)
        .ok()
        .filter(|digest| *digest.algorithm() == DigestAlgorithm::Sha256)
        .ok_or_else(|| Status::invalid_argument(format!("`{digest}` is not a sha256 digest")))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| Err(io::Error::other(panic)))
}
