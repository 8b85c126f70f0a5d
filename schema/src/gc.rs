//! Garbage collection of the daemon, where nobody configures it.
//!
//! Source: BuildKit, `cmd/buildkitd/config`: `GCPolicy`.

/// The limits of each policy, by the setting.
pub const LIMITS: [(&str, &str); 3] = [
    ("reservedSpace", "10GB"),
    ("maxUsedSpace", "100GB"),
    ("minFreeSpace", "20%"),
];
