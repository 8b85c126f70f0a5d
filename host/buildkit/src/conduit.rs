//! A conduit: the bytes of one connection of a step, in place of an ssh agent's.
//!
//! A step that mounts the socket of a conduit ([`ExecMount::Socket`](crate::llb::ExecMount::Socket)) and connects to it speaks with
//! whoever holds the other end here, in either direction and at any length. What is not taken keeps the other side waiting: at most
//! a few pieces are held here. Its id is new and cannot be guessed, so that the step is none that the daemon has run before.
//!
//! How a connection ends is the daemon's:
//!
//! - A step that shuts down its writing half, or closes, ends what is read here, and can still read.
//! - What is shut down here ends what the step reads, *and* drops what it writes from then on: it is the end of the call. So a side
//!   that wants an answer gets it before it shuts down, or by how the step ends.
//! - A step that ends takes with it what the daemon has not yet passed on; the solve succeeds all the same. So whoever sends from a
//!   step shuts down its half and reads to the end before it exits; here that end is given when all was read.
//! - A cut is an error here ([`io::ErrorKind::UnexpectedEof`]). A step cannot tell it from an end: both end what it reads, so that what
//!   it is sent must say itself where it ends.
//!
//! Reads and writes: nothing. Unknown here: how the daemon asks for it (`ssh`).
//! Source: BuildKit, `session/sshforward`.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use crate::session::{self, SessionError};

/// Size of the largest piece that is sent to a step, in bytes.
const PIECE_SIZE: usize = 64 * 1024;
/// How many pieces are held in each direction; a daemon's has 32 KiB, and 1 MiB at most. HTTP/2 holds 1 MiB more.
const PIECES_HELD: usize = 4;

/// What a solve offers to one connection of a step: [`Solve::conduits`](crate::Solve::conduits).
#[derive(Debug, Clone)]
pub struct Conduit {
    id: String,
    ends: Arc<Mutex<Option<StepEnds>>>,
}

/// The daemon's side of a conduit.
pub(crate) struct StepEnds {
    /// Takes what the step sends.
    pub(crate) from_step: mpsc::Sender<Piece>,
    /// Gives what the step receives.
    pub(crate) to_step: mpsc::Receiver<Piece>,
}

/// Some of what goes through a conduit. One that ends without [`Piece::End`] was cut.
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    End,
}

/// What the step sends.
pub struct ConduitReader {
    pieces: mpsc::Receiver<Piece>,
    current: Vec<u8>,
    taken: usize,
    is_over: bool,
}

/// What the step receives. Dropped before it is shut down, it cuts the connection.
pub struct ConduitWriter {
    pieces: PollSender<Piece>,
}

impl Conduit {
    /// A conduit with its ends on this side. Both say [`io::ErrorKind::UnexpectedEof`] or [`io::ErrorKind::BrokenPipe`] once
    /// the solve is over, also if no step has connected.
    ///
    /// # Errors
    /// [`SessionError::Identity`].
    pub fn new() -> Result<(Self, ConduitReader, ConduitWriter), SessionError> {
        let (from_step, received) = mpsc::channel(PIECES_HELD);
        let (sent, to_step) = mpsc::channel(PIECES_HELD);
        let conduit = Self {
            id: session::identity()?,
            ends: Arc::new(Mutex::new(Some(StepEnds { from_step, to_step }))),
        };
        let reader = ConduitReader {
            pieces: received,
            current: Vec::new(),
            taken: 0,
            is_over: false,
        };
        let pieces = PollSender::new(sent);
        Ok((conduit, reader, ConduitWriter { pieces }))
    }

    /// The id by which a step's socket leads here.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The daemon's side, for the first connection; `None` for each that follows.
    pub(crate) fn take(&self) -> Option<StepEnds> {
        self.ends
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl fmt::Debug for StepEnds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StepEnds")
    }
}

impl AsyncRead for ConduitReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.taken == self.current.len() && !self.is_over {
            match ready!(self.pieces.poll_recv(context)) {
                Some(Piece::Bytes(bytes)) => {
                    self.current = bytes;
                    self.taken = 0;
                }
                Some(Piece::End) => self.is_over = true,
                None => return Poll::Ready(Err(cut())),
            }
        }
        let left = &self.current[self.taken..];
        let taken = left.len().min(buffer.remaining());
        buffer.put_slice(&left[..taken]);
        self.taken += taken;
        Poll::Ready(Ok(()))
    }
}

impl ConduitWriter {
    fn poll_send(&mut self, context: &mut Context<'_>, piece: Piece) -> Poll<io::Result<()>> {
        ready!(self.pieces.poll_reserve(context)).map_err(|_| closed())?;
        Poll::Ready(self.pieces.send_item(piece).map_err(|_| closed()))
    }
}

impl AsyncWrite for ConduitWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.pieces.poll_reserve(context)).map_err(|_| closed())?;
        let taken = bytes.len().min(PIECE_SIZE);
        let piece = Piece::Bytes(bytes[..taken].to_vec());
        self.pieces.send_item(piece).map_err(|_| closed())?;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.pieces.is_closed() {
            ready!(self.poll_send(context, Piece::End))?;
            self.pieces.close();
        }
        Poll::Ready(Ok(()))
    }
}

fn cut() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the connection of the step was cut",
    )
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "nobody reads what the step is sent",
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_is_not_taken_keeps_the_sender_waiting() {
        let (conduit, _reader, mut writer) = Conduit::new().unwrap();
        let mut ends = conduit.take().unwrap();

        for _ in 0..PIECES_HELD {
            writer.write_all(&[7; PIECE_SIZE]).await.unwrap();
        }
        let more = tokio::select! {
            biased;
            written = writer.write(&[8; 2 * PIECE_SIZE]) => Some(written.unwrap()),
            () = tokio::task::yield_now() => None,
        };
        let taken = ends.to_step.recv().await;
        let more_later = writer.write(&[8; 2 * PIECE_SIZE]).await.unwrap();

        assert_eq!(more, None);
        assert!(matches!(taken, Some(Piece::Bytes(bytes)) if bytes == [7; PIECE_SIZE]));
        assert_eq!(more_later, PIECE_SIZE);
        assert!(conduit.take().is_none());
    }

    #[tokio::test]
    async fn an_end_is_told_from_a_cut() {
        let read = async |end: Option<Piece>| {
            let (conduit, mut reader, _writer) = Conduit::new().unwrap();
            let ends = conduit.take().unwrap();
            for piece in [Some(Piece::Bytes(b"some".to_vec())), end]
                .into_iter()
                .flatten()
            {
                ends.from_step.send(piece).await.ok().unwrap();
            }
            drop(ends);
            let mut bytes = Vec::new();
            let result = reader.read_to_end(&mut bytes).await;
            (bytes, result.map_err(|error| error.kind()))
        };

        let whole = read(Some(Piece::End)).await;
        let cut = read(None).await;

        assert_eq!(whole, (b"some".to_vec(), Ok(4)));
        assert_eq!(cut, (b"some".to_vec(), Err(io::ErrorKind::UnexpectedEof)));
    }

    #[tokio::test]
    async fn a_solve_that_is_over_ends_both_directions_if_no_step_has_connected() {
        let (conduit, mut reader, mut writer) = Conduit::new().unwrap();
        drop(conduit);

        let read = reader.read(&mut [0; 1]).await.unwrap_err();
        let written = writer.write_all(b"x").await.unwrap_err();

        assert_eq!(read.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(written.kind(), io::ErrorKind::BrokenPipe);
    }
}
