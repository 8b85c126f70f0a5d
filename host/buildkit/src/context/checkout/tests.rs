use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::{Instant, UNIX_EPOCH};

use rustix::fs::XattrFlags;
use tempfile::TempDir;

use super::*;
use crate::context::local::Local;
use crate::context::walk::Patterns;
use oci_image_boundary::handle::Directory;

/// How long a tree may take to be known.
const DEADLINE: Duration = Duration::from_secs(60);

/// A tree on a disk, where every change is dated: `/tmp` may be none.
pub(in crate::context) struct Tree(TempDir);

impl Tree {
    /// A checkout like any other, but for its place and its dates.
    pub(in crate::context) fn new() -> Self {
        let program = std::env::current_exe().unwrap();
        let tree = Self(tempfile::tempdir_in(program.parent().unwrap()).unwrap());
        fs::create_dir(tree.at("src")).unwrap();
        for file in ["Dockerfile", "src/one", "src/two"] {
            fs::write(tree.at(file), format!("text of {file}")).unwrap();
        }
        fs::write(tree.at("empty"), "").unwrap();
        fs::hard_link(tree.at("src/one"), tree.at("src/same")).unwrap();
        symlink("src/one", tree.at("link")).unwrap();
        tree
    }

    pub(in crate::context) fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(in crate::context) fn local(&self) -> Local {
        Local {
            name: "context".into(),
            directory: Directory::open(self.0.path()).unwrap(),
        }
    }

    pub(in crate::context) fn look(&self) -> Checkout {
        let question = LocalQuestion {
            local: self.local(),
            patterns: Patterns::default(),
        };
        Checkout::look(vec![question], &Cancel::default()).unwrap()
    }

    /// The same once it was left alone for long enough.
    pub(in crate::context) fn known(&self) -> Checkout {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let checkout = self.look();
            if checkout.unknown.is_none() {
                return checkout;
            }
            assert!(Instant::now() < deadline, "{:?}", checkout.unknown);
        }
    }
}

#[test]
fn a_fresh_checkout_of_the_same_files_is_the_same() {
    let (one, other) = (Tree::new(), Tree::new());
    let file = File::options().write(true).open(other.at("src/two"));
    file.unwrap().set_modified(UNIX_EPOCH).unwrap();

    let (one, other) = (one.look(), other.look());

    assert_eq!((one.digest, one.names), (other.digest, other.names));
    // All but the root.
    assert_eq!((one.met.len(), other.met.len()), (8, 8));
}

/// What is done to a tree.
type Change = (&'static str, fn(&Tree));

#[test]
fn whatever_is_sent_tells_one_checkout_from_another() {
    let changes: [Change; 9] = [
        ("a text", |tree| {
            fs::write(tree.at("src/two"), "TEXT OF src/two").unwrap();
        }),
        ("what was empty", |tree| {
            fs::write(tree.at("empty"), "x").unwrap();
        }),
        ("a mode", |tree| {
            fs::set_permissions(tree.at("src/two"), Permissions::from_mode(0o700)).unwrap();
        }),
        ("the mode of a directory", |tree| {
            fs::set_permissions(tree.at("src"), Permissions::from_mode(0o700)).unwrap();
        }),
        ("an attribute", |tree| {
            let path = tree.at("src/two");
            rustix::fs::setxattr(path, "user.note", b"1", XattrFlags::empty()).unwrap();
        }),
        ("a link", |tree| {
            fs::remove_file(tree.at("link")).unwrap();
            symlink("src/two", tree.at("link")).unwrap();
        }),
        ("a copy in the place of a link", |tree| {
            fs::remove_file(tree.at("src/same")).unwrap();
            fs::copy(tree.at("src/one"), tree.at("src/same")).unwrap();
        }),
        ("a name", |tree| {
            fs::rename(tree.at("src/two"), tree.at("src/2")).unwrap();
        }),
        ("a directory", |tree| {
            fs::create_dir(tree.at("src/new")).unwrap();
        }),
    ];
    let before = Tree::new().look();
    for (what, change) in changes {
        let tree = Tree::new();
        change(&tree);

        let after = tree.look();

        assert_ne!(after.digest, before.digest, "{what}");
        assert_eq!(after.names, before.names, "{what}");
    }
}

#[test]
fn names_at_the_top_tell_projects_apart() {
    let (one, other) = (Tree::new(), Tree::new());
    fs::write(other.at("another"), "").unwrap();

    assert_ne!(one.look().names, other.look().names);
}

#[test]
fn names_that_came_a_moment_ago_may_change_unseen() {
    let tree = Tree::new();
    let _ = tree.known();
    // Dated as far ahead as a clock may be set back.
    let deadline = Instant::now() + DEADLINE;
    loop {
        fs::write(tree.at("src/new"), "").unwrap();
        fs::remove_file(tree.at("src/new")).unwrap();
        if let Some(Unknown::Young { path }) = tree.look().unknown {
            assert_eq!(path, tree.at("src"));
            break;
        }
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_nobody_waits_for_it() {
    let tree = Tree::new();
    for number in 0..2 * QUEUE {
        fs::write(tree.at(&format!("src/{number}")), "text").unwrap();
    }
    let cancel = Cancel::default();
    cancel.cancel();
    let question = LocalQuestion {
        local: tree.local(),
        patterns: Patterns::default(),
    };

    let looked = Checkout::look(vec![question], &cancel);

    assert!(matches!(looked.unwrap_err(), Unknown::Cancelled));
}
