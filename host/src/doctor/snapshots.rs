//! Snapshots: how the file systems of steps would be made in the root, by a trial of what the daemon prefers.
//!
//! Reads and writes: through that.

use crate::boundary::outside::shown;
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
        }) => Finding::remark(TOPIC, format!("slow, {effect} (`{}`)", shown(snapshotter)))
            .with_remedy(reason)
            .fact("snapshotter", snapshotter.as_str()),
        Snapshots::Slow(warning) => Finding::remark(TOPIC, warning.to_string()),
        Snapshots::Untried { reason } => Finding::remark(
            TOPIC,
            format!("whether they can be overlays is not tried: {reason}"),
        )
        .with_remedy("nothing yet: a build tells it, if they cannot"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn slow_ways_are_remarks_with_their_reason() {
        let slow = Snapshots::Slow(Warning::SlowSnapshots {
            snapshotter: "native".into(),
            effect: "copies",
            reason: "`/r` lies on an overlay, which takes no other".into(),
        });
        let untried = Snapshots::Untried {
            reason: "no".into(),
        };

        let finding = look(&slow);
        assert_eq!(
            (finding.state, finding.said.as_str()),
            (Verdict::Remark, "slow, copies (`native`)")
        );
        assert!(
            finding
                .remedy
                .is_some_and(|remedy| remedy.starts_with("`/r` lies on"))
        );
        assert_eq!(look(&untried).state, Verdict::Remark);
        assert_eq!(look(&Snapshots::Overlays).state, Verdict::Fine);
    }
}
