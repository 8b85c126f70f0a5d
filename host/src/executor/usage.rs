//! Usage of the caches that steps mount: measured before the steps that want them, which might miss them meanwhile.
//!
//! A daemon measures what it does not know the size of one second after its start, and now and then: all that the build before has mounted,
//! and all that was just restored.
//!
//! Reads and writes: nothing. Unknown here: how it is measured, whose caches they are.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::executor::carried::{Carried, Kept};
use crate::executor::mounts::speaks_of_caches;
use crate::executor::site::Site;

/// How long it is waited for. Of a daemon of our own nobody else uses a cache.
const OURS: Duration = Duration::from_secs(60);
/// On a builder others may use what was restored, and for as long as they like.
const RESTORED: Duration = Duration::from_secs(10);
/// What was there before they use all the time.
const FOUND: Duration = Duration::from_millis(500);

/// How long to wait before the daemon is asked again.
const BETWEEN: Duration = Duration::from_millis(20);

/// Waits until the daemon has measured the caches that steps mount; `carried` are those that were looked at before.
pub(super) async fn measured(carried: &[Carried], site: Site<'_>) {
    let is_restored = |one: &Carried| matches!(one.kept, Kept::Restored(_));
    let patience = match carried {
        [] if !site.is_ours() || !speaks_of_caches(site).await => return,
        _ if site.is_ours() => OURS,
        carried if carried.iter().any(is_restored) => RESTORED,
        _ => FOUND,
    };
    let measuring = async {
        // The build itself tells of a daemon that is gone.
        while let Ok(true) = site.client().measure_cache_mounts().await {
            sleep(BETWEEN).await;
        }
    };
    // After that a step may miss one, which is told when it is saved.
    let _ = timeout(patience, measuring).await;
}
