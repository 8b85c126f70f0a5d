//! A stream that is made once: of what comes after its end is told why it ended.
//!
//! Reads and writes: the stream. Unknown here: what is spoken on it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::endpoint::dial::ByteStream;

/// A stream whose first error is remembered.
pub(crate) struct Witnessed {
    stream: Box<dyn ByteStream>,
    ended: Ended,
}

/// Why a stream has ended, if it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ended(Arc<OnceLock<String>>);

impl Witnessed {
    pub(crate) fn new(stream: Box<dyn ByteStream>) -> (Self, Ended) {
        let ended = Ended::default();
        let witnessed = Self {
            stream,
            ended: ended.clone(),
        };
        (witnessed, ended)
    }

    fn witness<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &polled {
            let _ = self.ended.0.set(error.to_string()); // the first is the cause
        }
        polled
    }
}

impl Ended {
    /// The error by which it has ended, if there was one.
    pub(crate) fn cause(&self) -> Option<String> {
        self.0.get().cloned()
    }

    /// The error of whoever wants the stream once more.
    pub(crate) fn error(&self) -> io::Error {
        let cause = self.0.get().map_or("it was closed", String::as_str);
        io::Error::new(
            io::ErrorKind::NotConnected,
            format!("the connection has ended: {cause}"),
        )
    }
}

impl AsyncRead for Witnessed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.witness(polled)
    }
}

impl AsyncWrite for Witnessed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.witness(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.witness(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
