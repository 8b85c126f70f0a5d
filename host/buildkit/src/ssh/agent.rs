//! An agent that is lent to `RUN --mount=type=ssh`: one of this machine, or one of our own that holds private keys.
//!
//! A step may list the agent's keys and have data signed, and nothing else: it cannot add, remove or lock keys of whoever
//! runs the build. Keys are read before the solve, and leave this process only as signatures.
//!
//! Reads: private key files; reads and writes: the agent's socket.
//! Source: BuildKit, `session/sshforward`; draft-ietf-sshm-ssh-agent for the agent's protocol.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ssh::error::SshError;
use crate::ssh::key::SigningKey;
use crate::ssh::keyring::Keyring;
use oci_image_boundary::handle::found::Socket;
use oci_image_boundary::handle::{Directory, Found};
use oci_image_boundary::regular_file::RegularFile;

/// Size of the largest private key file, in bytes; an RSA key of 4096 bits has 3.4 KB.
const KEY_LIMIT: usize = 100 * 1024;
/// An agent offered to the daemon, found and read: nothing about it can be missing any more.
#[derive(Debug, Clone)]
pub struct SshAgent {
    pub(super) id: String,
    pub(super) source: KeySource,
    places: Vec<(PathBuf, Option<PathBuf>)>,
}

/// Who has the keys.
#[derive(Debug, Clone)]
pub(super) enum KeySource {
    /// An agent of this machine.
    Socket(Arc<Socket>),
    /// Ours.
    Keys(Arc<Keyring>),
}

impl SshAgent {
    /// The agent that a step asks for as `id`; a step that gives no id asks for `default`. Blocking.
    ///
    /// `paths`, seen from `directory`, are one socket of an agent, or any number of private key files; none at all stand for
    /// `$SSH_AUTH_SOCK`. Each is followed now, and by name no more.
    /// Keys are unencrypted, in OpenSSH's format or in PEM by PKCS#1, SEC1 or PKCS#8, and at most 100 KiB long.
    ///
    /// ```no_run
    /// use oci_image_buildkit::{solve::Solve, ssh::SshAgent};
    /// use oci_image_boundary::handle::Directory;
    ///
    /// let keys = SshAgent::open("deploy", &Directory::open("keys")?, &["github".into(), "gitlab".into()])?;
    /// let solve = Solve { ssh: vec![keys], ..Solve::default() };
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SshError`], of the first path that does not serve.
    pub fn open(id: &str, directory: &Directory, paths: &[PathBuf]) -> Result<Self, SshError> {
        let mut places = Vec::new();
        let default = std::env::var_os("SSH_AUTH_SOCK");
        let source = source(id, (directory, paths), default, |path, found| {
            places.push((path.clone(), found.real_path()));
        })?;
        let id = id.to_owned();
        Ok(Self { id, source, places })
    }

    /// Each path that was followed, and where it led, without links, if anybody could tell.
    pub fn places(&self) -> &[(PathBuf, Option<PathBuf>)] {
        &self.places
    }
}

fn source(
    id: &str,
    (directory, paths): (&Directory, &[PathBuf]),
    default: Option<OsString>,
    mut followed: impl FnMut(&PathBuf, &Found),
) -> Result<KeySource, SshError> {
    let default = default.filter(|path| !path.is_empty()).map(PathBuf::from);
    let paths = match (paths, &default) {
        ([], Some(default)) => std::slice::from_ref(default),
        ([], None) => return Err(SshError::NoAgent { id: id.to_owned() }),
        (paths, _) => paths,
    };
    let mut keys = Vec::new();
    for name in paths {
        let (id, path) = (id.to_owned(), directory.full_path(name));
        let found = Found::open_in(directory, name);
        found.iter().for_each(|found| followed(name, found));
        let file = match found {
            Ok(Found::File(file)) => file,
            Ok(Found::Socket(_)) if paths.len() > 1 => {
                return Err(SshError::SocketBesideOthers { id, path });
            }
            Ok(Found::Socket(socket)) => return Ok(KeySource::Socket(Arc::new(socket))),
            // Whatever else may stand there, a pipe say, might keep its reader waiting.
            Ok(Found::Directory(_) | Found::Other(_)) => return Err(SshError::Kind { id, path }),
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                return Err(SshError::Read { id, path, source });
            }
            Err(source) => return Err(SshError::Find { id, path, source }),
        };
        let text = match read_key(&file) {
            Ok(text) => text,
            Err(source) => return Err(SshError::Read { id, path, source }),
        };
        match SigningKey::parse(&text) {
            Ok(key) => keys.push(key),
            Err(source) => return Err(SshError::Key { id, path, source }),
        }
    }
    Ok(KeySource::Keys(Arc::new(Keyring::new(keys))))
}

/// All of a file up to the limit; what is longer is no key, and shows as cut off.
fn read_key(file: &RegularFile) -> io::Result<Zeroizing<Vec<u8>>> {
    // Sized in advance: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(vec![0; KEY_LIMIT]);
    let length = file.fill(&mut text)?;
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Directory {
        Directory::open(".").unwrap()
    }

    fn refused(paths: &[PathBuf], default: Option<OsString>) -> String {
        oci_image_boundary::chain::chain(
            &source("a", (&work(), paths), default, |_, _| {}).unwrap_err(),
        )
    }

    #[test]
    fn an_agent_is_found_by_its_path_or_by_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let named = source("a", (&work(), std::slice::from_ref(&path)), None, |_, _| {}).unwrap();
        let default = source(
            "default",
            (&work(), &[]),
            Some(path.clone().into()),
            |_, _| {},
        )
        .unwrap();

        for found in [named, default] {
            let KeySource::Socket(found) = found else {
                panic!("{found:?}")
            };
            assert_eq!(found.path(), path);
        }
        assert_eq!(
            refused(&[], Some("".into())),
            "`$SSH_AUTH_SOCK` is not set, and ssh agent `a` names neither a socket nor a key"
        );
        assert_eq!(
            refused(&["/etc/hostname".into(), path.clone()], None),
            "cannot use `/etc/hostname` as a private key of ssh agent `a`: it is no private key of OpenSSH, and none in \
             PEM by PKCS#1, SEC1 or PKCS#8"
        );
        assert_eq!(
            refused(&[path.clone(), "/etc/hostname".into()], None),
            format!(
                "ssh agent `a` is given the socket `{}` beside other paths: give one socket alone, or private keys",
                path.display()
            )
        );
        assert!(
            refused(&["/nowhere/agent".into()], None)
                .starts_with("cannot find `/nowhere/agent` of ssh agent `a`: No such file")
        );
        assert_eq!(
            refused(&["/dev/zero".into()], None),
            "ssh agent `a` is given `/dev/zero`, which is neither a socket nor a private key file"
        );
    }
}
