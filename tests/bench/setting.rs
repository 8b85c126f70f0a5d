//! Where programs, trees, logs and figures are.

use std::{
    cell::Cell,
    env,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::statvfs;

use crate::error::BenchError;

/// Where in `target/bench` directories are that were taken away.
const ASIDE: &str = "aside";
/// With less room than this, in bytes, they are removed at once.
const LEAST_ROOM: u64 = 16 << 30;
/// How many lines of a log are shown when its process failed.
const TAIL_LINES: usize = 30;

/// The machine's part in every case. Everything below `dir` is ours to write and remove.
pub(crate) struct Setting {
    /// The release binary.
    pub(crate) product: PathBuf,
    /// `buildkitd`, the same one for both sides.
    pub(crate) buildkitd: PathBuf,
    /// `buildctl`, of the same version.
    pub(crate) buildctl: PathBuf,
    /// A busybox that needs no libc.
    pub(crate) busybox: PathBuf,
    /// PATH with the engine in front, for both sides.
    pub(crate) path: OsString,
    /// `target/bench`.
    pub(crate) dir: PathBuf,
    /// How many directories were put aside.
    aside: Cell<u32>,
}

/// A file that receives what a process prints.
pub(crate) struct Log(PathBuf);

impl Setting {
    /// Finds the programs: the product in `target/bin`, the engine where `OCI_IMAGE_ENGINE` says or in `target`.
    pub(crate) fn find() -> Result<Self, BenchError> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
        let engine = env::var_os("OCI_IMAGE_ENGINE")
            .map_or_else(|| target.join("engine/bin"), PathBuf::from);
        let product = env::var_os("OCI_IMAGE_PROGRAM")
            .map_or_else(|| target.join("bin/oci-image"), PathBuf::from);
        let path = path_with(&engine);
        let dir = target.join("bench");
        fs::create_dir_all(&dir).map_err(BenchError::file("create", &dir))?;
        empty(&dir.join(ASIDE))?;
        Ok(Self {
            product: present(product, "make build")?,
            buildkitd: present(engine.join("buildkitd"), "make setup")?,
            buildctl: present(engine.join("buildctl"), "make setup")?,
            busybox: on_path("busybox", &path)?,
            path,
            dir,
            aside: Cell::new(0),
        })
    }

    /// An empty directory of this name, for a daemon's root or a working directory.
    pub(crate) fn fresh_dir(&self, name: &str) -> Result<PathBuf, BenchError> {
        let dir = self.dir.join(name);
        self.remove_dir(name)?;
        fs::create_dir_all(&dir).map_err(BenchError::file("create", &dir))?;
        Ok(dir)
    }

    /// Takes the directory of this name away, if there is one.
    ///
    /// It is removed at the end, or when room gets scarce: ext4 spends seconds on new files where others went within the last minutes
    /// (`recently_deleted`), which is nothing that a build does.
    pub(crate) fn remove_dir(&self, name: &str) -> Result<(), BenchError> {
        let dir = self.dir.join(name);
        let number = self.aside.replace(self.aside.get() + 1);
        match fs::rename(&dir, self.dir.join(ASIDE).join(number.to_string())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(BenchError::file("put aside", &dir))?,
        }
        let room = statvfs(&self.dir)
            .map_err(|error| BenchError::file("read", &self.dir)(error.into()))?;
        if room.f_bavail * room.f_frsize < LEAST_ROOM {
            self.empty_aside()?;
        }
        Ok(())
    }

    /// Removes all that was taken away.
    pub(crate) fn empty_aside(&self) -> Result<(), BenchError> {
        empty(&self.dir.join(ASIDE))
    }

    /// Removes the roots and results of both sides, which are large.
    pub(crate) fn clear(&self) -> Result<(), BenchError> {
        ["root-ours", "root-by-hand", "image", "image-by-hand"]
            .iter()
            .try_for_each(|name| self.remove_dir(name))
    }

    /// The log of this name.
    pub(crate) fn log(&self, name: &str) -> Log {
        Log(self.dir.join(format!("{name}.log")))
    }
}

impl Log {
    /// Empties the log, and opens it for standard output and standard error.
    pub(crate) fn open(&self) -> Result<(File, File), BenchError> {
        let file = File::create(&self.0).map_err(BenchError::file("create", &self.0))?;
        let twin = file
            .try_clone()
            .map_err(BenchError::file("open", &self.0))?;
        Ok((file, twin))
    }

    /// Keeps what was printed elsewhere.
    pub(crate) fn write(&self, text: &str) -> Result<(), BenchError> {
        fs::write(&self.0, text).map_err(BenchError::file("write", &self.0))
    }

    /// All of it.
    pub(crate) fn text(&self) -> Result<String, BenchError> {
        fs::read_to_string(&self.0).map_err(BenchError::file("read", &self.0))
    }

    /// Its last lines.
    pub(crate) fn tail(&self) -> String {
        let bytes =
            fs::read(&self.0).unwrap_or_else(|error| format!("(no log: {error})").into_bytes());
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

/// Makes an empty directory of what may be a full one.
fn empty(dir: &Path) -> Result<(), BenchError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BenchError::file("remove", dir)(error))
        }
        _ => fs::create_dir_all(dir).map_err(BenchError::file("create", dir)),
    }
}

fn present(path: PathBuf, command: &'static str) -> Result<PathBuf, BenchError> {
    if path.is_file() {
        return Ok(path);
    }
    Err(BenchError::Missing { path, command })
}

fn path_with(engine: &Path) -> OsString {
    let mut path = engine.as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    path
}

fn on_path(name: &'static str, path: &OsStr) -> Result<PathBuf, BenchError> {
    env::split_paths(path)
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file())
        .ok_or(BenchError::NotOnPath { name })
}
