//! Where the engine's programs are: named by the user, else found on `PATH`.
//!
//! Reads: `PATH` and `OCI_IMAGE_*` of the environment. Writes: nothing.

use std::borrow::Cow;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::BUILDKIT_VERSION;
use oci_image_boundary::outside::shown;

/// Where system programs may be although an ordinary user's `PATH` does not say so: Debian's runc is in `/usr/sbin`.
const ALSO: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A program that a daemon needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The daemon.
    Buildkitd,
    /// The OCI runtime that runs steps: runc, or crun.
    Runtime,
    /// What gives an ordinary user a user namespace.
    Rootlesskit,
}

/// The programs that the user names: a path, or a name to be looked up on `PATH`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Instead of `buildkitd`.
    pub buildkitd: Option<OsString>,
    /// Instead of `buildkit-runc`, `runc` or `crun`.
    pub runtime: Option<OsString>,
    /// Instead of `rootlesskit`.
    pub rootlesskit: Option<OsString>,
}

/// The programs of a daemon, as absolute paths that can be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    pub(super) buildkitd: PathBuf,
    pub(super) runtime: PathBuf,
    /// Only for an ordinary user.
    pub(super) rootlesskit: Option<PathBuf>,
}

/// A program that is not there, and what to install.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sought} is not installed: {}", program.remedy(), sought = shown(sought))]
pub struct MissingProgram {
    /// Which.
    pub program: Program,
    /// What was looked for, and where.
    pub sought: String,
}

impl Overrides {
    /// What the environment names: `OCI_IMAGE_BUILDKITD`, `OCI_IMAGE_RUNTIME`, `OCI_IMAGE_ROOTLESSKIT`; an empty value
    /// names nothing.
    pub fn from_env() -> Self {
        let named =
            |program: Program| env::var_os(program.variable()).filter(|value| !value.is_empty());
        Self {
            buildkitd: named(Program::Buildkitd),
            runtime: named(Program::Runtime),
            rootlesskit: named(Program::Rootlesskit),
        }
    }

    /// What is named in the place of a program.
    fn of(&self, program: Program) -> Option<&OsStr> {
        let named = match program {
            Program::Buildkitd => &self.buildkitd,
            Program::Runtime => &self.runtime,
            Program::Rootlesskit => &self.rootlesskit,
        };
        named.as_deref()
    }

    /// These, and `fallback` for what these leave open: flags over environment.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            buildkitd: self.buildkitd.or(fallback.buildkitd),
            runtime: self.runtime.or(fallback.runtime),
            rootlesskit: self.rootlesskit.or(fallback.rootlesskit),
        }
    }
}

impl Programs {
    /// Finds every program that the current user needs: rootlesskit only if that is not root.
    ///
    /// # Errors
    /// [`MissingProgram`] for the first that is not there.
    pub fn find(overrides: &Overrides) -> Result<Self, MissingProgram> {
        let path = env::var_os("PATH").unwrap_or_default();
        let find = |program: Program| program.find(overrides.of(program), &path);
        Ok(Self {
            buildkitd: find(Program::Buildkitd)?,
            runtime: find(Program::Runtime)?,
            rootlesskit: (!is_root())
                .then(|| find(Program::Rootlesskit))
                .transpose()?,
        })
    }

    /// Looks for each program that the current user needs, whether or not the others are there.
    pub fn each(overrides: &Overrides) -> Vec<(Program, Result<PathBuf, MissingProgram>)> {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut needed = vec![Program::Buildkitd, Program::Runtime];
        needed.extend((!is_root()).then_some(Program::Rootlesskit));
        let look = |program: Program| (program, program.find(overrides.of(program), &path));
        needed.into_iter().map(look).collect()
    }
}

impl MissingProgram {
    /// What to install.
    #[must_use]
    pub fn remedy(&self) -> Cow<'static, str> {
        self.program.remedy()
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Program {
    /// The names under which the program is installed, the best first.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Buildkitd => &["buildkitd"],
            Self::Runtime => &["buildkit-runc", "runc", "crun"],
            Self::Rootlesskit => &["rootlesskit"],
        }
    }

    /// The environment variable that names another one.
    fn variable(self) -> &'static str {
        match self {
            Self::Buildkitd => "OCI_IMAGE_BUILDKITD",
            Self::Runtime => "OCI_IMAGE_RUNTIME",
            Self::Rootlesskit => "OCI_IMAGE_ROOTLESSKIT",
        }
    }

    fn remedy(self) -> Cow<'static, str> {
        match self {
            Self::Buildkitd => format!(
                "install BuildKit {BUILDKIT_VERSION} (`make setup` builds it; https://github.com/moby/buildkit/releases), or \
                 set `OCI_IMAGE_BUILDKITD`"
            )
            .into(),
            Self::Runtime => {
                "install it (Debian: `apt-get install runc`), or set `OCI_IMAGE_RUNTIME`".into()
            }
            Self::Rootlesskit => {
                "a build without root needs it (Debian: `apt-get install rootlesskit uidmap`); or set \
                 `OCI_IMAGE_ROOTLESSKIT`"
                    .into()
            }
        }
    }

    fn find(self, named: Option<&OsStr>, path: &OsStr) -> Result<PathBuf, MissingProgram> {
        let found = match named {
            Some(named) => on_path(named, path),
            None => self
                .names()
                .iter()
                .find_map(|name| on_path(OsStr::new(name), path)),
        };
        let found = found.ok_or_else(|| MissingProgram {
            program: self,
            sought: self.sought(named),
        })?;
        // The daemon may run in another directory; where ours is gone, a path that names it leads nowhere either way.
        Ok(std::path::absolute(&found).unwrap_or(found))
    }

    fn sought(self, named: Option<&OsStr>) -> String {
        match named {
            Some(named) => format!("`{}`, which the user names as {self},", named.display()),
            None => format!("{self}"),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buildkitd => "buildkitd",
            Self::Runtime => "runc (or crun)",
            Self::Rootlesskit => "rootlesskit",
        })
    }
}

/// The executable of that name on `path`, or where system programs are; a name with a slash is a path already.
#[must_use]
pub fn on_path(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    if Path::new(name).components().count() > 1 {
        let named = PathBuf::from(name);
        return is_executable(&named).then_some(named);
    }
    env::split_paths(path)
        .filter(|directory| !directory.as_os_str().is_empty())
        .chain(ALSO.iter().map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn executable(directory: &Path, name: &str) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, "#!/bin/true\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn the_runc_that_comes_with_buildkit_is_preferred() {
        let bin = tempfile::tempdir().unwrap();
        let runc = executable(bin.path(), "runc");
        let own = executable(bin.path(), "buildkit-runc");

        let found = Program::Runtime.find(None, bin.path().as_os_str());

        assert_eq!(found, Ok(own.clone()));
        fs::remove_file(own).unwrap();
        assert_eq!(
            Program::Runtime.find(None, bin.path().as_os_str()),
            Ok(runc)
        );
    }

    #[test]
    fn a_missing_daemon_says_what_to_install() {
        let empty = tempfile::tempdir().unwrap();

        let missing = Program::Buildkitd
            .find(None, empty.path().as_os_str())
            .unwrap_err();

        assert_eq!(
            missing.to_string(),
            format!(
                "buildkitd is not installed: install BuildKit {BUILDKIT_VERSION} (`make setup` builds it; \
                 https://github.com/moby/buildkit/releases), or set `OCI_IMAGE_BUILDKITD`"
            )
        );
    }

    #[test]
    fn a_program_that_the_user_names_is_not_replaced_by_another() {
        let bin = tempfile::tempdir().unwrap();
        executable(bin.path(), "runc");

        let missing = Program::Runtime
            .find(Some(OsStr::new("/no/such/runc")), bin.path().as_os_str())
            .unwrap_err();

        assert_eq!(
            missing.to_string(),
            "`/no/such/runc`, which the user names as runc (or crun), is not installed: install it (Debian: \
             `apt-get install runc`), or set `OCI_IMAGE_RUNTIME`"
        );
    }

    #[test]
    fn a_file_that_cannot_be_executed_is_not_a_program() {
        let bin = tempfile::tempdir().unwrap();
        fs::write(bin.path().join("rootlesskit-x"), "").unwrap();

        assert_eq!(
            on_path(OsStr::new("rootlesskit-x"), bin.path().as_os_str()),
            None
        );
    }

    #[test]
    fn flags_go_before_the_environment() {
        let flags = Overrides {
            runtime: Some("crun".into()),
            ..Overrides::default()
        };
        let environment = Overrides {
            runtime: Some("runc".into()),
            buildkitd: Some("/b".into()),
            ..Overrides::default()
        };

        let both = flags.or(environment);

        let expected = Overrides {
            runtime: Some("crun".into()),
            buildkitd: Some("/b".into()),
            rootlesskit: None,
        };
        assert_eq!(both, expected);
    }
}
