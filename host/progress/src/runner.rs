//! The runner: shows the reports of a channel as they come.
//!
//! It alone knows the time: that nothing has come for a moment. A slow reader of the text stops this thread, and no
//! worker of the runtime; whoever sends reports waits for it, for the channel is bounded.
//!
//! Reads: the channel. Writes: what it was given. Unknown here: what a report holds.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::progress::Progress;
use crate::step::SolveId;
use oci_image_buildkit::status::Status;

/// After this long without a report, what was held back is shown. The daemon reports at most every 100 ms.
const IDLE: Duration = Duration::from_millis(200);
/// After this long without a report, lines without an end are shown too.
const STALLED: Duration = Duration::from_secs(5);

/// How often a clock that is shown goes on.
const CLOCK: Duration = Duration::from_millis(100);
/// How often it is asked whether nothing was shown for long.
const LOOK: Duration = Duration::from_secs(1);

/// Shows reports until all senders are gone, on a thread for blocking work, and gives the progress back, in which nothing runs then.
///
/// Reports are taken even when the writer has failed: a build does not fail because nobody reads its log. The error
/// comes back beside the progress.
///
/// # Panics
/// Outside of a tokio runtime with time enabled.
pub fn run<W: Write + Send + 'static>(
    mut progress: Progress<W>,
    mut reports: Receiver<(SolveId, Status)>,
) -> JoinHandle<(Progress<W>, io::Result<()>)> {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let pace = if progress.is_live() { CLOCK } else { LOOK };
        let mut written = Ok(());
        let mut quiet = Quiet::Busy;
        // When the last report came, and when its reader was done with it: until then nothing is awaited.
        let mut last = Instant::now();
        let mut shown = last;
        loop {
            let due = quiet.ends_at(shown);
            let wait = due.map_or(pace, |due| {
                pace.min(due.saturating_duration_since(Instant::now()))
            });
            let result = match runtime.block_on(next(&mut reports, wait)) {
                Next::Report(solve, status) => {
                    (quiet, last) = (Quiet::Busy, Instant::now());
                    let updated = progress.update(solve, status);
                    shown = Instant::now();
                    updated
                }
                Next::Silence if due.is_some_and(|due| Instant::now() >= due) => match quiet {
                    Quiet::Busy => {
                        quiet = Quiet::Idle;
                        progress.idle()
                    }
                    Quiet::Idle | Quiet::Stalled => {
                        quiet = Quiet::Stalled;
                        progress.stalled()
                    }
                },
                Next::Silence => progress.tick(last.elapsed()),
                Next::End => break,
            };
            written = written.and(result);
        }
        let written = written.and(progress.close());
        (progress, written)
    })
}

/// How long nothing has come.
#[derive(Clone, Copy)]
enum Quiet {
    Busy,
    Idle,
    Stalled,
}

impl Quiet {
    /// When something is to be shown for it that was held back; `None` if nothing is.
    fn ends_at(self, last: Instant) -> Option<Instant> {
        match self {
            Self::Busy => Some(last + IDLE),
            Self::Idle => Some(last + STALLED),
            Self::Stalled => None,
        }
    }
}

enum Next {
    Report(SolveId, Status),
    Silence,
    End,
}

async fn next(reports: &mut Receiver<(SolveId, Status)>, wait: Duration) -> Next {
    match timeout(wait, reports.recv()).await {
        Ok(Some((solve, status))) => Next::Report(solve, status),
        Ok(None) => Next::End,
        Err(_) => Next::Silence,
    }
}
