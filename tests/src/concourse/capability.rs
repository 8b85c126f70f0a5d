//! The capabilities of a container.

use std::fs;

/// What the task's step in the pipeline says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// `privileged: true`.
    Privileged,
    /// Nothing: a user namespace, and few capabilities.
    Ordinary,
}

/// What a container that is not privileged keeps.
const ORDINARY: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Every capability, by the kernel's numbers.
const CAPABILITIES: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
];

/// Those of a container: what this process has itself, all of it or what is left without privileges.
pub(super) fn names(rights: Rights) -> Vec<String> {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let held = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .expect("a line of capabilities");
    let held = u64::from_str_radix(held.trim(), 16).expect("a hexadecimal number");
    let names = CAPABILITIES.iter().enumerate();
    names
        .filter(|(number, _)| held >> number & 1 == 1)
        .filter(|(_, name)| rights == Rights::Privileged || ORDINARY.contains(name))
        .map(|(_, name)| format!("CAP_{name}"))
        .collect()
}
