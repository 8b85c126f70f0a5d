//! Ingest: takes a blob from the daemon into a store.
//!
//! What is written has no name until it is compared with its digest. Each message is answered before the next is read; a
//! write that is cut short leaves nothing and is never resumed. Directories are the store's to make: one that is given up
//! while a write goes on stays away.
//!
//! Reads and writes: `ingest` and `blobs` of a store. Unknown here: which store (`content`).
//! Source: containerd API 1.11, `services/content/v1/content.proto` (`Write`).

use std::io::{self, Seek, Write};
use std::sync::Arc;

use bollard_buildkit_proto::google::protobuf::Timestamp;
use oci_spec::image::Digest as BlobDigest;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use crate::content::containerd::{WriteAction, WriteContentRequest, WriteContentResponse};
use crate::content::layout::{BLOBS, INGEST};
use crate::content::store::{ContentError, Store, parse};
use crate::recorder::Recorder;
use oci_image_boundary::blocking::blocking;
use oci_image_boundary::handle::{Directory, PartialFile};
use oci_image_boundary::hex::hex;

/// A blob that is being written. Dropping it removes what is there.
struct Ingest {
    partial: PartialFile,
    hash: Sha256,
    written: u64,
}

impl Ingest {
    /// An empty blob below `directory`, which is there as long as its store is.
    fn new(directory: &Directory) -> io::Result<Self> {
        Ok(Self {
            partial: PartialFile::new(directory, ".tmp".as_ref())?,
            hash: Sha256::new(),
            written: 0,
        })
    }

    /// Writes at `offset`, which is the end of what was written, or 0 to begin anew.
    fn write(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset == 0 && self.written > 0 {
            self.partial.file.set_len(0)?;
            self.partial.file.rewind()?;
            self.hash = Sha256::new();
            self.written = 0;
        }
        self.partial.file.write_all(data)?;
        self.hash.update(data);
        self.written += data.len() as u64;
        Ok(())
    }

    fn digest(&self) -> String {
        format!("sha256:{}", hex(&self.hash.clone().finalize()))
    }

    fn commit(self, directory: &Directory, name: &str) -> io::Result<()> {
        self.partial.put(directory, name.as_ref())
    }
}

/// Takes one blob, message by message, each answered before the next.
pub(crate) async fn take(
    store: &Arc<Store>,
    requests: &mut Streaming<WriteContentRequest>,
    answers: &mpsc::Sender<Result<WriteContentResponse, Status>>,
    faults: &Recorder<ContentError>,
) -> Result<(), Status> {
    let unwritten = |source| {
        faults.record(ContentError::Write {
            directory: store.directory().path().to_owned(),
            source,
        })
    };
    let mut ingest = blocking({
        let store = Arc::clone(store);
        move || Ingest::new(&store.directory().own_directory(INGEST)?)
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
            let directory = store.directory().clone();
            blocking(move || ingest.commit(&directory.own_directory(BLOBS)?, digest.digest()))
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
async fn refuse_present(store: &Arc<Store>, request: &WriteContentRequest) -> Result<(), Status> {
    if request.expected.is_empty() {
        return Ok(());
    }
    let digest = parse(&request.expected)?;
    let store = Arc::clone(store);
    let size = blocking(move || store.size(&digest)).await;
    // One of another size is damaged, and is replaced.
    let present =
        size.is_ok_and(|size| request.total <= 0 || size == request.total.cast_unsigned());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_written_anew_at_offset_0_and_gets_its_name_by_its_digest() {
        let directory = tempfile::tempdir().unwrap();
        let held = Directory::open(directory.path()).unwrap();
        let mut ingest = Ingest::new(&held).unwrap();

        ingest.write(0, b"wrong").unwrap();
        ingest.write(0, b"ab").unwrap();
        ingest.write(2, b"c").unwrap();

        let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(ingest.digest(), digest);
        ingest.commit(&held, "abc").unwrap();
        let written = std::fs::read(directory.path().join("abc"));
        assert_eq!(written.unwrap(), b"abc");
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
