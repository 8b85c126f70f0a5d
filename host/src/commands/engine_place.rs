//! Where the engine is, and where it keeps its state: as flags say it, else the environment, else as is usual.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use oci_image::daemon::{self, Overrides};

use crate::cli::EngineFlags;

/// Names the daemon's root.
const ROOT_VARIABLE: &str = "OCI_IMAGE_ROOT";

/// A daemon's root, and the programs that are not to be looked up on PATH.
pub(super) struct EnginePlace {
    pub(super) root: PathBuf,
    pub(super) programs: Overrides,
}

impl EnginePlace {
    /// As it is seen from a directory, or from that of this process.
    pub(super) fn of(flags: EngineFlags, directory: Option<&Path>) -> Self {
        // A bare name is looked up on PATH.
        let program = |program: OsString| match PathBuf::from(program) {
            path if path.components().count() > 1 => seen(path, directory).into(),
            name => name.into(),
        };
        let programs = Overrides {
            buildkitd: flags.buildkitd.map(Into::into),
            runtime: flags.runtime.map(Into::into),
            rootlesskit: flags.rootlesskit.map(Into::into),
        }
        .or(Overrides::from_env());
        Self {
            root: root(flags.root, directory),
            programs: Overrides {
                buildkitd: programs.buildkitd.map(program),
                runtime: programs.runtime.map(program),
                rootlesskit: programs.rootlesskit.map(program),
            },
        }
    }
}

/// The daemon's root.
pub(super) fn root(named: Option<PathBuf>, directory: Option<&Path>) -> PathBuf {
    let named = named.or_else(|| given(ROOT_VARIABLE));
    named.map_or_else(daemon::default_root, |root| seen(root, directory))
}

/// A path as it is seen from a directory.
pub(super) fn seen(path: PathBuf, directory: Option<&Path>) -> PathBuf {
    match directory {
        Some(directory) => directory.join(path),
        None => path,
    }
}

/// The path in a variable. One that is empty counts as unset: so does a task hand over every parameter that it leaves open.
fn given(variable: &str) -> Option<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}
