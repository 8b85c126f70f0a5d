//! The audience of a build: whom it tells what it does, while it does it.
//!
//! Whoever builds says who that is. Without one a build is silent: what became of it is in its result.
//!
//! Reads and writes: nothing. Unknown here: where what is told is shown.

use std::io::{self, Write};
use std::path::Path;

use crate::boundary::cancel::Cancel;
use crate::excerpt::Canvas;
use crate::progress::Screen;
use crate::progress::record::Recorder;

/// Whom a build tells what it does. What a kind of audience does not listen to is lost.
///
/// Texts may hold words from outside, such as the daemon's: [`within_lines`](crate::boundary::outside::within_lines) makes a warning
/// or a notice fit to be shown. Progress is that already.
pub trait Audience: Send + Sync {
    /// Where progress is written, and the daemon's log if the plan wants it: lines as [`Host::progress`](super::Host::progress) has
    /// them, in one `write_all` for all that are complete. Called for each of these streams.
    ///
    /// The daemon waits while a write does, and so does the build. When it does so no more, because it was stopped or is given up,
    /// `unread` is called off: a writer whose reader does not read has to return then, or its thread outlives the build. After an
    /// error nothing more is written; no build fails for want of a reader.
    fn progress(&self, unread: Cancel) -> Box<dyn Write + Send> {
        let _ = unread;
        Box::new(io::sink())
    }

    /// Where what runs is shown live, in place of lines of progress; `None`: nowhere. What it draws with is called off as
    /// [`progress`](Self::progress) is.
    fn screen(&self, unread: Cancel) -> Option<Screen> {
        let _ = unread;
        None
    }

    /// How many columns excerpts of files have where progress and the report of a failure are shown.
    fn columns(&self) -> usize {
        Canvas::USUAL
    }

    /// Who keeps what happens, for a look at it afterwards; `None`: nobody does.
    fn recorder(&self) -> Option<Recorder> {
        None
    }

    /// Told once that another build holds the daemon's root, for which this one waits.
    fn waiting(&self, root: &Path) {
        let _ = root;
    }

    /// Told of everything that goes less well than it should.
    fn warning(&self, warning: &str) {
        let _ = warning;
    }

    /// Told of what a person may want to know: each login that leaves this process, how large the build's cache is.
    fn notice(&self, notice: &str) {
        let _ = notice;
    }
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Audience for Nobody {}
