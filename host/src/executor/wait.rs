//! A wait that is told when it is long: for what is done before there are steps to show.
//!
//! Reads: the clock. Writes: to the audience. Unknown here: what is waited for.

use std::pin::pin;
use std::time::Duration;

use crate::executor::host::Host;

/// Work until it is done; the audience hears `notice` if that takes longer than `most`.
pub(super) async fn told<T>(
    host: &Host,
    most: Duration,
    notice: &str,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = tokio::time::sleep(most) => host.audience.notice(notice),
    }
    work.await
}
