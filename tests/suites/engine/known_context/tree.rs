//! A context, and what people and programs do to one.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::handle::Directory;
use oci_image::buildkit::context::{Fingerprint, Local, LocalQuestion, Patterns, Unknown, rules};
use oci_image_tests::random::Random;
use rustix::fs::XattrFlags;
use tempfile::TempDir;

/// How long a tree is left alone to be known: a kernel's clock for files ticks every 10 ms at the slowest.
pub(super) const TICKS: Duration = Duration::from_millis(25);

/// How long a state may take to come.
pub(super) const DEADLINE: Duration = Duration::from_secs(120);

/// A directory on a disk, where every change is dated: `/tmp` may be none.
pub(super) fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
/// A context.
pub(super) struct Tree(pub(super) TempDir);

pub(super) const DOCKERFILES: [&str; 3] = [
    "FROM scratch\nCOPY . /copied/\n",
    "FROM scratch\nCOPY a* lin[k] /copied/\nCOPY su[b] /sub/\n",
    "# another\nFROM scratch\nCOPY --chmod=700 . /\n",
];

impl Tree {
    pub(super) fn new() -> Self {
        let tree = Self(directory());
        fs::create_dir_all(tree.at("sub/deep")).unwrap();
        for name in ["a1", "a2", "b1", "sub/c1", "sub/deep/d1", "sub/deep/d2"] {
            fs::write(tree.at(name), format!("first {name}")).unwrap();
        }
        symlink("a1", tree.at("link")).unwrap();
        fs::write(tree.at("Dockerfile"), DOCKERFILES[0]).unwrap();
        tree
    }

    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    pub(super) fn locals(&self) -> Vec<Local> {
        let local = |name: &str| Local {
            name: name.into(),
            directory: Directory::open(self.0.path()).unwrap(),
        };
        vec![local("context"), local("dockerfile")]
    }

    /// What the frontend asks of it.
    pub(super) fn questions(&self) -> Vec<LocalQuestion> {
        let [context, dockerfile] = self.locals().try_into().unwrap();
        let bytes = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        let question = |local: &Local, follow: &[&str], exclude| LocalQuestion {
            local: local.clone(),
            patterns: Patterns {
                include: Vec::new(),
                exclude,
                follow: bytes(follow),
            },
        };
        let list = fs::read(self.at(".dockerignore")).unwrap_or_default();
        let exclude = rules(&list).into_iter().map(|(_, pattern)| pattern);
        let texts = ["Dockerfile", "Dockerfile.dockerignore", "dockerfile"];
        vec![
            question(&dockerfile, &texts, Vec::new()),
            question(&context, &[".dockerignore"], Vec::new()),
            question(&context, &[], exclude.collect()),
        ]
    }

    /// Its fingerprint, as soon as it was left alone for long enough.
    pub(super) fn known(&self) -> Fingerprint {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match Fingerprint::take(self.questions(), TICKS, &Cancel::default()) {
                Err(Unknown::Young { .. }) => assert!(Instant::now() < deadline),
                known => return known.unwrap(),
            }
        }
    }

    /// Replaces a file by another of the same size and times.
    pub(super) fn replace(&self, path: &Path, text: &[u8]) {
        let before = fs::symlink_metadata(path).unwrap();
        fs::write(path, text).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(before.modified().unwrap()).unwrap();
    }

    /// The files in it, none of them by a link.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let paths = oci_image_tests::tree::paths(self.0.path()).into_iter();
        let is_file = |path: &PathBuf| fs::symlink_metadata(path).unwrap().is_file();
        let is_other = |path: &PathBuf| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap();
            name != "Dockerfile" && name != ".dockerignore"
        };
        let files = paths.map(|path| self.at(path)).filter(is_file);
        files.filter(is_other).collect()
    }

    /// One of the things that people and programs do to a context; says which.
    pub(super) fn edit(&self, random: &mut Random) -> &'static str {
        let files = self.files();
        let mut pick = |count: usize| usize::try_from(random.number()).unwrap() % count;
        if files.is_empty() {
            fs::write(self.at("a1"), "anew").unwrap();
            return "made anew";
        }
        let (kind, file, other) = (pick(14), pick(files.len()), pick(4));
        let file = &files[file];
        match kind {
            0..6 => edit_file(self, file, kind, pick(10)),
            6..10 => self.edit_names(file, kind, other),
            10 => {
                let lists = [
                    "",
                    "b*\n",
                    "sub\n!sub/deep/d1\n",
                    "*\n!a*\n!Dockerfile\n!link\n!sub\n",
                ];
                fs::write(self.at(".dockerignore"), lists[other]).unwrap();
                ".dockerignore"
            }
            11 => {
                let text = DOCKERFILES[pick(DOCKERFILES.len())];
                fs::write(self.at("Dockerfile"), text).unwrap();
                "Dockerfile"
            }
            12 => {
                let (sub, away) = (self.at("sub"), self.at("away"));
                fs::rename(&sub, &away).unwrap();
                fs::create_dir_all(sub.join("deep")).unwrap();
                fs::write(sub.join("deep/d1"), "anew").unwrap();
                fs::remove_dir_all(&away).unwrap();
                "directory made anew"
            }
            _ => "nothing",
        }
    }

    pub(super) fn edit_names(&self, file: &Path, kind: usize, number: usize) -> &'static str {
        let other = self.at(format!("a{number}"));
        match kind {
            6 => {
                fs::rename(file, other).unwrap();
                "rename"
            }
            7 => {
                let link = self.at("link");
                let _ = fs::remove_file(&link);
                symlink(["a1", "a2", "sub/deep", "b1"][number], &link).unwrap();
                "symlink"
            }
            8 => {
                let _ = fs::remove_file(&other);
                // It may have been the file.
                let _ = fs::hard_link(file, &other);
                "hard link"
            }
            _ => {
                fs::remove_file(file).unwrap();
                "removed"
            }
        }
    }
}

/// What can be done to one file that keeps its name.
pub(super) fn edit_file(tree: &Tree, file: &Path, kind: usize, number: usize) -> &'static str {
    match kind {
        0 | 1 => {
            let mut text = fs::read(file).unwrap();
            text.iter_mut()
                .for_each(|byte| *byte = byte.wrapping_add(1));
            tree.replace(file, &text);
            "same size and times"
        }
        2 => {
            let mut file = File::options().append(true).open(file).unwrap();
            file.write_all(b"more").unwrap();
            "longer"
        }
        3 => {
            let mode = [0o644, 0o600, 0o755, 0o4755][number % 4];
            fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
            "mode"
        }
        4 => {
            let value = [b'0' + u8::try_from(number).unwrap()];
            rustix::fs::setxattr(file, "user.note", &value, XattrFlags::empty()).unwrap();
            "attribute"
        }
        _ => {
            let text = fs::read(file).unwrap();
            fs::remove_file(file).unwrap();
            fs::write(file, text).unwrap();
            let made = File::options().write(true).open(file).unwrap();
            let time = UNIX_EPOCH + Duration::from_secs(7);
            made.set_modified(time).unwrap();
            "removed and made anew"
        }
    }
}
