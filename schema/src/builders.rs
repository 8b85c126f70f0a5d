//! A file of builders: BuildKit daemons that somebody else runs, of which one builds.
//!
//! Source: this file; `oci-image schema builders` prints its JSON Schema.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Builders, of which one builds: the same for the same build, as long as it is well.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BuildersFile {
    /// The builders.
    #[cfg_attr(feature = "json-schema", schemars(length(min = 1)))]
    pub builders: Vec<BuilderEntry>,
}

/// A BuildKit daemon, or several behind one name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BuilderEntry {
    /// Where it is: `tcp://HOST:PORT`, `unix://PATH`, `ssh://HOST`, `kube-pod://POD`, `docker-container://NAME`,
    /// `podman-container://NAME`, `nerdctl-container://NAME`. A name of a host that has several addresses is several builders.
    #[cfg_attr(
        feature = "json-schema",
        schemars(regex(
            pattern = r"^(unix|tcp|docker-container|podman-container|nerdctl-container|kube-pod|ssh)://."
        ))
    )]
    pub address: String,
    /// The platforms for which it is taken, such as `linux/arm64`, its own first; default: those that it says it has.
    #[serde(default)]
    pub platforms: Option<Vec<String>>,
    /// What is said of it, for `--builder-label`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// By which files it is known, and we to it: TLS is spoken then. Only for `tcp://`.
    #[serde(default)]
    pub tls: Option<BuilderTls>,
    /// How many solves it may have under way, whoever asked for them, before another builder is taken that has less to do.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(range(min = 1)))]
    pub most_solves: Option<usize>,
    /// Whether secrets, agents and logins may be told to it although it has no certificate. Whoever is on the way reads them.
    #[serde(default)]
    pub trusted: bool,
}

/// Files by which a builder and its client know each other. Paths are relative to the file of builders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BuilderTls {
    /// A directory with `ca.pem`, `cert.pem` and `key.pem`, or `ca.crt`, `tls.crt` and `tls.key`.
    #[serde(default)]
    pub directory: Option<String>,
    /// The authority that is believed; default: the system's.
    #[serde(default)]
    pub authority: Option<String>,
    /// Our certificate.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Its key.
    #[serde(default)]
    pub key: Option<String>,
    /// The name in the builder's certificate; default: the host of its address.
    #[serde(default)]
    pub server_name: Option<String>,
}
