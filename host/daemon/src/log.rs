//! What the daemon prints: the end of it in memory, all of it in `buildkitd.log`, and on to whoever watches.
//!
//! A thread of its own reads, so that the daemon never waits for us: a full pipe would stop it. The pipe's end is also
//! how the last process that holds it says that it is gone.
//!
//! Reads: the pipe. Writes: `buildkitd.log` in the daemon's root.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::directory::Directory;
use crate::error::DaemonError;

/// The file in the root.
pub(super) const FILE: &str = "buildkitd.log";

/// How much of the end is kept: a Go stack trace is a few KiB, a debug log several MiB.
const KEPT: usize = 64 * 1024;

/// Gets what the daemon prints, in the pieces in which it comes. Should it fail, it gets no more.
pub type LogSink = Box<dyn Write + Send>;

/// The end of what the daemon has printed so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Ring>>);

/// Where the daemon prints to.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) pipe: PipeWriter,
    /// Hangs up when nobody holds the pipe any more and all of it is in the log.
    pub(super) read: mpsc::Receiver<()>,
}

#[derive(Debug, Default)]
struct Ring {
    bytes: VecDeque<u8>,
    /// Whether bytes before these are gone.
    cut: bool,
}

/// Opens a log for a daemon with that root, and starts the thread that fills it.
pub(super) fn open(root: &Directory, sink: Option<LogSink>) -> Result<(Log, Output), DaemonError> {
    let path = root.path().join(FILE);
    let writing = |source| DaemonError::Write {
        path: path.clone(),
        source,
    };
    let file = root.new_file(FILE).map_err(writing)?;
    let (source, pipe) = io::pipe().map_err(writing)?;
    let log = Log::default();
    let (open, read) = mpsc::channel();
    let pump = Pump {
        source,
        log: log.clone(),
        file: Some(Box::new(file)),
        sink,
        _open: open,
    };
    thread::Builder::new()
        .name("buildkitd-log".to_owned())
        .spawn(|| pump.run())
        .map_err(writing)?;
    Ok((log, Output { pipe, read }))
}

impl Log {
    /// The end: whole lines, at most [`KEPT`] bytes, without the stack traces that buildkitd appends to its errors.
    pub(super) fn tail(&self) -> String {
        without_traces(&self.ring().tail())
    }

    fn push(&self, bytes: &[u8]) {
        self.ring().push(bytes);
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // A ring is consistent after each of its calls: a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let surplus = self.bytes.len().saturating_sub(KEPT);
        self.cut |= surplus > 0;
        self.bytes.drain(..surplus);
    }

    fn tail(&self) -> String {
        let bytes: Vec<u8> = self.bytes.iter().copied().collect();
        let line = bytes
            .iter()
            .position(|&byte| byte == b'\n')
            .filter(|_| self.cut)
            .map_or(0, |end| end + 1);
        String::from_utf8_lossy(&bytes[line..]).into_owned()
    }
}

/// The text without Go's stack frames: a line with a function, and one with a tab and its place in the source.
///
/// 20 of them follow the one line that says what is wrong, so that the last lines of a log say nothing.
fn without_traces(log: &str) -> String {
    let is_place =
        |line: &&str| line.starts_with('\t') && (line.contains(".go:") || line.contains(".s:"));
    let mut lines = log.split_inclusive('\n').peekable();
    let mut kept = String::new();
    while let Some(line) = lines.next() {
        if !is_place(&line) && lines.peek().is_none_or(|next| !is_place(next)) {
            kept.push_str(line);
        }
    }
    kept
}

struct Pump {
    source: PipeReader,
    log: Log,
    file: Option<LogSink>,
    sink: Option<LogSink>,
    /// Dropped when the pump ends; nothing is ever sent.
    _open: mpsc::Sender<()>,
}

impl Pump {
    fn run(mut self) {
        let mut buffer = [0; 8 * 1024];
        loop {
            match self.source.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => self.pass(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.log.push(bytes);
        for writer in [&mut self.file, &mut self.sink] {
            // A full disk must not stop the daemon; the end of the log is kept in memory all the same.
            let failed = writer
                .as_mut()
                .is_some_and(|writer| writer.write_all(bytes).is_err());
            if failed {
                *writer = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_too_long_loses_whole_lines_from_its_beginning() {
        let log = Log::default();

        for number in 0..10_000 {
            log.push(format!("line {number}\n").as_bytes());
        }

        let tail = log.tail();
        let lines: Vec<&str> = tail.lines().collect();
        assert!(
            tail.len() <= KEPT && tail.len() > KEPT - 20,
            "{}",
            tail.len()
        );
        assert_eq!(lines.last(), Some(&"line 9999"));
        assert_eq!(
            lines.first(),
            Some(&format!("line {}", 10_000 - lines.len()).as_str())
        );
    }

    #[test]
    fn an_error_is_shown_without_its_stack_trace() {
        let log = Log::default();

        log.push(b"buildkitd: no such key\nmain.load\n\t/src/load.go:15\nmain.main\n\t/src/main.go:4 +0x1d\ngo.exit\n\tasm.s:1\nbye\n");

        assert_eq!(log.tail(), "buildkitd: no such key\nbye\n");
    }

    #[test]
    fn a_log_that_fits_is_kept_whole() {
        let log = Log::default();

        log.push(b"no line yet");

        assert_eq!(log.tail(), "no line yet");
    }

    #[test]
    fn a_sink_that_fails_costs_neither_the_file_nor_the_end_of_the_log() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let root = tempfile::tempdir().unwrap();
        let directory = Directory::open(root.path()).unwrap();
        let (log, mut output) = open(&directory, Some(Box::new(Full))).unwrap();

        output.pipe.write_all(b"one\n").unwrap();
        output.pipe.write_all(b"two\n").unwrap();
        drop(output.pipe);

        assert_eq!(output.read.recv(), Err(mpsc::RecvError));
        assert_eq!(log.tail(), "one\ntwo\n");
        assert_eq!(
            std::fs::read_to_string(root.path().join("buildkitd.log")).unwrap(),
            "one\ntwo\n"
        );
    }
}
