//! What a step runs: the courier, which `build.rs` has built.
//!
//! Writes: the directory that steps are given. Unknown here: steps.

use std::io::{self, Write as _};

use oci_image_boundary::handle::Directory;
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
    let found = directory.file_beneath(NAME);
    // One that was not written to its end is shorter.
    let length = found.and_then(|file| Ok(file.metadata()?.len()));
    if length.ok() != Some(PROGRAM.len() as u64) {
        write(&directory)?;
    }
    Ok(directory)
}

fn write(directory: &Directory) -> io::Result<()> {
    let mut file = directory.beneath().create(NAME)?;
    rustix::fs::fchmod(&file, Mode::from_raw_mode(0o755))?;
    file.write_all(PROGRAM)?;
    // As it always is, so that a daemon that has it need not be sent it.
    let epoch = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: epoch,
        last_modification: epoch,
    };
    Ok(rustix::fs::futimens(&file, &times)?)
}
