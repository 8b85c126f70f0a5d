//! The showing of a build: what its solves report and how far our own work is, on the way to the build's audience.
//!
//! Reads: the clock. Writes: to the audience. Unknown here: what is reported.

use std::convert::Infallible;
use std::io::Write;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::{Cancel, CancelOnDrop};
use crate::buildkit::status::Status;
use crate::executor::host::Host;
use crate::executor::watch::Watch;
use crate::image::contents::Contents;
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::{self, Progress, SolveId};

/// Reports on their way to whoever shows them; the daemon waits while they are not taken.
const REPORTS_IN_FLIGHT: usize = 2;

/// How often our own work is looked at. What is done sooner is not worth a step.
const LOOK: Duration = Duration::from_millis(500);

/// Where reports are sent, each marked as one of a solve.
pub(super) type Reports = mpsc::Sender<(SolveId, Status)>;

/// The progress of a build, and who reads it.
pub(super) struct Showing {
    progress: Progress<Box<dyn Write + Send>>,
    /// Whoever is dropped does not wait for a reader of the progress.
    unread: CancelOnDrop,
}

impl Showing {
    /// To the host's audience; nothing is shown yet.
    pub(super) fn begin(plan: &CheckedPlan, host: &Host) -> Self {
        let unread = Cancel::default();
        let mut progress = match host.audience.screen(unread.clone()) {
            Some(screen) => Progress::live(host.progress, screen),
            None => Progress::new(host.progress, host.audience.progress(unread.clone())),
        }
        .of_columns(host.audience.columns());
        if let Some(recorder) = host.audience.recorder() {
            progress = progress.recorded_by(recorder);
        }
        for image in plan.base_images() {
            progress.add_base_argument(&image.argument);
        }
        Self {
            progress,
            unread: unread.on_drop(),
        }
    }

    /// What is called off when nobody may wait for a reader any more.
    pub(super) fn unread(&self) -> Cancel {
        self.unread.cancel().clone()
    }

    /// Announces a solve.
    pub(super) fn add_solve(&mut self, name: &str) -> SolveId {
        self.progress.add_solve(name)
    }

    /// What was shown.
    pub(super) fn progress(&self) -> &Progress<Box<dyn Write + Send>> {
        &self.progress
    }

    /// Shows what is reported until `work` is done, and how far work on `contents` is meanwhile.
    pub(super) async fn during<T, F: Future<Output = T>>(
        self,
        contents: &Contents,
        work: impl FnOnce(Reports) -> F,
    ) -> (Self, T) {
        let Self { progress, unread } = self;
        let own = progress.own();
        let (reports, shown) = mpsc::channel(REPORTS_IN_FLIGHT);
        let showing = progress::run(progress, shown);
        let mut watches = [
            Watch::new(
                "handing over base images",
                "handed over",
                contents.handing_over(),
            ),
            Watch::new("compressing layers", "compressed", contents.compressing()),
            Watch::new("writing images", "written", contents.writing()),
            Watch::new("unpacking images", "unpacked", contents.unpacking()),
        ];
        let done = tokio::select! {
            done = work(reports.clone()) => done,
            never = watch(&mut watches, own, &reports) => match never {},
        };
        for watch in &mut watches {
            if let Some(last) = watch.last(SystemTime::now()) {
                // Progress takes every report until all senders are gone.
                let _ = reports.send((own, last)).await;
            }
        }
        drop(reports);
        // That a reader has failed is no build's failure.
        let (progress, _) = showing
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        (Self { progress, unread }, done)
    }

    /// Shows what is left.
    pub(super) async fn finish(self) -> Self {
        let Self {
            mut progress,
            unread,
        } = self;
        let progress = blocking(move || {
            // No build fails for want of a reader.
            let _ = progress.finish();
            progress
        })
        .await;
        Self { progress, unread }
    }
}

/// What comes of work that reports, its reports marked as those of a solve.
pub(super) async fn marked<T, F: Future<Output = T>>(
    id: SolveId,
    reports: Reports,
    work: impl FnOnce(mpsc::Sender<Status>) -> F,
) -> T {
    let (sender, mut receiver) = mpsc::channel(1);
    let forward = async {
        while let Some(status) = receiver.recv().await {
            // Progress takes every report until all senders are gone.
            let _ = reports.send((id, status)).await;
        }
    };
    let (done, ()) = tokio::join!(work(sender), forward);
    done
}

/// Reports our own work while it is under way.
async fn watch(watches: &mut [Watch], own: SolveId, reports: &Reports) -> Infallible {
    loop {
        tokio::time::sleep(LOOK).await;
        for watch in &mut *watches {
            if let Some(status) = watch.look(SystemTime::now()) {
                let _ = reports.send((own, status)).await;
            }
        }
    }
}
