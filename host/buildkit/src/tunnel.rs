//! The tunnel: `Control.Session`, a pipe of messages both ways, as one stream of bytes.
//!
//! Bytes written are gathered into messages and leave at a flush, or when a message is full: HTTP/2 writes a nine-byte
//! header before each frame, and a message each would cost more than the frame.
//!
//! Reads and writes: the pipe. Unknown here: what is spoken inside (`session`).
//! Source: BuildKit, `session/grpchijack`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bollard_buildkit_proto::moby::buildkit::v1::BytesMessage;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_util::sync::PollSender;
use tonic::Streaming;

/// Size at which a message leaves without waiting for a flush, in bytes.
// Four HTTP/2 frames of 16 KiB. Larger messages bring nothing over a socket, and delay the first byte.
const MESSAGE_SIZE: usize = 64 * 1024;

/// The reading half: what the daemon sends.
pub(crate) struct TunnelReader {
    messages: Streaming<BytesMessage>,
    current: Vec<u8>,
    taken: usize,
}

/// The writing half: what the daemon receives. Dropping it half-closes the pipe.
pub(crate) struct TunnelWriter {
    messages: PollSender<BytesMessage>,
    gathered: Vec<u8>,
}

impl TunnelReader {
    pub(crate) fn new(messages: Streaming<BytesMessage>) -> Self {
        Self {
            messages,
            current: Vec::new(),
            taken: 0,
        }
    }
}

impl TunnelWriter {
    pub(crate) fn new(messages: mpsc::Sender<BytesMessage>) -> Self {
        Self {
            messages: PollSender::new(messages),
            gathered: Vec::with_capacity(MESSAGE_SIZE),
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gathered.is_empty() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.messages.poll_reserve(context)).map_err(|_| closed())?;
        let data = std::mem::replace(&mut self.gathered, Vec::with_capacity(MESSAGE_SIZE));
        Poll::Ready(
            self.messages
                .send_item(BytesMessage { data })
                .map_err(|_| closed()),
        )
    }
}

impl AsyncRead for TunnelReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.taken == self.current.len() {
            match ready!(Pin::new(&mut self.messages).poll_next(context)) {
                Some(Ok(message)) => {
                    self.current = message.data;
                    self.taken = 0;
                }
                Some(Err(status)) => return Poll::Ready(Err(io::Error::other(status))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let left = &self.current[self.taken..];
        let taken = left.len().min(buffer.remaining());
        buffer.put_slice(&left[..taken]);
        self.taken += taken;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TunnelWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.gathered.len() >= MESSAGE_SIZE {
            ready!(self.poll_send(context))?;
        }
        let taken = bytes.len().min(MESSAGE_SIZE - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        self.messages.close();
        Poll::Ready(Ok(()))
    }
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the daemon has closed the session",
    )
}
