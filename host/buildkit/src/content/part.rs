//! A part of a blob, on its way to the daemon; and the whole of it, compared with its digest.
//!
//! Reads: blobs. Writes: nothing. Unknown here: who asks.

use std::io;
use std::ops::Range;

use bytes::Bytes;
use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::hex::hex;
use oci_spec::image::{Digest as BlobDigest, DigestAlgorithm};
use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::sync::mpsc;
use tonic::Status;

use crate::content::containerd::ReadContentResponse;
use crate::content::source::OpenBlob;

/// Size of the pieces in which a blob is read, in bytes.
const PIECE_SIZE: u64 = 256 * 1024;

/// Which bytes of a blob of `size` bytes are asked for, in the wire's form: what is negative starts at the beginning, a count that is
/// not positive goes to the end, and beyond the end there is nothing.
pub(crate) fn part(offset: i64, count: i64, size: u64) -> Range<u64> {
    let start = u64::try_from(offset).unwrap_or(0).min(size);
    let count = u64::try_from(count).ok().filter(|count| *count > 0);
    let end = count.map_or(size, |count| start.saturating_add(count).min(size));
    start..end
}

/// Sends bytes of a blob, for as long as somebody takes them. Blocking.
pub(crate) fn send(
    blob: &dyn OpenBlob,
    part: Range<u64>,
    pieces: &mpsc::Sender<Result<ReadContentResponse, Status>>,
) -> io::Result<()> {
    let mut offset = part.start;
    while offset < part.end {
        let piece = piece(blob, offset, part.end)?;
        let length = piece.len() as u64;
        let message = ReadContentResponse {
            offset: offset.cast_signed(),
            data: Bytes::from(piece),
        };
        if pieces.blocking_send(Ok(message)).is_err() {
            return Ok(());
        }
        offset += length;
    }
    Ok(())
}

/// Whether a blob is the one of its digest, which is not told if nobody wants to know it any more. Blocking.
pub(crate) fn is_whole(
    blob: &dyn OpenBlob,
    digest: &BlobDigest,
    cancel: &Cancel,
) -> io::Result<bool> {
    let hash = match digest.algorithm() {
        DigestAlgorithm::Sha512 => hash::<Sha512>(blob, cancel)?,
        DigestAlgorithm::Sha384 => hash::<Sha384>(blob, cancel)?,
        _ => hash::<Sha256>(blob, cancel)?,
    };
    Ok(hash == digest.digest())
}

fn hash<H: Digest>(blob: &dyn OpenBlob, cancel: &Cancel) -> io::Result<String> {
    let (mut hash, mut offset) = (H::new(), 0);
    while offset < blob.size() {
        cancel.check()?;
        let piece = piece(blob, offset, blob.size())?;
        hash.update(&piece);
        offset += piece.len() as u64;
    }
    Ok(hex(&hash.finalize()))
}

/// The next bytes of a blob, at least one, and none at `end` or beyond.
fn piece(blob: &dyn OpenBlob, offset: u64, end: u64) -> io::Result<Vec<u8>> {
    let size = (end - offset).min(PIECE_SIZE);
    let mut piece = vec![0; usize::try_from(size).expect("at most PIECE_SIZE")];
    blob.read_exact_at(&mut piece, offset)?;
    Ok(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_as_the_wire_has_it_and_ends_with_the_blob() {
        let cases = [
            ((0, 0), 0..10),
            ((3, 4), 3..7),
            ((8, 100), 8..10),
            ((-1, -1), 0..10),
            ((i64::MIN, i64::MIN), 0..10),
            ((9, i64::MAX), 9..10),
            ((10, 1), 10..10),
            ((100, 1), 10..10),
            ((i64::MAX, i64::MAX), 10..10),
        ];
        for ((offset, count), expected) in cases {
            assert_eq!(part(offset, count, 10), expected, "{offset}, {count}");
        }
        assert_eq!(part(0, 0, 0), 0..0);
    }

    /// A blob whose file has become shorter than it was.
    struct Cut;

    impl OpenBlob for Cut {
        fn size(&self) -> u64 {
            PIECE_SIZE + 1
        }

        fn read_exact_at(&self, _buffer: &mut [u8], offset: u64) -> io::Result<()> {
            match offset {
                0 => Ok(()),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    #[test]
    fn what_is_cut_short_is_no_end() {
        let (pieces, mut sent) = mpsc::channel(4);

        let error = send(&Cut, 0..Cut.size(), &pieces).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let first = sent.blocking_recv().unwrap().unwrap();
        assert_eq!((first.offset, first.data.len()), (0, 256 * 1024));
        assert!(sent.try_recv().is_err());
    }
}
