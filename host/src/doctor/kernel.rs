//! The kernel: whether it is recent enough.
//!
//! Reads: `/proc/sys/kernel/osrelease`. Writes: nothing. Source: pidfd_open(2), whose answer every daemon here needs.

use crate::boundary::outside::shown;
use crate::doctor::finding::Finding;
use crate::doctor::machine::Machine;

const TOPIC: &str = "kernel";

/// The first one with handles on processes that can be waited for.
const OLDEST: (u32, u32) = (5, 3);

pub(super) fn look(machine: &Machine) -> Finding {
    let Some(release) = machine.text("proc/sys/kernel/osrelease") else {
        return Finding::remark(TOPIC, "its version cannot be told: `/proc` does not say it")
            .with_remedy("mount `/proc`, which builds need");
    };
    let release = release.trim();
    let finding = match version(release) {
        Some(version) if version < OLDEST => {
            let (major, minor) = OLDEST;
            let said = format!(
                "Linux {}, which has no handles on processes",
                shown(release)
            );
            Finding::fault(TOPIC, said).with_remedy(format!("use Linux {major}.{minor} or later"))
        }
        _ => Finding::fine(TOPIC, format!("Linux {}", shown(release))),
    };
    finding.fact("release", release)
}

/// `6.1.0-18-amd64`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::machine;

    fn judged(release: &str) -> Verdict {
        let (_files, machine) = machine::of(&[("proc/sys/kernel/osrelease", release)]);
        look(&machine).state
    }

    #[test]
    fn a_kernel_without_handles_on_processes_is_too_old() {
        for recent in [
            "6.1.0-18-amd64\n",
            "5.3.0",
            "5.15.167.4-microsoft-standard-WSL2",
            "10.0",
            "odd",
        ] {
            assert_eq!(judged(recent), Verdict::Fine, "{recent}");
        }
        for old in ["5.2.99", "4.19.0-27-amd64", "3.10.0-1160.el7"] {
            assert_eq!(judged(old), Verdict::Fault, "{old}");
        }
    }

    #[test]
    fn a_machine_without_procfs_is_remarked_on() {
        let (_files, machine) = machine::of(&[]);

        assert_eq!(look(&machine).state, Verdict::Remark);
    }
}
