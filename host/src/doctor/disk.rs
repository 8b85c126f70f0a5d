//! Disks: on which file system the root and temporary files are, and how much room that has.
//!
//! Reads: how full file systems are, and their types. Writes: nothing.

use std::path::Path;

use crate::boundary::outside::shown;
use crate::daemon;
use crate::doctor::finding::Finding;
use crate::executor::room;
use crate::progress::amount;

/// Less than this is soon too little.
const SCARCE: u64 = 2 << 30;

/// The disk of a directory that is there; `topic` tells what it is for.
pub(super) fn look(topic: &'static str, directory: &Path) -> Finding {
    let filesystem = daemon::filesystem(directory);
    let free = room::free(directory);
    judged(topic, directory, filesystem.as_deref(), free)
        .fact("filesystem", filesystem)
        .fact("free", free)
}

fn judged(
    topic: &'static str,
    directory: &Path,
    filesystem: Option<&str>,
    free: Option<u64>,
) -> Finding {
    let at = shown(directory);
    let Some(free) = free else {
        return Finding::remark(topic, format!("how much room is in `{at}` cannot be told"));
    };
    let amount = amount::size(free);
    let filesystem = shown(filesystem.unwrap_or("a file system of unknown type")).to_string();
    let said = format!("{amount} free in `{at}` ({filesystem})");
    if free < room::LEAST {
        Finding::fault(topic, said)
            .with_remedy("free some space there, or use another disk (`--root`, `TMPDIR`)")
    } else if free < SCARCE {
        Finding::remark(topic, said).with_remedy(
            "free some space there before large builds: `oci-image prune`, or use another disk",
        )
    } else {
        Finding::fine(topic, said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn a_disk_is_fine_scarce_or_full() {
        let judged = |free| {
            let finding = judged("disk", Path::new("/r"), Some("ext4"), free);
            (finding.state, finding.said)
        };

        assert_eq!(
            judged(Some(5_000_000_000)),
            (Verdict::Fine, "5.00GB free in `/r` (ext4)".into())
        );
        assert_eq!(judged(Some(1_000_000_000)).0, Verdict::Remark);
        assert_eq!(judged(Some(0)).0, Verdict::Fault);
        assert_eq!(judged(None).0, Verdict::Remark);
        assert_eq!(
            look("disk", Path::new("/no/such/directory")).state,
            Verdict::Remark
        );
    }
}
