//! A screen: lines that stay, and below them lines that are redrawn.
//!
//! A thread of its own draws, at most twenty times a second, and what it has not come to yet is replaced by what is newer: a terminal
//! that is slow sees less, and nobody waits for it. Only lines that stay are waited for, when very many of them were not shown.
//!
//! Reads: nothing. Writes: on the terminal. Unknown here: what is shown.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::size::Size;
use super::terminal::Terminal;

/// The least time between two drawings.
const PACE: Duration = Duration::from_millis(50);
/// How much text that stays may wait for a terminal, in bytes, before its writer does.
const MOST_WAITING: usize = 1 << 20;

/// Where a live display is drawn. Clones are the same one.
#[derive(Clone)]
pub struct Screen(Arc<Shared>);

struct Shared {
    size: Box<dyn Fn() -> Size + Send + Sync>,
    wanted: Mutex<Wanted>,
    changed: Condvar,
    painter: Mutex<Option<JoinHandle<()>>>,
}

/// What is to be seen.
#[derive(Default)]
struct Wanted {
    lines: String,
    frame: Vec<String>,
    is_new: bool,
    is_over: bool,
}

impl Screen {
    /// Draws with `out`, on a terminal that is as large as `size` says whenever it is asked.
    ///
    /// # Errors
    /// The system's, if it has no thread left.
    pub fn new(
        out: Box<dyn Write + Send>,
        size: impl Fn() -> Size + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            size: Box::new(size),
            wanted: Mutex::default(),
            changed: Condvar::new(),
            painter: Mutex::default(),
        });
        let terminal = Terminal::new(out);
        let painted = Arc::clone(&shared);
        let painter = thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || painted.paint(terminal))?;
        *lock(&shared.painter) = Some(painter);
        Ok(Self(shared))
    }

    /// How large it is now.
    #[must_use]
    pub fn size(&self) -> Size {
        (self.0.size)()
    }

    /// Shows lines that stay; whether it does: not when it is over.
    pub fn print(&self, text: &str) -> bool {
        let mut wanted = self.0.wanted();
        while wanted.lines.len() > MOST_WAITING && !wanted.is_over {
            wanted = (self.0.changed.wait(wanted)).unwrap_or_else(PoisonError::into_inner);
        }
        if wanted.is_over {
            return false;
        }
        wanted.lines.push_str(text);
        self.0.tell(wanted);
        true
    }

    /// Shows these lines below, in place of those that were there.
    pub(super) fn show(&self, frame: Vec<String>) {
        let mut wanted = self.0.wanted();
        if wanted.frame != frame {
            wanted.frame = frame;
            self.0.tell(wanted);
        }
    }

    /// Takes away what does not stay, and waits until all else is shown, or nobody looks. Nothing is shown after this.
    pub fn end(&self) {
        let mut wanted = self.0.wanted();
        wanted.frame.clear();
        wanted.is_over = true;
        self.0.tell(wanted);
        let painter = lock(&self.0.painter).take();
        if let Some(painter) = painter {
            // What it did when it panicked is nobody's any more.
            let _ = painter.join();
        }
    }
}

impl Shared {
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        lock(&self.wanted)
    }

    fn tell(&self, mut wanted: MutexGuard<'_, Wanted>) {
        wanted.is_new = true;
        drop(wanted);
        self.changed.notify_all();
    }

    /// What is to be seen, as soon as that is something else.
    fn next(&self) -> (String, Vec<String>, bool) {
        let mut wanted = self.wanted();
        while !wanted.is_new {
            wanted = (self.changed.wait(wanted)).unwrap_or_else(PoisonError::into_inner);
        }
        wanted.is_new = false;
        let lines = std::mem::take(&mut wanted.lines);
        let next = (lines, wanted.frame.clone(), wanted.is_over);
        drop(wanted);
        self.changed.notify_all(); // who waits for room
        next
    }

    /// Waits for as long as is between two drawings, unless it is over.
    fn pause(&self) {
        let goes_on = |wanted: &mut Wanted| !wanted.is_over;
        // Whoever panicked has left what is wanted whole.
        let _ = (self.changed).wait_timeout_while(self.wanted(), PACE, goes_on);
    }

    /// Draws what is wanted until it is over, or nobody looks any more.
    fn paint(&self, mut terminal: Terminal) {
        loop {
            let (lines, frame, is_over) = self.next();
            let drawn = terminal.draw(&lines, &frame, (self.size)());
            if drawn.is_err() {
                self.wanted().is_over = true;
                self.changed.notify_all();
                return;
            }
            if is_over {
                return;
            }
            self.pause();
        }
    }
}

impl Write for Screen {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.print(&String::from_utf8_lossy(text)) {
            return Ok(text.len());
        }
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
