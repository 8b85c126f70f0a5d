//! The settings that buildkitd reads, and their types.
//!
//! Source: BuildKit, `cmd/buildkitd/config/config.go`, with the types that it takes from `util/resolver/config` and
//! `cache/remotecache/gha/ghatypes`. Its reader of TOML knows a name in any case.

use toml::de::{DeTable, DeValue};

use crate::toml_tree;

/// What buildkitd takes for a value.
pub(crate) enum Type {
    Boolean,
    Integer,
    String,
    /// `"48h"`, or seconds.
    Duration,
    /// An amount of disk: `"10GB"`, `"20%"`, or bytes.
    Space,
    List(&'static Type),
    /// A table with these settings, in groups that several tables share.
    Table(&'static [Settings]),
    /// A table whose names are not buildkitd's.
    Map(&'static Type),
    /// Whatever another program reads.
    Any,
}

use Type::{Any, Boolean, Duration, Integer, List, Map, Space, String, Table};

/// Settings of one table, by name.
pub(crate) type Settings = &'static [(&'static str, Type)];

impl Type {
    /// As a message names it.
    pub(crate) fn phrase(&self) -> &'static str {
        match self {
            Boolean => "a boolean",
            Integer => "an integer",
            String => "a string",
            Duration | Space => "a string or a number",
            List(_) => "a list",
            Table(_) | Map(_) => "a table",
            Any => "anything",
        }
    }

    /// Whether a value is of the type, but for what it holds.
    pub(crate) fn takes(&self, value: &DeValue<'_>) -> bool {
        matches!(
            (self, value),
            (String, DeValue::String(_)) | (Table(_), DeValue::Table(_))
        )
    }
}

const TEXTS: Type = List(&String);

/// The tables and settings at the top.
pub(crate) const TOP: Settings = &[
    ("debug", Boolean),
    ("trace", Boolean),
    ("root", String),
    ("insecure-entitlements", TEXTS),
    ("proxyNetwork", Boolean),
    ("log", Table(&[&[("format", String), ("level", String)]])),
    ("grpc", Table(&[GRPC])),
    ("otel", Table(&[&[("socketPath", String)]])),
    ("cdi", Table(&[CDI])),
    ("worker", Table(&[WORKERS])),
    ("registry", Map(&Table(&[REGISTRY]))),
    ("dns", Table(&[DNS])),
    (
        "history",
        Table(&[&[("maxAge", Duration), ("maxEntries", Integer)]]),
    ),
    ("frontend", Table(&[FRONTENDS])),
    ("system", Table(&[SYSTEM])),
    ("provenanceEnvDir", String),
    ("cache", Table(&[&[("gha", Table(&[GHA]))]])),
    ("compaction", Table(&[COMPACTION])),
];
const GRPC: Settings = &[
    ("address", TEXTS),
    ("debugAddress", String),
    ("uid", Integer),
    ("gid", Integer),
    ("securityDescriptor", String),
    (
        "tls",
        Table(&[&[("cert", String), ("key", String), ("ca", String)]]),
    ),
];
const CDI: Settings = &[
    ("disabled", Boolean),
    ("specDirs", TEXTS),
    ("autoAllowed", TEXTS),
];
const WORKERS: Settings = &[
    ("oci", Table(&[WORKER, OCI, GC, NETWORK])),
    ("containerd", Table(&[WORKER, CONTAINERD, GC, NETWORK])),
];
const WORKER: Settings = &[
    ("enabled", Boolean),
    ("labels", Map(&String)),
    ("platforms", TEXTS),
    ("snapshotter", String),
    ("rootless", Boolean),
    ("defaultCgroupParent", String),
    ("apparmor-profile", String),
    ("selinux", Boolean),
    ("max-parallelism", Integer),
];
const OCI: Settings = &[
    ("noProcessSandbox", Boolean),
    ("userRemapUnsupported", String),
    ("binary", String),
    ("proxySnapshotterPath", String),
    ("stargzSnapshotter", Map(&Any)),
];
const CONTAINERD: Settings = &[
    ("address", String),
    ("namespace", String),
    ("hypervIsolation", Boolean),
    (
        "runtime",
        Table(&[&[("name", String), ("path", String), ("options", Map(&Any))]]),
    ),
];
const GC: Settings = &[
    ("gc", Boolean),
    ("gckeepstorage", Space),
    ("reservedSpace", Space),
    ("maxUsedSpace", Space),
    ("minFreeSpace", Space),
    ("gcpolicy", List(&Table(&[GC_POLICY]))),
];
const GC_POLICY: Settings = &[
    ("all", Boolean),
    ("filters", TEXTS),
    ("keepDuration", Duration),
    ("keepBytes", Space),
    ("reservedSpace", Space),
    ("maxUsedSpace", Space),
    ("minFreeSpace", Space),
];
const NETWORK: Settings = &[
    ("networkMode", String),
    ("cniConfigPath", String),
    ("cniBinaryPath", String),
    ("cniPoolSize", Integer),
    ("bridgeName", String),
    ("bridgeSubnet", String),
];
const REGISTRY: Settings = &[
    ("mirrors", TEXTS),
    ("http", Boolean),
    ("insecure", Boolean),
    ("ca", TEXTS),
    (
        "keypair",
        List(&Table(&[&[("key", String), ("cert", String)]])),
    ),
    ("tlsconfigdir", TEXTS),
];
const DNS: Settings = &[
    ("nameservers", TEXTS),
    ("options", TEXTS),
    ("searchDomains", TEXTS),
];
const FRONTENDS: Settings = &[
    ("dockerfile.v0", Table(&[&[("enabled", Boolean)]])),
    (
        "gateway.v0",
        Table(&[&[("enabled", Boolean), ("allowedRepositories", TEXTS)]]),
    ),
];
const SYSTEM: Settings = &[
    ("platformsCacheMaxAge", Duration),
    ("maxRegistryConcurrency", Integer),
    ("sessionAuthTimeout", Duration),
];
const GHA: Settings = &[
    ("sign", Table(&[&[("command", TEXTS)]])),
    (
        "verify",
        Table(&[&[("required", Boolean), ("policy", Table(&[GHA_POLICY]))]]),
    ),
];
const GHA_POLICY: Settings = &[
    ("timestampThreshold", Integer),
    ("tlogThreshold", Integer),
    // Of the certificate that signed.
    ("certificateIssuer", String),
    ("subjectAlternativeName", String),
    ("issuer", String),
    ("githubWorkflowTrigger", String),
    ("githubWorkflowSHA", String),
    ("githubWorkflowName", String),
    ("githubWorkflowRepository", String),
    ("githubWorkflowRef", String),
    ("buildSignerURI", String),
    ("buildSignerDigest", String),
    ("runnerEnvironment", String),
    ("sourceRepositoryURI", String),
    ("sourceRepositoryDigest", String),
    ("sourceRepositoryRef", String),
    ("sourceRepositoryIdentifier", String),
    ("sourceRepositoryOwnerURI", String),
    ("sourceRepositoryOwnerIdentifier", String),
    ("buildConfigURI", String),
    ("buildConfigDigest", String),
    ("buildTrigger", String),
    ("runInvocationURI", String),
    ("sourceRepositoryVisibilityAtSigning", String),
];
const COMPACTION: Settings = &[
    ("enabled", Boolean),
    ("idleTimeout", Duration),
    ("maxRetry", Integer),
    ("writesPerCheck", Integer),
    ("sizeWatermark", Integer),
    ("sizeGrowthPercent", Integer),
    ("minReclaimBytes", Integer),
    ("minReclaimPercent", Integer),
    ("minReclaimPercentFloor", Integer),
];

/// Whether a worker has a setting of garbage collection.
pub(crate) fn sets_gc(worker: &DeTable<'_>) -> bool {
    GC.iter()
        .any(|(name, _)| toml_tree::get(worker, &[name]).is_some())
}
