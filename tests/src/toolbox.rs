//! Base images made of what is installed on this machine: programs of others with all that they need, for steps.
//!
//! Each file has the place that it has here. Nothing is staged: files go from where they are into the layer.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use crate::archive::sha256_of;
use crate::base::architecture;
use crate::engine;
use crate::product::libraries;

/// A base image that is put together.
pub struct Toolbox {
    place: TempDir,
    layer: Builder<File>,
    held: BTreeSet<PathBuf>,
}

impl Default for Toolbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Toolbox {
    /// One with busybox as every tool that it can be, in `/bin`, and a directory for temporary files.
    ///
    /// # Panics
    /// If the file system refuses.
    #[must_use]
    pub fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let mut layer = Builder::new(File::create(place.path().join("0.tar")).expect("a file"));
        layer.follow_symlinks(false);
        let mut toolbox = Self {
            place,
            layer,
            held: BTreeSet::new(),
        };
        toolbox.add(&engine::busybox(), Path::new("/bin/busybox"));
        let applets = output(Command::new(engine::busybox()).arg("--list"));
        for applet in applets.lines().filter(|applet| *applet != "busybox") {
            toolbox = toolbox.link(&format!("/bin/{applet}"), "busybox");
        }
        toolbox
            .directory("/tmp", 0o1777)
            .text("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
            .text("/etc/group", "root:x:0:\n")
    }

    /// A program by its path, under the name that the path ends with, and the libraries that it is linked to.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn program(mut self, path: &Path) -> Self {
        self.add(path, path);
        for library in libraries(path) {
            self.add(&library, &library);
        }
        self
    }

    /// A directory with all that is in it, but what `leave` says of its path.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn tree(mut self, path: &Path, leave: &dyn Fn(&Path) -> bool) -> Self {
        self.add_tree(path, leave);
        self
    }

    /// A file that programs read.
    #[must_use]
    pub fn text(self, path: &str, text: &str) -> Self {
        self.entry(EntryType::Regular, path, 0o644, text)
    }

    /// A program that is a script.
    #[must_use]
    pub fn script(self, path: &str, text: &str) -> Self {
        self.entry(EntryType::Regular, path, 0o755, text)
    }

    /// An empty directory.
    #[must_use]
    pub fn directory(self, path: &str, mode: u32) -> Self {
        self.entry(EntryType::Directory, path, mode, "")
    }

    /// A symbolic link.
    ///
    /// # Panics
    /// If the file system refuses.
    #[must_use]
    pub fn link(mut self, path: &str, to: &str) -> Self {
        // What was put there first stays.
        if self.held.insert(PathBuf::from(path)) {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            header.set_mode(0o777);
            let name = below_root(Path::new(path));
            self.layer
                .append_link(&mut header, name, to)
                .expect("a file");
        }
        self
    }

    /// Writes the image as an archive of `docker save`, its only layer compressed; steps have these variables.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn pack(self, archive: &Path, variables: &[&str]) {
        let mut layer = self.layer.into_inner().expect("a file");
        layer.flush().expect("a file");
        let place = self.place.path();
        let config = json!({
            "architecture": architecture(), "os": "linux", "config": {"Env": variables},
            "rootfs": {"type": "layers", "diff_ids": [sha256_of(&place.join("0.tar"))]},
        });
        let manifest =
            json!([{"Config": "config.json", "RepoTags": ["base:latest"], "Layers": ["0.tar.gz"]}]);
        fs::write(place.join("config.json"), config.to_string()).expect("a file");
        fs::write(place.join("manifest.json"), manifest.to_string()).expect("a file");
        let igzip = ["-1", "-q", "0.tar", "-o", "0.tar.gz"];
        let _ = output(Command::new("igzip").args(igzip).current_dir(place));
        let names = ["0.tar.gz", "config.json", "manifest.json"];
        let _ = output(
            (Command::new("tar").arg("-cf").arg(archive))
                .args(names)
                .current_dir(place),
        );
    }

    fn entry(mut self, kind: EntryType, path: &str, mode: u32, text: &str) -> Self {
        if self.held.insert(PathBuf::from(path)) {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(text.len() as u64);
            header.set_mode(mode);
            let name = below_root(Path::new(path));
            let appended = self.layer.append_data(&mut header, name, text.as_bytes());
            appended.expect("a file");
        }
        self
    }

    fn add_tree(&mut self, path: &Path, leave: &dyn Fn(&Path) -> bool) {
        if leave(path) {
            return;
        }
        let metadata = fs::symlink_metadata(path);
        let metadata = metadata.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if metadata.is_dir() {
            let mut names: Vec<PathBuf> = (fs::read_dir(path).expect("a directory"))
                .map(|entry| entry.expect("an entry").path())
                .collect();
            names.sort();
            for path in names {
                self.add_tree(&path, leave);
            }
        } else if metadata.is_file() || metadata.is_symlink() {
            self.put(path, path);
        }
    }

    /// What is at a path when links have been followed, under another one.
    fn add(&mut self, file: &Path, path: &Path) {
        let found = file.canonicalize();
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // Libraries are looked for beside programs, by a way up and down.
        let is_detour = path.components().any(|part| part == Component::ParentDir);
        self.put(&found, if is_detour { &found } else { path });
    }

    fn put(&mut self, file: &Path, path: &Path) {
        if self.held.insert(path.to_owned()) {
            let appended = self.layer.append_path_with_name(file, below_root(path));
            appended.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
}

/// A program on `PATH`, when links have been followed.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn installed(program: &str) -> PathBuf {
    let found = output(Command::new("sh").args(["-c", &format!("command -v {program}")]));
    let found = Path::new(found.trim()).canonicalize();
    found.unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// What a program of this machine says.
///
/// # Panics
/// If it fails.
#[must_use]
pub fn output(command: &mut Command) -> String {
    let output = command.env("PATH", engine::path()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").expect("an absolute path")
}
