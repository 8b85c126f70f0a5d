//! The contexts that are built: made once, kept in `target/bench/context/`, the same bytes on every machine.
//!
//! Each holds a static busybox and a Dockerfile. The large ones bind the *whole* context into their step: a `COPY` of one
//! file would ask the client for that file only, and nothing would be measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oci_image_tests::random::Random;

use crate::{
    content::{Words, noise},
    error::BenchError,
    setting::Setting,
};

const TRIVIAL: &str = "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"true\"]\n";
const WHOLE: &str = "FROM scratch\nCOPY busybox /bin/busybox\nRUN --mount=type=bind,target=/ctx [\"/bin/busybox\", \"true\"]\n";

const BASE: &str = "FROM scratch\nCOPY . /\n";
const ON_BASE: &str = "ARG BASE\nFROM ${BASE}\nRUN [\"/busybox\", \"true\"]\n";
/// A step that prints a million lines of 47 bytes.
const MILLION_LINES: &str = "\
FROM scratch
COPY busybox /bin/busybox
RUN [\"/bin/busybox\", \"awk\", \"BEGIN { for (n = 0; n < 1000000; n++) printf \\\"line %07d of a million that one step prints\\\\n\\\", n }\"]
";
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

/// Three targets that read a context to its end.
const WHOLE_THRICE: &str = "\
FROM scratch AS base
COPY busybox /bin/busybox
FROM base AS one
RUN --mount=type=bind,target=/src [\"/bin/busybox\", \"sh\", \"-c\", \"echo one > /file\"]
FROM base AS two
RUN --mount=type=bind,target=/src [\"/bin/busybox\", \"sh\", \"-c\", \"echo two > /file\"]
FROM base AS three
RUN --mount=type=bind,target=/src [\"/bin/busybox\", \"sh\", \"-c\", \"echo three > /file\"]
";
/// A large layer, and a small one that changes.
const LAYERS: &str = "FROM scratch\nCOPY tree /\nCOPY changed /changed\n";
/// A step that changes a cache.
const CACHED: &str = "\
FROM scratch
COPY busybox /bin/busybox
COPY changed /changed
RUN --mount=type=cache,target=/c [\"/bin/busybox\", \"cp\", \"/changed\", \"/c\"]
";
/// The Dockerfile that fills that cache, by hand, and what it says.
pub(crate) const FILL: &str = "Dockerfile.fill";
const FILLING: &str = "\
FROM scratch
COPY busybox /bin/busybox
RUN --mount=type=cache,target=/c --mount=type=bind,source=tree,target=/tree [\"/bin/busybox\", \"cp\", \"-a\", \"/tree/.\", \"/c\"]
";
/// The one that copies what the cache holds into a layer.
pub(crate) const KEEP: &str = "Dockerfile.keep";
const KEEPING: &str = "\
FROM scratch
COPY busybox /bin/busybox
RUN --mount=type=cache,target=/c [\"/bin/busybox\", \"cp\", \"-a\", \"/c\", \"/kept\"]
";
/// The largest file of such a cache; the smallest has 100 bytes.
const LARGEST_CACHED: usize = 9_900;
/// The file whose change is one of the context.
const CHANGED: &str = "changed";

const SMALL_FILES_PER_DIR: usize = 100;
const LARGE_FILE: usize = 16 << 20;
const MEGABYTE: usize = 1_000_000;

/// A Dockerfile with one step, and next to nothing to send.
pub(crate) fn trivial(setting: &Setting) -> Result<PathBuf, BenchError> {
    kept(setting, "trivial", TRIVIAL, |_| Ok(()))
}

/// `count` files of 100 bytes to 4 KiB, 100 in a directory.
pub(crate) fn small_files(setting: &Setting, count: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("small-{count}"), WHOLE, |dir| {
        fill_with_small_files(dir, count)
    })
}

/// The same, and three targets that bind them.
pub(crate) fn small_files_thrice(setting: &Setting, count: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("thrice-{count}"), WHOLE_THRICE, |dir| {
        fill_with_small_files(dir, count)
    })
}

/// `count` files of 5 KB as they are in caches, every other one of which does not compress, below `tree`; and the Dockerfiles that do
/// something about a cache of them.
pub(crate) fn cached(setting: &Setting, count: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("cached-{count}"), CACHED, |dir| {
        write(&dir.join(FILL), FILLING.as_bytes())?;
        write(&dir.join(KEEP), KEEPING.as_bytes())?;
        let tree = tree_of(dir)?;
        let mut random = Random::new(6);
        let words = Words::new(&mut random);
        for number in 0..count {
            let size = 100 + random.number() as usize % LARGEST_CACHED;
            let content = match number % 2 {
                0 => noise(&mut random, size),
                _ => words.text(&mut random, size),
            };
            write(&in_dirs(&tree, number, "o")?, &content)?;
        }
        Ok(())
    })
}

fn fill_with_small_files(dir: &Path, count: usize) -> Result<(), BenchError> {
    let mut random = Random::new(1);
    for number in 0..count {
        let file = in_dirs(dir, number, "txt")?;
        let size = 100 + random.number() as usize % 3996;
        write(&file, &noise(&mut random, size))?;
    }
    Ok(())
}

/// A layer of `bytes` bytes like those of `/usr`, in files of many sizes, and a small one above that [`change`] changes.
pub(crate) fn programs(setting: &Setting, bytes: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("programs-{bytes}"), LAYERS, |dir| {
        let tree = tree_of(dir)?;
        let mut random = Random::new(4);
        let words = Words::new(&mut random);
        let mut left = bytes;
        for number in 0.. {
            let mut content = words.file(&mut random);
            content.truncate(left);
            left -= content.len();
            write(&in_dirs(&tree, number, "bin")?, &content)?;
            if left == 0 {
                break;
            }
        }
        Ok(())
    })
}

/// A layer of `bytes` bytes that do not compress, in files of 1 MB, and a small one above that [`change`] changes.
pub(crate) fn noise_below(setting: &Setting, bytes: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("noise-{bytes}"), LAYERS, |dir| {
        let tree = tree_of(dir)?;
        let mut random = Random::new(5);
        for number in 0..bytes / MEGABYTE {
            let file = in_dirs(&tree, number, "bin")?;
            write(&file, &noise(&mut random, MEGABYTE))?;
        }
        Ok(())
    })
}

/// Changes one small file of a context: to what a number says.
pub(crate) fn change(context: &Path, number: usize) -> Result<(), BenchError> {
    write(&context.join(CHANGED), format!("{number}\n").as_bytes())
}

/// Takes that file away: the context is again what it was made as.
pub(crate) fn restore(context: &Path) -> Result<(), BenchError> {
    let file = context.join(CHANGED);
    fs::remove_file(&file).map_err(BenchError::file("remove", file))
}

/// Makes every file of a context anew, as a fresh checkout does: the same bytes and modes in other inodes, all of them dated now.
pub(crate) fn check_out_anew(context: &Path) -> Result<(), BenchError> {
    let fresh = context.with_extension("fresh");
    copy(context, &fresh)?;
    forget(context)?;
    fs::rename(&fresh, context).map_err(BenchError::file("rename", fresh))
}

fn copy(from: &Path, to: &Path) -> Result<(), BenchError> {
    fs::create_dir(to).map_err(BenchError::file("create", to))?;
    for entry in fs::read_dir(from).map_err(BenchError::file("read", from))? {
        let entry = entry.map_err(BenchError::file("read", from))?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied)?;
        } else {
            fs::copy(&path, &copied).map_err(BenchError::file("copy", &path))?;
        }
    }
    Ok(())
}

/// Removes a context: it is large, and made anew when it is asked for again.
pub(crate) fn forget(context: &Path) -> Result<(), BenchError> {
    fs::remove_dir_all(context).map_err(BenchError::file("remove", context))
}

fn tree_of(dir: &Path) -> Result<PathBuf, BenchError> {
    let tree = dir.join("tree");
    fs::create_dir(&tree).map_err(BenchError::file("create", &tree))?;
    Ok(tree)
}

/// The path of a numbered file; 100 stand in a directory, which is made with the first of them.
fn in_dirs(dir: &Path, number: usize, extension: &str) -> Result<PathBuf, BenchError> {
    let sub = dir.join(format!("dir{:03}", number / SMALL_FILES_PER_DIR));
    if number.is_multiple_of(SMALL_FILES_PER_DIR) {
        fs::create_dir(&sub).map_err(BenchError::file("create", &sub))?;
    }
    Ok(sub.join(format!("file{number:05}.{extension}")))
}

/// `bytes` bytes that do not compress, in files of 16 MiB.
pub(crate) fn large_files(setting: &Setting, bytes: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("large-{bytes}"), WHOLE, |dir| {
        let mut random = Random::new(2);
        for number in 0..bytes / LARGE_FILE {
            let file = dir.join(format!("file{number:03}.bin"));
            write(&file, &noise(&mut random, LARGE_FILE))?;
        }
        Ok(())
    })
}

/// Stages `one`, `two` and `three`, each with a step that waits for 2 s.
pub(crate) fn three_targets(setting: &Setting) -> Result<PathBuf, BenchError> {
    kept(setting, "three-targets", THREE_TARGETS, |_| Ok(()))
}

/// A step that prints a million lines, as fast as it can.
pub(crate) fn million_lines(setting: &Setting) -> Result<PathBuf, BenchError> {
    kept(setting, "million-lines", MILLION_LINES, |_| Ok(()))
}

/// An image of `bytes` bytes that do not compress, in files of `size` bytes, 100 in a directory.
pub(crate) fn base(setting: &Setting, bytes: usize, size: usize) -> Result<PathBuf, BenchError> {
    kept(setting, &format!("base-{bytes}-{size}"), BASE, |dir| {
        let mut random = Random::new(3);
        for number in 0..bytes / size {
            let file = in_dirs(dir, number, "bin")?;
            write(&file, &noise(&mut random, size))?;
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

fn write(path: &Path, bytes: &[u8]) -> Result<(), BenchError> {
    fs::write(path, bytes).map_err(BenchError::file("write", path))
}
