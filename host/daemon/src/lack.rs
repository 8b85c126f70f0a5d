//! What this machine lacks for a build without root, each with what to do.
//!
//! Reads and writes: nothing.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use oci_image_boundary::outside::shown;

/// Something that a build without root needs and this machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// A helper that writes the ID maps of user namespaces.
    IdMapper {
        /// `newuidmap` or `newgidmap`.
        program: &'static str,
    },
    /// Subordinate IDs of the user.
    SubordinateIds {
        /// `/etc/subuid` or `/etc/subgid`.
        file: &'static str,
        /// The option of `usermod` that adds a range.
        option: &'static str,
        /// The user's name, or ID where it has none.
        user: String,
    },
    /// A helper that writes ID maps, and cannot: it has lost what makes it root, or its file system takes that away.
    IdMapperPowers {
        /// The helper.
        path: PathBuf,
    },
    /// This process and its children can become nobody else, not even by a setuid program.
    NewPrivileges,
    /// User namespaces, or mounts in them, which are on by all settings.
    Refused {
        /// Its words.
        reason: String,
    },
    /// User namespaces are switched off.
    UserNamespaces {
        /// What is set to 0.
        setting: &'static str,
        /// What to set it to.
        value: u32,
    },
}

impl Lack {
    /// What is missing.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::IdMapper { program } => format!("`{program}`"),
            Self::SubordinateIds { file, user, .. } => {
                format!("a range for user `{}` in `{file}`", shown(user))
            }
            Self::IdMapperPowers { path } => {
                format!("the setuid bit or the capabilities of `{}`", shown(path))
            }
            Self::NewPrivileges => {
                "the right to gain privileges, without which `newuidmap` cannot work".to_owned()
            }
            Self::Refused { reason } => {
                format!("user namespaces, which the kernel refuses here: {reason}")
            }
            Self::UserNamespaces { .. } => "user namespaces".to_owned(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::IdMapper { .. } => "Debian: `apt-get install uidmap`".to_owned(),
            Self::SubordinateIds { option, user, .. } => {
                format!("as root: `usermod {option} 100000-165535 {}`", shown(user))
            }
            Self::IdMapperPowers { path } => format!(
                "as root: `chmod u+s {}`; and no `nosuid` on its file system",
                shown(path)
            ),
            Self::NewPrivileges => "a container: leave out `no-new-privileges`".to_owned(),
            Self::Refused { .. } => "a container: `--privileged`, or a seccomp profile that allows `unshare` and `mount`".to_owned(),
            Self::UserNamespaces { setting, value } => {
                format!("as root: `sysctl -w {setting}={value}`")
            }
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what(), self.remedy())
    }
}

impl Error for Lack {}
