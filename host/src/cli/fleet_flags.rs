//! Daemons that are not ours, as flags.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::engine_flags::EngineFlags;
use crate::quantity;

/// Where a build runs: on a daemon that is started for it, or on a builder.
#[derive(Debug, Args)]
pub(crate) struct BuildPlace {
    /// The daemon that is started.
    #[command(flatten)]
    pub(crate) engine: EngineFlags,

    /// Those that are not.
    #[command(flatten)]
    pub(crate) fleet: FleetFlags,
}

/// Daemons that are not ours, of which one builds.
#[derive(Debug, Args)]
#[command(next_help_heading = "Builders")]
pub(crate) struct FleetFlags {
    /// Build on this BuildKit daemon, and start none: `tcp://HOST:PORT`, `unix://PATH`, `ssh://HOST`, `kube-pod://POD`,
    /// `docker-container://NAME`, ... Of several (the flag may be repeated) one is chosen: the same for the same build, as long as it is
    /// well. [env: BUILDKIT_HOST, several with spaces between]
    // The variables are read where the rest of the environment is: a task hands over empty ones.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) builder: Vec<String>,

    /// Speak TLS with each `tcp://` builder, by the files in this directory: `ca.pem`, `cert.pem` and `key.pem`, or `ca.crt`, `tls.crt` and
    /// `tls.key`. [env: OCI_IMAGE_BUILDER_TLS]
    #[arg(long, value_name = "DIR")]
    pub(crate) builder_tls: Option<PathBuf>,

    /// For so long ask builders again that do not answer, as those do that are starting: `90s`, `5m`; default: 20s.
    /// [env: OCI_IMAGE_BUILDER_WAIT]
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    pub(crate) builder_wait: Option<Duration>,

    /// Take a builder that emulates a platform, where none has it by itself. [env: OCI_IMAGE_EMULATE]
    #[arg(long)]
    pub(crate) emulate: bool,

    /// Take the builders that this file lists, in JSON or YAML, with their certificates, platforms and labels (`oci-image schema builders`).
    /// [env: OCI_IMAGE_BUILDERS]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["builder", "builder_tls"])]
    pub(crate) builders: Option<PathBuf>,

    /// Of those in the file, only those that have this label; may be repeated. [env: OCI_IMAGE_BUILDER_LABELS, with commas between]
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) builder_label: Vec<String>,
}
