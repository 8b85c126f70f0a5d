//! Which cache it is to the machine that has it, whatever it holds: a daemon may have several of one id.
//!
//! Reads: what the system says of the cache's directory. Writes: nothing. Unknown here: ids.

use std::fmt;
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, StatxFlags};

/// The directory of a cache: its inode, and when that was made. Two that are there at the same time never have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    inode: u64,
    /// 0 where the file system does not know.
    seconds: i64,
    nanoseconds: u32,
}

impl Identity {
    pub(crate) fn of(directory: &Path) -> io::Result<Self> {
        let wanted = StatxFlags::INO | StatxFlags::BTIME;
        let found = rustix::fs::statx(CWD, directory, AtFlags::empty(), wanted)?;
        let (seconds, nanoseconds) = match found.stx_mask & StatxFlags::BTIME.bits() {
            0 => (0, 0),
            _ => (found.stx_btime.tv_sec, found.stx_btime.tv_nsec),
        };
        Ok(Self {
            inode: found.stx_ino,
            seconds,
            nanoseconds,
        })
    }

    /// The identity that was written so; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (inode, made) = text.split_once('@')?;
        let (seconds, nanoseconds) = made.split_once('.')?;
        Some(Self {
            inode: inode.parse().ok()?,
            seconds: seconds.parse().ok()?,
            nanoseconds: nanoseconds.parse().ok()?,
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}.{}", self.inode, self.seconds, self.nanoseconds)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_directory_is_itself_whatever_it_holds_and_no_other() {
        let place = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| place.path().join(name));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&other).unwrap();
        let before = Identity::of(&one).unwrap();

        fs::write(one.join("file"), "").unwrap();

        assert_eq!(Identity::of(&one).unwrap(), before);
        assert_ne!(Identity::of(&other).unwrap(), before);
        fs::remove_dir_all(&one).unwrap();
        assert!(Identity::of(&one).is_err());
    }
}
