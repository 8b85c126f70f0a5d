//! Standard error: what the program says beside its answer, as text for a person or, with `--progress json`, as JSON for a program.
//!
//! In JSON there is one object a line, as `oci_image_schema::event` has them, among those of the progress.
//!
//! Nobody hears it if standard error is closed, which is nobody's fault.

use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::outside::{shown, within_json, within_lines};
use oci_image::diagnostics::{self, Report};
use oci_image::executor::Audience;
use oci_image::progress::{Mode, amount};
use oci_image_schema::event::ProgramEvent;

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

/// Says something as it is.
pub(crate) fn tell(text: &str) {
    let stop = STOP.get().cloned().unwrap_or_default();
    let _ = Outlet::new(stop).write_all(text.as_bytes());
}

/// Shows the remarks on a request that is built all the same.
pub(crate) fn remarks(report: &Report, mode: Mode) {
    tell(&match mode {
        Mode::Json => diagnostics::json_lines(report),
        // Apart from the progress below.
        Mode::Plain | Mode::Coloured => {
            format!("{}\n", diagnostics::text(report, mode == Mode::Coloured))
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

/// Standard error as the audience of a build.
pub(crate) struct Stderr(pub(crate) Mode);

impl Audience for Stderr {
    fn progress(&self, unread: Cancel) -> Box<dyn Write + Send> {
        Box::new(Outlet::new(unread))
    }

    fn waiting(&self, root: &Path) {
        let text = match self.0 {
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

    fn received(&self, bytes: u64) {
        tell(&match self.0 {
            Mode::Json => line(&ProgramEvent::Received { bytes }),
            Mode::Plain | Mode::Coloured => {
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                format!("received {} of results\n", amount::bytes(bytes))
            }
        });
    }

    fn warning(&self, message: &str) {
        tell(&match self.0 {
            Mode::Json => line(&ProgramEvent::Warning { message }),
            Mode::Plain | Mode::Coloured => format!("warning: {}\n", within_lines(message)),
        });
    }

    fn notice(&self, message: &str) {
        notice(message, self.0);
    }
}
