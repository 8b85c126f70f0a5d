//! The contexts that are built: made once, kept in `target/bench/context/`, the same bytes on every machine.
//!
//! Each holds a static busybox and a Dockerfile. The large ones bind the *whole* context into their step: a `COPY` of one
//! file would ask the client for that file only, and nothing would be measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oci_image_tests::random::Random;

use crate::{error::BenchError, setting::Setting};

const TRIVIAL: &str = "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"true\"]\n";
const WHOLE: &str = "FROM scratch\nCOPY busybox /bin/busybox\nRUN --mount=type=bind,target=/ctx [\"/bin/busybox\", \"true\"]\n";

const BASE: &str = "FROM scratch\nCOPY . /\n";
const ON_BASE: &str = "ARG BASE\nFROM ${BASE}\nRUN [\"/busybox\", \"true\"]\n";
/// Three stages on a shared one. Each waits, as a download does, so that their order costs what it costs in practice.
const THREE_TARGETS: &str = "\
FROM scratch AS base
COPY busybox /bin/busybox
FROM base AS one
RUN [\"/bin/busybox\", \"sh\", \"-c\", \"/bin/busybox sleep 2; echo one > /file\"]
FROM base AS two
RUN [\"/bin/busybox\", \"sh\", \"-c\", \"/bin/busybox sleep 2; echo two > /file\"]
FROM base AS three
RUN [\"/bin/busybox\", \"sh\", \"-c\", \"/bin/busybox sleep 2; echo three > /file\"]
";

const SMALL_FILES_PER_DIR: usize = 100;
const LARGE_FILE: usize = 16 << 20;

/// A Dockerfile with one step, and next to nothing to send.
pub(crate) fn trivial(setting: &Setting) -> Result<PathBuf, BenchError> {
    kept(setting, "trivial", TRIVIAL, |_| Ok(()))
}

/// `count` files of 100 bytes to 4 KiB, 100 in a directory.
pub(crate) fn small_files(setting: &Setting, count: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("small-{count}"), WHOLE, |dir| {
        let mut random = Random::new(1);
        for number in 0..count {
            let sub = dir.join(format!("dir{:03}", number / SMALL_FILES_PER_DIR));
            if number % SMALL_FILES_PER_DIR == 0 {
                fs::create_dir(&sub).map_err(BenchError::file("create", &sub))?;
            }
            let size = 100 + random.number() as usize % 3996;
            noise(&mut random, &sub.join(format!("file{number:05}.txt")), size)?;
        }
        Ok(())
    })
}

/// `bytes` bytes that do not compress, in files of 16 MiB.
pub(crate) fn large_files(setting: &Setting, bytes: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("large-{bytes}"), WHOLE, |dir| {
        let mut random = Random::new(2);
        for number in 0..bytes / LARGE_FILE {
            noise(
                &mut random,
                &dir.join(format!("file{number:03}.bin")),
                LARGE_FILE,
            )?;
        }
        Ok(())
    })
}

/// Stages `one`, `two` and `three`, each with a step that waits for 2 s.
pub(crate) fn three_targets(setting: &Setting) -> Result<PathBuf, BenchError> {
    kept(setting, "three-targets", THREE_TARGETS, |_| Ok(()))
}

/// An image of `bytes` bytes that do not compress, in files of `size` bytes, 100 in a directory.
pub(crate) fn base(setting: &Setting, bytes: usize, size: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("base-{bytes}-{size}"), BASE, |dir| {
        let mut random = Random::new(3);
        for number in 0..bytes / size {
            let sub = dir.join(format!("dir{:03}", number / SMALL_FILES_PER_DIR));
            if number % SMALL_FILES_PER_DIR == 0 {
                fs::create_dir(&sub).map_err(BenchError::file("create", &sub))?;
            }
            noise(&mut random, &sub.join(format!("file{number:05}.bin")), size)?;
        }
        Ok(())
    })
}

/// A Dockerfile with one step, on the image that `BASE` names.
pub(crate) fn on_base(setting: &Setting) -> Result<PathBuf, BenchError> {
    kept(setting, "on-base", ON_BASE, |_| Ok(()))
}

/// The directory of this name; filled beside it and renamed, so that one which is there is whole.
fn kept(
    setting: &Setting,
    name: &str,
    dockerfile: &str,
    fill: impl FnOnce(&Path) -> Result<(), BenchError>,
) -> Result<PathBuf, BenchError> {
    let dir = setting.dir.join("context").join(name);
    if dir.is_dir() {
        return Ok(dir);
    }
    eprintln!("bench: making the context `{name}`");
    let new = setting.fresh_dir(&format!("context/{name}.new"))?;
    let file = new.join("Dockerfile");
    fs::write(&file, dockerfile).map_err(BenchError::file("write", &file))?;
    let busybox = new.join("busybox");
    fs::copy(&setting.busybox, &busybox).map_err(BenchError::file("copy to", &busybox))?;
    fill(&new)?;
    fs::rename(&new, &dir).map_err(BenchError::file("rename", &new))?;
    Ok(dir)
}

/// A file of `size` bytes that do not compress.
fn noise(random: &mut Random, path: &Path, size: usize) -> Result<(), BenchError> {
    let bytes = random.bytes(size.next_multiple_of(8));
    fs::write(path, &bytes[..size]).map_err(BenchError::file("write", path))
}
