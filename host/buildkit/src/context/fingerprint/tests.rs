use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Instant;

use rustix::fs::XattrFlags;
use tempfile::TempDir;

use super::*;
use crate::context::walk::Patterns;
use oci_image_boundary::handle::Directory;

/// A file system's clock ticks every 10 ms at the slowest: how long a tree is left alone to be known.
const TICKS: Duration = Duration::from_millis(25);

/// How long that may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// A tree on a disk, where every change is dated: `/tmp` may be none.
struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        let program = std::env::current_exe().unwrap();
        let tree = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
        for directory in ["src", "target/debug"] {
            fs::create_dir_all(tree.path().join(directory)).unwrap();
        }
        for file in ["Dockerfile", "src/one", "src/two", "target/debug/object"] {
            fs::write(tree.path().join(file), "1.0.1").unwrap();
        }
        Self(tree)
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn take(&self, exclude: &[&str], follow: &[&str]) -> Result<[u8; 32], Unknown> {
        let owned = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        let question = LocalQuestion {
            local: Local {
                name: "context".into(),
                directory: Directory::open(self.0.path()).unwrap(),
            },
            patterns: Patterns {
                include: Vec::new(),
                exclude: owned(exclude),
                follow: owned(follow),
            },
        };
        let taken = Fingerprint::take(vec![question], TICKS, &Cancel::default());
        taken.map(|fingerprint| fingerprint.digest)
    }

    /// What is known of it once it was left alone for long enough.
    fn known(&self, exclude: &[&str], follow: &[&str]) -> [u8; 32] {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.take(exclude, follow) {
                Err(Unknown::Young { .. }) => assert!(Instant::now() < deadline),
                known => return known.unwrap(),
            }
        }
    }
}

fn set_time(path: &Path, seconds: u64) {
    let file = File::options().write(true).open(path).unwrap();
    let time = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    file.set_modified(time).unwrap();
}

#[test]
fn every_change_of_what_is_sent_makes_another_fingerprint_and_no_revert_brings_it_back() {
    let tree = Tree::new();
    set_time(&tree.at("src/one"), 1);
    let mut before = vec![tree.known(&["target"], &[])];
    assert_eq!(before[0], tree.known(&["target"], &[]), "left alone");
    let replaced = |text: &str| {
        fs::write(tree.at("src/one"), text).unwrap();
        set_time(&tree.at("src/one"), 1);
    };
    let changes: [(&str, &dyn Fn()); 11] = [
        ("same size and times", &|| replaced("1.0.2")),
        ("and back", &|| replaced("1.0.1")),
        ("mode", &|| {
            let mode = fs::Permissions::from_mode(0o600);
            fs::set_permissions(tree.at("src/one"), mode).unwrap();
        }),
        ("attribute", &|| {
            rustix::fs::setxattr(tree.at("src/one"), "user.a", b"1", XattrFlags::empty()).unwrap();
        }),
        ("rename", &|| {
            fs::rename(tree.at("src/two"), tree.at("src/three")).unwrap();
        }),
        ("and back", &|| {
            fs::rename(tree.at("src/three"), tree.at("src/two")).unwrap();
        }),
        ("symlink", &|| symlink("one", tree.at("src/link")).unwrap()),
        ("another target", &|| {
            fs::remove_file(tree.at("src/link")).unwrap();
            symlink("two", tree.at("src/link")).unwrap();
        }),
        ("a name for a moment", &|| {
            fs::write(tree.at("src/moment"), "").unwrap();
            fs::remove_file(tree.at("src/moment")).unwrap();
        }),
        ("and in the root", &|| {
            fs::write(tree.at("moment"), "").unwrap();
            fs::remove_file(tree.at("moment")).unwrap();
        }),
        ("a name outside", &|| {
            fs::create_dir(tree.at("target/links")).unwrap();
            fs::hard_link(tree.at("src/one"), tree.at("target/links/one")).unwrap();
        }),
    ];
    for (what, change) in changes {
        change();

        let after = tree.known(&["target"], &[]);

        assert!(!before.contains(&after), "{what}");
        before.push(after);
    }
}

#[test]
fn what_is_left_out_does_not_count_and_what_is_left_out_does() {
    let tree = Tree::new();
    let before = tree.known(&["target"], &[]);

    fs::write(tree.at("target/debug/object"), "another").unwrap();
    fs::write(tree.at("target/debug/more"), "").unwrap();

    assert_eq!(before, tree.known(&["target"], &[]));
    assert_ne!(before, tree.known(&["target", "no"], &[]));
    assert_ne!(before, tree.known(&[], &[]));
}

#[test]
fn a_directory_that_is_only_entered_counts() {
    let tree = Tree::new();
    let exclude = &["target", "!target/debug/kept"];
    let before = tree.known(exclude, &[]);

    fs::write(tree.at("target/debug/kept"), "").unwrap();
    fs::remove_file(tree.at("target/debug/kept")).unwrap();

    assert_ne!(before, tree.known(exclude, &[]));
}

#[test]
fn a_file_that_is_asked_for_by_name_counts_with_all_that_leads_to_it() {
    let tree = Tree::new();
    symlink("src/one", tree.at("link")).unwrap();
    let follow = &["link"];
    let before = tree.known(&[], follow);
    fs::write(tree.at("target/debug/object"), "another").unwrap();
    assert_eq!(before, tree.known(&[], follow), "nothing leads there");

    fs::write(tree.at("src/one"), "1.0.2").unwrap();

    assert_ne!(before, tree.known(&[], follow));
    assert!(matches!(
        tree.take(&[], &["src"]),
        Err(Unknown::Read { .. })
    ));
}

#[test]
fn what_was_changed_a_moment_ago_is_not_known() {
    let tree = Tree::new();
    tree.known(&[], &[]);

    fs::write(tree.at("src/one"), "1.0.2").unwrap();

    let young = tree.take(&[], &[]).unwrap_err();
    let Unknown::Young { path } = young else {
        panic!("{young}")
    };
    assert_eq!(path, tree.at("src/one"));
}

#[test]
fn another_kind_of_file_system_is_not_known() {
    let question = |path: &str| LocalQuestion {
        local: Local {
            name: "context".into(),
            directory: Directory::open(path).unwrap(),
        },
        patterns: Patterns::default(),
    };
    for path in ["/proc/self", "/dev/shm"] {
        let taken = Fingerprint::take(vec![question(path)], TICKS, &Cancel::default());
        assert!(matches!(taken, Err(Unknown::FileSystem { .. })), "{path}");
    }
}

#[test]
fn a_look_that_is_called_off_ends() {
    let tree = Tree::new();
    tree.known(&[], &[]);
    let question = LocalQuestion {
        local: Local {
            name: "context".into(),
            directory: Directory::open(tree.0.path()).unwrap(),
        },
        patterns: Patterns::default(),
    };
    let cancel = Cancel::default();
    cancel.cancel();

    let taken = Fingerprint::take(vec![question], TICKS, &cancel);

    assert!(matches!(taken, Err(Unknown::Cancelled)));
}
