//! The runner: shows the reports of a channel as they come.
//!
//! It alone knows the time: that nothing has come for a moment. A slow reader of the text stops this thread, and no
//! worker of the runtime; whoever sends reports waits for it, for the channel is bounded.
//!
//! Reads: the channel. Writes: what it was given. Unknown here: what a report holds.

use std::io::{self, Write};
use std::time::Duration;

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

/// Shows reports until all senders are gone, on a thread for blocking work, and gives the progress back finished.
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
        let mut written = Ok(());
        let mut quiet = Quiet::Busy;
        loop {
            let report = runtime.block_on(next(&mut reports, quiet));
            let (result, now) = match report {
                Next::Report(solve, status) => (progress.update(solve, status), Quiet::Busy),
                Next::Silence => match quiet {
                    Quiet::Busy => (progress.idle(), Quiet::Idle),
                    Quiet::Idle | Quiet::Stalled => (progress.stalled(), Quiet::Stalled),
                },
                Next::End => break,
            };
            quiet = now;
            written = written.and(result);
        }
        let written = written.and(progress.finish());
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

enum Next {
    Report(SolveId, Status),
    Silence,
    End,
}

async fn next(reports: &mut Receiver<(SolveId, Status)>, quiet: Quiet) -> Next {
    let received = match quiet {
        Quiet::Busy => timeout(IDLE, reports.recv()).await,
        Quiet::Idle => timeout(STALLED, reports.recv()).await,
        Quiet::Stalled => Ok(reports.recv().await),
    };
    match received {
        Ok(Some((solve, status))) => Next::Report(solve, status),
        Ok(None) => Next::End,
        Err(_) => Next::Silence,
    }
}
