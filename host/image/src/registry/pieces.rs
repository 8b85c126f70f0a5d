//! The bytes of a blob as a stream, read off the async workers.
//!
//! Reads: blobs. Writes: nothing. Unknown here: requests.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use hyper::body::Frame;
use tokio::task::spawn_blocking;

use super::check::Check;
use crate::blob::Reader;

/// How many bytes of a blob are read at once.
// So large that handing each piece from one thread to another does not count beside copying it, and so small that a
// hundred clients hold some 50 MB. A gigabyte over loopback took 0.8 s, unoptimized.
const PIECE: u64 = 512 << 10;

/// The bytes of a blob, read piece by piece as they are taken. An error ends the connection before the announced
/// length, which is how the client knows.
pub(super) fn pieces(
    reader: Reader,
    bytes: Range<u64>,
    check: Option<Check>,
) -> impl Stream<Item = io::Result<Frame<Bytes>>> {
    let start = (Arc::new(reader), bytes, check);
    stream::try_unfold(start, async |(reader, bytes, check)| {
        if bytes.is_empty() {
            return Ok(None);
        }
        let end = bytes.end.min(bytes.start + PIECE);
        let read = {
            let reader = Arc::clone(&reader);
            move || {
                let mut piece = vec![0; usize::try_from(end - bytes.start).expect("at most PIECE")];
                reader.read_exact_at(&mut piece, bytes.start)?;
                let check = match check {
                    Some(check) => check.taken(&piece, end == bytes.end)?,
                    None => None,
                };
                Ok((Bytes::from(piece), check))
            }
        };
        let read = spawn_blocking(read).await.map_err(io::Error::from);
        let (piece, check) = read.flatten()?;
        Ok(Some((Frame::data(piece), (reader, end..bytes.end, check))))
    })
}
