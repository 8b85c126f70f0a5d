//! The listings were compared with fsutil's own on some thousand random trees and filters; these are the cases that
//! tell why an entry stands where it stands.

use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::thread;

use rustix::process::Uid;
use tempfile::TempDir;

use super::*;
use crate::context::walk::filter::{Patterns, Scope};
use oci_image_boundary::handle::Directory;

/// A tree of empty files; a name that ends with `/` is a directory.
fn tree(paths: &[&str]) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    for path in paths {
        let full = tree.path().join(path);
        if path.ends_with('/') {
            fs::create_dir_all(full).unwrap();
        } else {
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            File::create(full).unwrap();
        }
    }
    tree
}

fn owned(patterns: &[&str]) -> Vec<Vec<u8>> {
    patterns
        .iter()
        .map(|pattern| pattern.as_bytes().to_vec())
        .collect()
}

fn patterns(include: &[&str], exclude: &[&str], follow: &[&str]) -> Patterns {
    Patterns {
        include: owned(include),
        exclude: owned(exclude),
        follow: owned(follow),
    }
}

/// The paths of a listing, each link with what it refers to.
fn listing(root: &Path, patterns: &Patterns) -> Result<Vec<String>, WalkError> {
    let root = Root::new(Directory::open(root).unwrap());
    let filter = Filter::new(&root, patterns)?;
    let mut listed = Vec::new();
    walk(&root, &filter, |path: &[u8], _: &Entry, link: Link<'_>| {
        let path = String::from_utf8_lossy(path).into_owned();
        listed.push(match link {
            Link::None => path,
            Link::Symbolic(target) => format!("{path} -> {}", String::from_utf8_lossy(target)),
            Link::Hard(first) => format!("{path} = {}", String::from_utf8_lossy(first)),
        });
        ControlFlow::Continue(())
    })?;
    Ok(listed)
}

#[test]
fn a_directory_stands_before_its_entries_and_names_stand_in_byte_order() {
    let tree = tree(&["a/z", "a/b/c", "a-b", "a.b", "a0", "Z", "é", "empty/"]);

    let listed = listing(tree.path(), &Patterns::default()).unwrap();

    assert_eq!(
        listed,
        [
            "Z", "a", "a/b", "a/b/c", "a/z", "a-b", "a.b", "a0", "empty", "é"
        ]
    );
}

#[test]
fn more_entries_than_may_be_held_ahead_come_whole_and_in_order() {
    let tree = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for directory in ["a", "b", "b/c"] {
        fs::create_dir(tree.path().join(directory)).unwrap();
        expected.push(directory.to_owned());
        for number in 0..5000 {
            let path = format!("{directory}/f{number:04}");
            File::create(tree.path().join(&path)).unwrap();
            expected.push(path);
        }
    }
    expected.sort();

    assert_eq!(
        listing(tree.path(), &Patterns::default()).unwrap(),
        expected
    );
}

#[test]
fn a_name_that_is_no_text_is_listed_as_its_bytes() {
    let tree = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"new\nline \xff");
    File::create(tree.path().join(name)).unwrap();
    let root = Root::new(Directory::open(tree.path()).unwrap());
    let filter = Filter::new(&root, &Patterns::default()).unwrap();

    let mut listed = Vec::new();
    walk(&root, &filter, |path: &[u8], _: &Entry, _: Link<'_>| {
        listed.push(path.to_vec());
        ControlFlow::Continue(())
    })
    .unwrap();

    assert_eq!(listed, [b"new\nline \xff"]);
}

#[test]
fn an_exception_brings_back_the_directories_above_it_and_nothing_beside_it() {
    let tree = tree(&["a/b/keep", "a/b/other", "a/c/other", "d/e"]);

    for (exclude, expected) in [
        (&["a"][..], &["d", "d/e"][..]),
        (&["*", "!a/b/keep"], &["a", "a/b", "a/b/keep"]),
        (&["**", "!**/keep"], &["a", "a/b", "a/b/keep"]),
        (&["a/**", "!a/b/k*"], &["a", "a/b", "a/b/keep", "d", "d/e"]),
        (&["**/other", "d"], &["a", "a/b", "a/b/keep", "a/c"]),
        (&["*", "!a/nothing"], &[]),
    ] {
        let listed = listing(tree.path(), &patterns(&[], exclude, &[])).unwrap();
        assert_eq!(listed, expected, "{exclude:?}");
    }
}

#[test]
fn a_directory_is_entered_only_if_a_pattern_may_reach_into_it() {
    let tree = tree(&[]);
    let root = Root::new(Directory::open(tree.path()).unwrap());
    let enters = |patterns: &Patterns, directory: &str| {
        let filter = Filter::new(&root, patterns).unwrap();
        let entered = filter
            .enter(directory.as_bytes(), &Scope::default())
            .unwrap();
        entered.map(|entered| entered.shown)
    };

    let (shown, hidden, skipped) = (Some(true), Some(false), None);
    let modules = patterns(&[], &["node_modules", "!node_modules/a/b"], &[]);
    assert_eq!(
        enters(&patterns(&[], &["node_modules"], &[]), "node_modules"),
        skipped
    );
    assert_eq!(enters(&modules, "node_modules"), hidden);
    assert_eq!(enters(&modules, "node_modules/a"), shown);
    assert_eq!(enters(&patterns(&[], &["**", "!a/b/**"], &[]), "a"), hidden);
    assert_eq!(
        enters(&patterns(&[], &["**", "!a/b/**"], &[]), "ab"),
        skipped
    );
    assert_eq!(
        enters(&patterns(&[], &["**", "!**/b"], &[]), "anything"),
        hidden
    );
    assert_eq!(enters(&patterns(&["a/b"], &[], &[]), "a"), hidden);
    assert_eq!(enters(&patterns(&["a/b"], &[], &[]), "a/b"), shown);
    assert_eq!(enters(&patterns(&["a/b"], &[], &[]), "c"), skipped);
    assert_eq!(enters(&patterns(&["*/b"], &[], &[]), "c"), hidden);
}

#[test]
fn only_what_is_included_is_listed() {
    let tree = tree(&["a/b/c", "a/d", "e", "f.md"]);

    for (include, exclude, expected) in [
        (&["a/b"][..], &[][..], &["a", "a/b", "a/b/c"][..]),
        (&["*.md", "e"], &[], &["e", "f.md"]),
        (&["a"], &["a/b"], &["a", "a/d"]),
        (&["missing"], &[], &[]),
    ] {
        let listed = listing(tree.path(), &patterns(include, exclude, &[])).unwrap();
        assert_eq!(listed, expected, "{include:?} without {exclude:?}");
    }
}

#[test]
fn a_follow_path_includes_the_links_on_it_and_what_they_lead_to() {
    let tree = tree(&["real/file", "real/other", "top", "dir/x"]);
    for (target, link) in [
        ("real", "link"),
        ("/real/file", "absolute"),
        ("../../../top", "dir/up"),
        ("loop-b", "loop-a"),
        ("loop-a", "loop-b"),
        ("nowhere", "dangling"),
        ("/", "whole"),
    ] {
        symlink(target, tree.path().join(link)).unwrap();
    }

    for (follow, expected) in [
        (
            &["link/file"][..],
            &["link -> real", "real", "real/file"][..],
        ),
        (
            &["absolute"],
            &["absolute -> /real/file", "real", "real/file"],
        ),
        (&["dir/up"], &["dir", "dir/up -> ../../../top", "top"]),
        (&["/top", "missing"], &["top"]),
        (&["loop-a"], &["loop-a -> loop-b", "loop-b -> loop-a"]),
        (&["dangling"], &["dangling -> nowhere"]),
        (
            &["l*k"],
            &["link -> real", "real", "real/file", "real/other"],
        ),
        (&["r*/file"], &["real", "real/file"]),
        (&["../top"], &[]),
    ] {
        let listed = listing(tree.path(), &patterns(&[], &[], follow)).unwrap();
        assert_eq!(listed, expected, "{follow:?}");
    }
    // Whatever leads to the root leads to everything.
    let all = listing(tree.path(), &Patterns::default()).unwrap();
    for patterns in [
        patterns(&[], &[], &["whole"]),
        patterns(&["."], &[], &["top"]),
    ] {
        assert_eq!(listing(tree.path(), &patterns).unwrap(), all);
    }
}

#[test]
fn the_first_listed_name_of_a_file_is_the_file_and_the_others_are_links_to_it() {
    let tree = tree(&["a"]);
    fs::hard_link(tree.path().join("a"), tree.path().join("b")).unwrap();
    fs::hard_link(tree.path().join("a"), tree.path().join("c")).unwrap();

    let all = listing(tree.path(), &Patterns::default()).unwrap();
    let without_first = listing(tree.path(), &patterns(&[], &["a"], &[])).unwrap();

    assert_eq!(all, ["a", "b = a", "c = a"]);
    assert_eq!(without_first, ["b", "c = b"]);
}

#[test]
fn a_walk_ends_where_its_caller_breaks_off() {
    let tree = tree(&["a/b", "c"]);
    let root = Root::new(Directory::open(tree.path()).unwrap());
    let filter = Filter::new(&root, &Patterns::default()).unwrap();
    let mut count = 0;

    walk(&root, &filter, |_: &[u8], _: &Entry, _: Link<'_>| {
        count += 1;
        ControlFlow::Break(())
    })
    .unwrap();

    assert_eq!(count, 1);
}

/// Runs as a user who owns nothing, in a thread of its own.
fn unprivileged<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let run = || {
            if rustix::process::geteuid().is_root() {
                let nobody = Uid::from_raw(65534);
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
            run()
        };
        scope.spawn(run).join().unwrap()
    })
}

#[test]
fn a_directory_that_cannot_be_read_fails_the_walk_unless_it_is_excluded() {
    let tree = tree(&["a/b", "locked/c"]);
    let mode = |path: &str, mode| {
        fs::set_permissions(tree.path().join(path), Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o755);
    mode("locked", 0o000);

    let (whole, excluded) = unprivileged(|| {
        let excluding = patterns(&[], &["locked", "!**/*.md"], &[]);
        (
            listing(tree.path(), &Patterns::default()),
            listing(tree.path(), &excluding),
        )
    });
    mode("locked", 0o755);

    let expected = format!("cannot list `{}/locked`", tree.path().display());
    assert_eq!(whole.unwrap_err().to_string(), expected);
    assert_eq!(excluded.unwrap(), ["a", "a/b"]);
}

/// Makes directories below each other until their path is longer than the system takes, each named so.
fn deep(top: &Path, name: &str) -> usize {
    let mut directory = Directory::open(top).unwrap();
    let mut length = 0;
    while length <= 4095 {
        directory = directory.made_own_directory(name).unwrap();
        length += name.len() + usize::from(length > 0);
    }
    length
}

#[test]
fn a_path_that_is_longer_than_the_system_takes_is_told_and_may_be_left_out() {
    let tree = tree(&["a", "b/c"]);
    let length = deep(&tree.path().join("b"), &"d".repeat(250)) + 2;

    let error = listing(tree.path(), &Patterns::default()).unwrap_err();
    let without = listing(tree.path(), &patterns(&[], &["b/d*"], &[])).unwrap();

    assert!(error.is_of_the_tree());
    let message = error.to_string();
    assert!(
        message.ends_with(&format!(
            "` is {length} bytes long below the directory that is sent, and the system takes 4095: shorten it, or leave it out \
             (`.dockerignore`)"
        )),
        "{message}"
    );
    assert_eq!(without, ["a", "b", "b/c"]);
}

#[test]
fn attributes_of_many_entries_are_held_for_a_few_of_them_at_a_time() {
    let tree = tree(&[]);
    for number in 0..64 {
        let path = tree.path().join(format!("file{number:02}"));
        File::create(&path).unwrap();
        for part in 0..4 {
            let name = format!("user.part{part}");
            let value = vec![b'x'; 60 << 10];
            let flags = rustix::fs::XattrFlags::empty();
            if rustix::fs::setxattr(&path, name, &value, flags).is_err() {
                println!("skipped: this file system has no attributes of that size");
                return;
            }
        }
    }
    let root = Root::new(Directory::open(tree.path()).unwrap());
    let filter = Filter::new(&root, &Patterns::default()).unwrap();

    let mut listed = Vec::new();
    walk(&root, &filter, |path: &[u8], entry: &Entry, _: Link<'_>| {
        assert_eq!(entry.attributes.len(), 4);
        listed.push(path.to_vec());
        ControlFlow::Continue(())
    })
    .unwrap();

    assert_eq!(listed.len(), 64);
    assert!(listed.is_sorted());
    // Of 15 MB never more than a few parts of 1 MiB.
    assert!(ahead::most_held() <= 8 << 20, "{}", ahead::most_held());
}
