//! Standard error: what the program says beside its answer, as text for a person or, with `--progress json`, as JSON for a program.
//!
//! In JSON there is one object a line, as `oci_image_schema::event` has them, among those of the progress.
//!
//! Nobody hears it if standard error is closed, which is nobody's fault.

use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::outside::{shown, within_json, within_lines};
use oci_image::diagnostics::{self, Report};
use oci_image::excerpt::Canvas;
use oci_image::executor::{Audience, Outcome};
use oci_image::progress::record::Recorder;
use oci_image::progress::{Mode, Screen, Size};
use oci_image_schema::event::ProgramEvent;

use crate::concourse;
use crate::ending;
use crate::outlet::Outlet;

/// An event with its line's end.
pub(crate) fn line(event: &ProgramEvent<'_>) -> String {
    let text = serde_json::to_string(event).expect("an event has only names as keys");
    let mut text = within_json(text);
    text.push('\n');
    text
}

/// What calls off whatever nobody reads.
static STOP: OnceLock<Cancel> = OnceLock::new();

/// From the moment at which `stop` is called off, nothing that is said waits for a reader who does not read.
pub(crate) fn until(stop: &Cancel) {
    // The program has one, and says so once.
    let _ = STOP.set(stop.clone());
}

/// Where a live display is drawn, while one is.
static SCREEN: Mutex<Option<Screen>> = Mutex::new(None);

/// Says something as it is.
pub(crate) fn tell(text: &str) {
    let stop = STOP.get().cloned().unwrap_or_default();
    // Who tells does not wait for a reader longer than until that.
    let _ = Voice(Outlet::new(stop)).write_all(text.as_bytes());
}

/// Whoever writes lines to standard error: above a live display, if there is one.
struct Voice(Outlet);

impl Write for Voice {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.write_all(text)?;
        Ok(text.len())
    }

    /// Writes all of it before anybody else writes, as an outlet does.
    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        let screen = SCREEN
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match screen {
            Some(screen) if screen.print(&String::from_utf8_lossy(text)) => Ok(()),
            _ => self.0.write_all(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// How large the terminal is.
fn size() -> Size {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    let known = size.ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    known.map_or(USUAL, |size| Size {
        columns: size.ws_col,
        rows: size.ws_row,
    })
}

/// The size of a terminal that does not know its own.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// Whether the terminal is one of Concourse, which keeps what it shows in a log, cursor codes and all: as it was seen there, it has 500
/// columns and rows.
pub(crate) fn is_log() -> bool {
    let size = size();
    size.columns >= 500 && size.rows >= 500
}

/// For how many columns excerpts are drawn: those of a terminal, unless what it shows is kept as a log.
pub(crate) fn columns() -> usize {
    if !io::stderr().is_terminal() || concourse::is_here() || is_log() {
        return Canvas::USUAL;
    }
    size().columns.into()
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// As lines.
    Lines,
    /// Redrawn on a terminal.
    Live,
    /// Not at all.
    Quiet,
}

/// Shows the remarks on a request that is built all the same.
pub(crate) fn remarks(report: &Report, mode: Mode) {
    tell(&match mode {
        Mode::Json => diagnostics::json_lines(report),
        // Apart from the progress below.
        Mode::Plain | Mode::Coloured => {
            format!("{}\n", diagnostics::text(report, mode.canvas(columns())))
        }
    });
}

/// Says what the program waits for, or that a login leaves it.
pub(crate) fn notice(message: &str, mode: Mode) {
    tell(&match mode {
        Mode::Json => line(&ProgramEvent::Notice { message }),
        Mode::Plain | Mode::Coloured => format!("{}\n", within_lines(message)),
    });
}

/// Says what went less well than it should.
pub(crate) fn warning(message: &str, mode: Mode) {
    tell(&match mode {
        Mode::Json => line(&ProgramEvent::Warning { message }),
        Mode::Plain | Mode::Coloured => format!("warning: {}\n", within_lines(message)),
    });
}

/// Says what a build has come to.
pub(crate) fn ending(outcome: &Outcome, mode: Mode) {
    tell(&match mode {
        Mode::Json => line(&ProgramEvent::Result(ending::document(outcome))),
        Mode::Plain | Mode::Coloured => ending::text(outcome),
    });
}

/// Standard error as the audience of a build.
pub(crate) struct Stderr {
    mode: Mode,
    face: Face,
    recorder: Option<Recorder>,
}

impl Stderr {
    /// With somebody who keeps what happens.
    pub(crate) fn new(mode: Mode, face: Face, recorder: Option<Recorder>) -> Self {
        Self {
            mode,
            face,
            recorder,
        }
    }
}

impl Audience for Stderr {
    fn progress(&self, unread: Cancel) -> Box<dyn Write + Send> {
        match self.face {
            Face::Quiet => Box::new(io::sink()),
            Face::Lines | Face::Live => Box::new(Voice(Outlet::new(unread))),
        }
    }

    fn screen(&self, unread: Cancel) -> Option<Screen> {
        let is_live = self.face == Face::Live;
        // What has no thread for it is shown as lines.
        let screen = is_live.then(|| Screen::new(Box::new(Outlet::new(unread)), size).ok())?;
        *SCREEN.lock().unwrap_or_else(PoisonError::into_inner) = screen.clone();
        screen
    }

    fn columns(&self) -> usize {
        columns()
    }

    fn recorder(&self) -> Option<Recorder> {
        self.recorder.clone()
    }

    fn waiting(&self, root: &Path) {
        let text = match self.mode {
            Mode::Json => {
                let root = &root.to_string_lossy();
                line(&ProgramEvent::Waiting { root })
            }
            Mode::Plain | Mode::Coloured => {
                let root = shown(root);
                format!("another build uses `{root}`: waiting until it has ended\n")
            }
        };
        tell(&text);
    }

    fn warning(&self, message: &str) {
        if let Some(recorder) = &self.recorder {
            recorder.warning(message);
        }
        warning(message, self.mode);
    }

    fn notice(&self, message: &str) {
        if self.face != Face::Quiet {
            notice(message, self.mode);
        }
    }
}
