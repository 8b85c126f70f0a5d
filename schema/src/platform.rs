//! The names of platforms that are known: what the planner accepts, and what the JSON Schema's pattern is made of.
//!
//! Source: Go's list of operating systems and architectures, and the aliases of containerd's `platforms` package.

/// Operating systems, in lower case.
pub const SYSTEMS: &[&str] = &[
    "linux",
    "windows",
    "darwin",
    "freebsd",
    "netbsd",
    "openbsd",
    "dragonfly",
    "solaris",
    "illumos",
    "aix",
    "android",
    "ios",
    "js",
    "plan9",
    "wasip1",
    "zos",
];

/// Other names of operating systems; they are known before a `/` alone.
pub const SYSTEM_ALIASES: &[&str] = &["macos"];

/// Architectures, in lower case.
pub const ARCHITECTURES: &[&str] = &[
    "amd64", "arm64", "arm", "386", "ppc64le", "ppc64", "s390x", "riscv64", "loong64", "mips64le",
    "mips64", "mipsle", "mips", "riscv", "sparc64", "wasm", "wasm32",
];

/// Other names of architectures.
pub const ARCHITECTURE_ALIASES: &[&str] =
    &["i386", "x86_64", "x86-64", "aarch64", "armhf", "armel"];

/// What images are commonly built for.
pub const COMMON: &[&str] = &[
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/386",
    "linux/ppc64le",
    "linux/s390x",
    "linux/riscv64",
];
