//! Snapshots: how the file systems of steps would be made in the root, by a trial of what the daemon prefers.
//!
//! Reads and writes: through that.

use crate::daemon::{Snapshots, Warning};
use crate::doctor::finding::Finding;

const TOPIC: &str = "snapshots";

pub(super) fn look(snapshots: &Snapshots) -> Finding {
    match snapshots {
        Snapshots::Overlays => Finding::fine(TOPIC, "overlays, in the root's file system (tried)")
            .fact("snapshotter", "overlayfs"),
        Snapshots::Slow(warning) => {
            let snapshotter = match warning {
                Warning::SlowSnapshots { snapshotter, .. } => Some(snapshotter.as_str()),
                _ => None,
            };
            Finding::remark(TOPIC, warning.to_string())
                .with_remedy("name a root on a disk or a volume that takes overlays (`--root`)")
                .fact("snapshotter", snapshotter)
        }
        Snapshots::Untried { reason } => Finding::remark(
            TOPIC,
            format!("whether they can be overlays is not tried: {reason}"),
        )
        .with_remedy("nothing yet: a build tells it, if they cannot"),
    }
}
