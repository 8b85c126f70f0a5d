//! The pipe to a program that reaches a daemon: its standard input and output.
//!
//! Reads and writes: the program. Unknown here: which program it is.

use std::ffi::OsString;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// How much is kept of what the program says on its standard error, in bytes: its end.
const KEPT: usize = 4 << 10;

/// A program that runs. Dropping it ends it; without us, its standard input ends, and it ends by itself.
pub(super) struct Pipe {
    input: ChildStdin,
    output: ChildStdout,
    _program: Child,
}

/// How long a program whose pipe has broken may take to say why.
const DYING: Duration = Duration::from_millis(500);

/// The end of what a program has said on its standard error.
#[derive(Debug, Clone)]
pub(crate) struct LastWords {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Whether no more will come.
    over: watch::Receiver<bool>,
}

impl Pipe {
    /// Starts it.
    pub(super) fn start(
        program: &str,
        arguments: &[String],
        withheld: &[OsString],
    ) -> io::Result<(Self, LastWords)> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A signal of the terminal is for us: without us it has nothing to do.
            .process_group(0)
            .kill_on_drop(true);
        for variable in withheld {
            command.env_remove(variable);
        }
        let mut program = command.spawn()?;
        let (ended, over) = watch::channel(false);
        let kept = Arc::default();
        if let Some(errors) = program.stderr.take() {
            tokio::spawn(listen(errors, Arc::clone(&kept), ended));
        }
        let last_words = LastWords { kept, over };
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let pipe = Self {
            input: program.stdin.take().ok_or_else(gone)?,
            output: program.stdout.take().ok_or_else(gone)?,
            _program: program,
        };
        Ok((pipe, last_words))
    }
}

async fn listen(mut errors: ChildStderr, kept: Arc<Mutex<Vec<u8>>>, ended: watch::Sender<bool>) {
    let mut piece = [0; 1024];
    while let Ok(length) = errors.read(&mut piece).await
        && length > 0
    {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&piece[..length]);
        let beyond = kept.len().saturating_sub(KEPT);
        kept.drain(..beyond);
    }
    // Whoever wants to know is gone.
    let _ = ended.send(true);
}

impl LastWords {
    /// What was said by a program whose pipe has broken; `None` if nothing was.
    pub(crate) async fn text(&self) -> Option<String> {
        let mut over = self.over.clone();
        // One that hangs has said what it has to say.
        let _ = timeout(DYING, over.wait_for(|over| *over)).await;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(context, buffer)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(context)
    }
}
