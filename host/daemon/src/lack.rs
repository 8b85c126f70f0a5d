//! What this machine lacks for a build without root, each with what to do.
//!
//! Reads and writes: nothing.

use std::path::PathBuf;

use oci_image_boundary::outside::shown;

/// Something that a build without root needs and this machine lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// A helper that writes the ID maps of user namespaces.
    #[error("`{program}` (Debian: `apt-get install uidmap`)")]
    IdMapper {
        /// `newuidmap` or `newgidmap`.
        program: &'static str,
    },
    /// Subordinate IDs of the user.
    #[error(
        "a range for user `{user}` in `{file}` (as root: `usermod {option} 100000-165535 {user}`)",
        user = shown(user)
    )]
    SubordinateIds {
        /// `/etc/subuid` or `/etc/subgid`.
        file: &'static str,
        /// The option of `usermod` that adds a range.
        option: &'static str,
        /// The user's name, or ID where it has none.
        user: String,
    },
    /// A helper that writes ID maps, and cannot: it has lost what makes it root, or its file system takes that away.
    #[error(
        "the setuid bit or the capabilities of `{file}` (as root: `chmod u+s {file}`; and no `nosuid` on its file system)",
        file = shown(path)
    )]
    IdMapperPowers {
        /// The helper.
        path: PathBuf,
    },
    /// This process and its children can become nobody else, not even by a setuid program.
    #[error(
        "the right to gain privileges, without which `newuidmap` cannot work (a container: leave out `no-new-privileges`)"
    )]
    NewPrivileges,
    /// User namespaces, or mounts in them, which are on by all settings.
    #[error(
        "user namespaces, which the kernel refuses here: {reason} (a container: `--privileged`, or a seccomp profile that allows `unshare` and `mount`)"
    )]
    Refused {
        /// Its words.
        reason: String,
    },
    /// User namespaces are switched off.
    #[error("user namespaces (as root: `sysctl -w {setting}={value}`)")]
    UserNamespaces {
        /// What is set to 0.
        setting: &'static str,
        /// What to set it to.
        value: u32,
    },
}
