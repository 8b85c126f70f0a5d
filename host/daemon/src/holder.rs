//! The holder of a lock: which process, as far as this machine tells.
//!
//! Reads: `/proc/locks`, `/proc/PID/cmdline`. Writes: nothing. Unknown here: what is locked.
//! Source: proc(5).

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use oci_image_boundary::outside::shown;
use rustix::fs::{major, minor};

/// How much of a command line is worth showing.
const WORDS: usize = 2;

/// A process that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its ID, as this process sees it.
    pub process: u32,
    /// The beginning of its command line; empty where that is not to be seen.
    pub command: String,
}

impl Holder {
    /// Who has locked a file, unless that is in another PID namespace or the machine does not say.
    pub(super) fn of(file: &File) -> Option<Self> {
        let file = file.metadata().ok()?;
        let (device, inode) = (file.dev(), file.ino());
        let name = format!("{:02x}:{:02x}:{inode}", major(device), minor(device));
        Self::among(Path::new("/proc"), &name)
    }

    /// The holder that the `/proc` of a machine tells, of what it calls by that name.
    fn among(proc: &Path, name: &str) -> Option<Self> {
        let locks = fs::read_to_string(proc.join("locks")).ok()?;
        let process = locks.lines().find_map(|line| process(line, name))?;
        let words = fs::read(proc.join(process.to_string()).join("cmdline")).unwrap_or_default();
        let words: Vec<_> = words
            .split(|&byte| byte == 0)
            .filter(|word| !word.is_empty())
            .take(WORDS)
            .map(String::from_utf8_lossy)
            .collect();
        Some(Self {
            process,
            command: words.join(" "),
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, command } = self;
        match command.as_str() {
            "" => write!(f, "process {process}"),
            command => write!(f, "process {process} (`{}`)", shown(command)),
        }
    }
}

/// The process of a line, `1: FLOCK  ADVISORY  WRITE 42 fe:00:77 0 EOF`, where that is about the file and holds the lock. One that
/// waits has an arrow before it, one of another PID namespace is called 0.
fn process(line: &str, name: &str) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        [_, _, _, _, process, file, ..] if file == name => {
            process.parse().ok().filter(|&process| process > 0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_our_own_is_ours() {
        let file = tempfile::tempfile().unwrap();
        file.lock().unwrap();

        let holder = Holder::of(&file);

        // Some file systems have another device than they tell of a file.
        if let Some(holder) = holder {
            assert_eq!(holder.process, std::process::id());
            assert!(!holder.command.is_empty());
        }
    }

    #[test]
    fn a_machine_that_tells_nothing_names_nobody() {
        let proc = tempfile::tempdir().unwrap();
        let among = |name: &str| Holder::among(proc.path(), name);
        assert_eq!(among("fe:00:7"), None);
        let locks = "1: FLOCK  ADVISORY  WRITE 0 fe:00:7 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 9 fe:00:8 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 42 fe:00:9 0 EOF\nnoise\n";
        fs::write(proc.path().join("locks"), locks).unwrap();

        assert_eq!((among("fe:00:7"), among("fe:00:8")), (None, None));
        let unknown = among("fe:00:9").unwrap();
        assert_eq!(unknown.to_string(), "process 42");
        fs::create_dir(proc.path().join("42")).unwrap();
        fs::write(
            proc.path().join("42/cmdline"),
            "oci-image\0build\0--root\0/x\0",
        )
        .unwrap();
        let known = among("fe:00:9").unwrap();
        assert_eq!(known.to_string(), "process 42 (`oci-image build`)");
    }
}
