//! Capabilities: which of them this process lacks, by name.
//!
//! Whether a build may do what it needs is tried, not read from these: they explain it. Steps are given some, and cannot have what
//! is missing here.
//!
//! Reads: `/proc/self/status`, `/proc/sys/kernel/cap_last_cap`. Writes: nothing. Source: capabilities(7).

use crate::boundary::outside::listed;
use crate::doctor::finding::Finding;
use crate::doctor::machine::Machine;

const TOPIC: &str = "capabilities";

/// In the order of their numbers.
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

pub(super) fn look(machine: &Machine, is_root: bool) -> Finding {
    let Some(has) = machine.status("CapEff").and_then(|set| bits(&set)) else {
        return Finding::remark(TOPIC, "`/proc/self/status` does not tell them")
            .with_remedy("mount `/proc`, which builds need");
    };
    if !is_root {
        return Finding::fine(TOPIC, "a build without root needs none");
    }
    let last = machine.text("proc/sys/kernel/cap_last_cap");
    let last = last
        .and_then(|last| last.trim().parse().ok())
        .unwrap_or(NAMES.len() - 1);
    let missing: Vec<&str> = (0..)
        .zip(NAMES)
        .take(last + 1)
        .filter(|(number, _)| has >> number & 1 == 0)
        .map(|(_, name)| name)
        .collect();
    let finding = if missing.is_empty() {
        Finding::fine(TOPIC, "all that this kernel has")
    } else {
        let said = format!("{} missing: no step can have them", listed(&missing));
        Finding::remark(TOPIC, said).with_remedy(
            "nothing, unless privileges are a fault or a step wants one of them; a container: `--privileged`",
        )
    };
    finding.fact("missing", missing)
}

fn bits(set: &str) -> Option<u64> {
    u64::from_str_radix(set, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::machine;

    #[test]
    fn those_that_are_missing_are_named_as_far_as_the_kernel_knows_them() {
        let status = "Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t0000003fffdfefff\n";
        let files = [
            ("proc/self/status", status),
            ("proc/sys/kernel/cap_last_cap", "37\n"),
        ];
        let (_files, machine) = machine::of(&files);

        let finding = look(&machine, true);

        assert_eq!(finding.state, Verdict::Remark);
        let missing = "`CAP_NET_ADMIN`, `CAP_SYS_ADMIN` missing: no step can have them";
        assert_eq!(finding.said, missing);
        assert_eq!(look(&machine, false).state, Verdict::Fine);
    }

    #[test]
    fn a_machine_that_does_not_tell_them_is_remarked_on() {
        for status in ["", "CapEff:\tnoise\n"] {
            let (_files, machine) = machine::of(&[("proc/self/status", status)]);
            assert_eq!(look(&machine, true).state, Verdict::Remark, "{status}");
        }
    }
}
