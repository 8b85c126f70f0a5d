//! Ingest: takes a blob from the daemon, and compares it with its digest before it is kept.
//!
//! Each message is answered before the next is read; a write that is cut short leaves nothing and is never resumed.
//!
//! Reads and writes: through an intake. Unknown here: what becomes of blobs (`intake`), who asks (`service`).
//! Source: containerd API 1.11, `services/content/v1/content.proto` (`Write`).

use std::io;
use std::sync::Arc;

use bollard_buildkit_proto::google::protobuf::Timestamp;
use oci_spec::image::Digest as BlobDigest;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use crate::content::containerd::{WriteAction, WriteContentRequest, WriteContentResponse};
use crate::content::intake::{IncomingBlob, Intake};
use crate::content::received_bytes::ReceivedBytes;
use crate::content::store::{ContentError, parse};
use crate::recorder::Recorder;
use oci_image_boundary::blocking::blocking;
use oci_image_boundary::hex::hex;

/// A blob that is being written. Dropping it removes what is there.
struct Ingest {
    intake: Arc<dyn Intake>,
    announced: Announced,
    incoming: Box<dyn IncomingBlob>,
    hash: Sha256,
    written: u64,
}

/// What the daemon says of a blob before it comes.
#[derive(Clone)]
struct Announced {
    digest: Option<BlobDigest>,
    size: Option<u64>,
}

impl Announced {
    fn of(request: &WriteContentRequest) -> Result<Self, Status> {
        let digest = match request.expected.as_str() {
            "" => None,
            expected => Some(parse(expected)?),
        };
        let size = u64::try_from(request.total).ok().filter(|size| *size > 0);
        Ok(Self { digest, size })
    }
}

impl Ingest {
    /// An empty blob, which is there as long as its intake is; `None` if the intake has it.
    fn begin(intake: Arc<dyn Intake>, announced: Announced) -> io::Result<Option<Self>> {
        let incoming = intake.begin(announced.digest.as_ref(), announced.size)?;
        Ok(incoming.map(|incoming| Self {
            intake,
            announced,
            incoming,
            hash: Sha256::new(),
            written: 0,
        }))
    }

    /// Writes at `offset`, which is the end of what was written, or 0 to begin anew.
    fn write(mut self, offset: u64, data: &[u8]) -> io::Result<Self> {
        if offset == 0 && self.written > 0 {
            self = self.anew()?;
        }
        self.incoming.write(data)?;
        self.hash.update(data);
        self.written += data.len() as u64;
        Ok(self)
    }

    fn anew(self) -> io::Result<Self> {
        let Self {
            intake,
            announced,
            incoming,
            ..
        } = self;
        // What was begun goes first: it may be what keeps others from beginning.
        drop(incoming);
        let begun = Self::begin(intake, announced)?;
        begun.ok_or_else(|| io::Error::other("another write has brought the blob meanwhile"))
    }

    fn digest(&self) -> String {
        format!("sha256:{}", hex(&self.hash.clone().finalize()))
    }

    fn commit(self, digest: &BlobDigest) -> io::Result<()> {
        self.incoming.commit(digest)
    }
}

/// Takes one blob, message by message, each answered before the next; says how many bytes of it came.
pub(crate) async fn take(
    intake: &Arc<dyn Intake>,
    requests: &mut Streaming<WriteContentRequest>,
    answers: &mpsc::Sender<Result<WriteContentResponse, Status>>,
    faults: &Recorder<ContentError>,
    received: &ReceivedBytes,
) -> Result<(), Status> {
    let unwritten = |source| {
        faults.record(ContentError::Write {
            directory: intake.path().to_owned(),
            source,
        })
    };
    let mut total = 0;
    let mut begun: Option<Ingest> = None;
    while let Some(request) = requests.message().await? {
        let action = request.action();
        if request.total > 0 {
            total = request.total;
        }
        let mut ingest = match begun.take() {
            Some(ingest) => ingest,
            None => {
                let announced = Announced::of(&request)?;
                let intake = Arc::clone(intake);
                let begun = blocking(move || Ingest::begin(intake, announced)).await;
                // The daemon takes this answer for success.
                begun.map_err(unwritten)?.ok_or_else(|| {
                    Status::already_exists(format!("blob {} is there", request.expected))
                })?
            }
        };
        if action != WriteAction::Stat {
            check_offset(&request, ingest.written)?;
            received.add(request.data.len());
            let (offset, data) = (request.offset.cast_unsigned(), request.data);
            ingest = blocking(move || ingest.write(offset, &data))
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
            blocking(move || ingest.commit(&digest))
                .await
                .map_err(unwritten)?;
            let _ = answers.send(Ok(answer)).await;
            return Ok(());
        }
        begun = Some(ingest);
        if answers.send(Ok(answer)).await.is_err() {
            return Ok(());
        }
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

#[cfg(test)]
mod tests {
    use oci_image_boundary::handle::Directory;

    use super::*;
    use crate::content::layout::Layout;
    use crate::content::store::Access;

    #[test]
    fn a_blob_is_written_anew_at_offset_0_and_gets_its_name_by_its_digest() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(Directory::open(directory.path()).unwrap());
        layout.create().unwrap();
        let announced = Announced {
            digest: None,
            size: None,
        };
        let intake: Arc<dyn Intake> = Arc::new(layout.store(Access::Write));
        let ingest = Ingest::begin(Arc::clone(&intake), announced).unwrap();

        let ingest = ingest.unwrap().write(0, b"wrong").unwrap();
        let ingest = ingest.write(0, b"ab").unwrap().write(2, b"c").unwrap();

        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = format!("sha256:{hex}");
        assert_eq!(ingest.digest(), digest);
        ingest.commit(&parse(&digest).unwrap()).unwrap();
        let written = std::fs::read(directory.path().join("blobs/sha256").join(hex));
        assert_eq!(written.unwrap(), b"abc");
        let again = Announced {
            digest: Some(parse(&digest).unwrap()),
            size: Some(3),
        };
        assert!(Ingest::begin(intake, again).unwrap().is_none());
    }

    #[test]
    fn a_blob_that_is_not_what_was_announced_is_refused() {
        let answer = |offset, total| WriteContentResponse {
            offset,
            total,
            digest: format!("sha256:{}", "a".repeat(64)),
            ..WriteContentResponse::default()
        };
        let other = format!("sha256:{}", "b".repeat(64));

        let short = check_commit(&answer(3, 4), "").unwrap_err();
        let changed = check_commit(&answer(3, 3), &other).unwrap_err();

        assert_eq!(short.message(), "the blob has 3 bytes, 4 were announced");
        let message = format!(
            "the blob is sha256:{}, {other} was announced",
            "a".repeat(64)
        );
        assert_eq!(changed.message(), message);
        assert!(check_commit(&answer(3, 0), "").is_ok());
    }

    #[test]
    fn a_write_that_leaves_a_gap_is_refused() {
        let at = |offset| WriteContentRequest {
            action: 1,
            offset,
            ..WriteContentRequest::default()
        };

        assert!(check_offset(&at(5), 5).is_ok());
        assert!(check_offset(&at(0), 5).is_ok());
        assert_eq!(
            check_offset(&at(6), 5).unwrap_err().message(),
            "6 is not the end of the 5 bytes written"
        );
        assert!(check_offset(&at(-1), 5).is_err());
    }
}
