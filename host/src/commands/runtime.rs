//! The runtime of a command that does more than read and answer.

use std::pin::Pin;
use std::time::Duration;

use oci_image::executor::Stop;

use crate::failure::Failure;
use crate::signals::Signals;

/// How long threads may take to end that read or write when the command is over.
// They end within milliseconds, a tree that is cleared away within seconds; one that hangs in the kernel never does.
const THREADS_DEADLINE: Duration = Duration::from_secs(5);

/// Resolves when the program is asked to end.
pub(super) type Stopped = Pin<Box<dyn Future<Output = Stop>>>;

/// Work that hears itself when the program is asked to end.
pub(super) fn run<T, F: Future<Output = Result<T, Failure>>>(
    signals: &Signals,
    work: impl FnOnce(Stopped) -> F,
) -> Result<T, Failure> {
    let failed = |error| Failure::Engine(Box::new(error));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    let done = runtime.block_on(async {
        let stop = signals.stop().map_err(failed)?;
        work(Box::pin(stop)).await
    });
    runtime.shutdown_timeout(THREADS_DEADLINE);
    done
}

/// The same of work that is dropped then.
pub(super) fn run_until_stopped<T>(
    signals: &Signals,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    run(signals, |stop| async {
        tokio::select! {
            biased;
            _stop = stop => Err(Failure::Reported),
            done = work => done,
        }
    })
}
