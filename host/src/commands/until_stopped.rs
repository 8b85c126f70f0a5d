//! Work for a command that answers, on a runtime of its own, until it is done or the program is asked to end.

use std::time::Duration;

use crate::failure::Failure;
use crate::signals::Signals;

/// How long threads may take to end that look at files when the command is over.
const THREADS_DEADLINE: Duration = Duration::from_secs(5);

/// What the work comes to; one that is stopped is dropped.
pub(super) fn until_stopped<T>(
    signals: &Signals,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let failed = |error| Failure::Engine(Box::new(error));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    let done = runtime.block_on(async {
        let stop = signals.stop().map_err(failed)?;
        tokio::select! {
            biased;
            _stop = stop => Err(Failure::Reported),
            done = work => done,
        }
    });
    runtime.shutdown_timeout(THREADS_DEADLINE);
    done
}
