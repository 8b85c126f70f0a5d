//! Where the engine is, and where it keeps its state, as flags.

use std::path::PathBuf;

use clap::Args;

/// Where the engine is, and where it keeps its state.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineFlags {
    /// State of the daemon, kept as a warm cache; default /scratch/buildkitd, else $TMPDIR/buildkitd. [env: OCI_IMAGE_ROOT]
    // The variables are read where the rest of the environment is: to clap an empty one is a value, and a wrong one.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,

    /// The daemon; default: `buildkitd` on PATH. [env: OCI_IMAGE_BUILDKITD]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) buildkitd: Option<PathBuf>,

    /// The container runtime; default: `runc`, else `crun`, on PATH. [env: OCI_IMAGE_RUNTIME]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) runtime: Option<PathBuf>,

    /// What runs the daemon without root; default: `rootlesskit` on PATH. [env: OCI_IMAGE_ROOTLESSKIT]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) rootlesskit: Option<PathBuf>,
}
