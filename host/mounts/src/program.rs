//! What a step runs: the courier, which `build.rs` has built.
//!
//! Writes: the directory that steps are given. Unknown here: steps.

use std::io::{self, Write as _};

use oci_image_boundary::handle::{Directory, PartialFile};
use oci_image_boundary::hex::hex;
use rustix::fs::{Mode, Timespec, Timestamps};
use sha2::{Digest, Sha256};

/// Its name.
pub(crate) const NAME: &str = "courier";

static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/courier"));

/// A directory below `parent` that has the program and nothing else. Its name is that of no other version, and it stays. Blocking.
pub(crate) fn directory(parent: &Directory) -> io::Result<Directory> {
    let version = hex(&Sha256::digest(PROGRAM)[..8]);
    let directory = parent.made_own_directory(&version)?;
    let is_there = |directory: &Directory| {
        let file = directory.file_beneath(NAME).ok()?;
        Some(file.metadata().ok()?.len() == PROGRAM.len() as u64)
    };
    if is_there(&directory) != Some(true) {
        let mut file = PartialFile::new(parent, ".partial-".as_ref())?;
        file.write_all(PROGRAM)?;
        rustix::fs::fchmod(&file.file, Mode::from_raw_mode(0o755))?;
        // As it always is, so that a daemon that has it need not be sent it.
        let epoch = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: epoch,
            last_modification: epoch,
        };
        rustix::fs::futimens(&file.file, &times)?;
        file.put(&directory, NAME.as_ref())?;
    }
    Ok(directory)
}
