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
        Snapshots::Slow(Warning::SlowSnapshots {
            snapshotter,
            effect,
            reason,
        }) => Finding::remark(TOPIC, format!("slow, {effect} (`{snapshotter}`)"))
            .to_do(reason)
            .fact("snapshotter", snapshotter.as_str()),
        Snapshots::Slow(warning) => Finding::remark(TOPIC, warning.to_string()),
        Snapshots::Untried { reason } => Finding::remark(
            TOPIC,
            format!("whether they can be overlays is not tried: {reason}"),
        )
        .to_do("a build tells it, if they cannot"),
    }
}
