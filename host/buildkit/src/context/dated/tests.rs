use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::ops::ControlFlow;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;
use crate::context::checkout::tests::Tree;
use crate::context::identity::Identity;
use crate::context::walk::{Filter, Root, walk};
use oci_image_boundary::handle::Directory;

fn dated(tree: &Tree, key: &TempDir) -> Arc<Dated> {
    let key = IdentityKey::kept_in(Directory::open(key.path()).unwrap()).unwrap();
    match key.identify_checkout(tree.look()).unwrap() {
        Identity::Checkout { dated, .. } => dated,
        Identity::Random | Identity::Known(_) => unreachable!(),
    }
}

/// The times of everything, by path; `None` of what is not as it was met.
fn times(dated: &Dated, tree: &Tree) -> BTreeMap<String, Option<i64>> {
    let local = dated.of("context", &Patterns::default()).unwrap();
    let root = Root::new(tree.local().directory);
    let filter = Filter::new(&root, &Patterns::default()).unwrap();
    let mut times = BTreeMap::new();
    let take = |path: &[u8], entry: &Entry, link: Link<'_>| {
        let path_text = String::from_utf8(path.to_vec()).unwrap();
        times.insert(path_text, local.time(path, entry, link));
        ControlFlow::Continue(())
    };
    walk(&root, &filter, take).unwrap();
    times
}

#[test]
fn a_fresh_checkout_has_the_times_of_the_one_before_it_where_nothing_changed() {
    let (key, one, other) = (tempfile::tempdir().unwrap(), Tree::new(), Tree::new());
    fs::write(other.at("src/two"), "TEXT OF src/two").unwrap();

    let first = times(&dated(&one, &key), &one);
    let second = times(&dated(&other, &key), &other);

    let is_new = |path: &&String| first[*path] != second[*path];
    let changed: Vec<_> = first.keys().filter(is_new).collect();
    // A file of several names is sent anew.
    assert_eq!(changed, ["src/one", "src/same", "src/two"]);
    assert!(second["src/two"] > first["src/two"], "{second:?}");
    assert!(second.values().all(Option::is_some), "{second:?}");
}

#[test]
fn nobody_without_the_key_can_tell_a_time() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tree = Tree::new();

    let (one, other) = (dated(&tree, &one), dated(&tree, &other));

    assert_ne!(
        times(&one, &tree)["src/one"],
        times(&other, &tree)["src/one"]
    );
    assert_ne!(one.shared_key(), other.shared_key());
}

#[test]
fn what_is_not_as_it_was_met_has_no_time() {
    let (key, tree) = (tempfile::tempdir().unwrap(), Tree::new());
    let dated = dated(&tree, &key);

    fs::set_permissions(tree.at("src/two"), Permissions::from_mode(0o700)).unwrap();
    fs::remove_file(tree.at("link")).unwrap();
    symlink("src/two", tree.at("link")).unwrap();
    fs::write(tree.at("empty"), "longer").unwrap();
    fs::write(tree.at("src/new"), "").unwrap();
    let times = times(&dated, &tree);

    let changed: Vec<_> = times.iter().filter(|(_, time)| time.is_none()).collect();
    let changed: Vec<_> = changed.into_iter().map(|(path, _)| path).collect();
    assert_eq!(changed, ["empty", "link", "src", "src/new", "src/two"]);
    let local = dated.of("context", &Patterns::default()).unwrap();
    let root = Root::new(tree.local().directory);
    assert!(!local.is_at_top(Inode::of_root(&root).unwrap()));
    let hash = Sha256::new_with_prefix("text of src/one");
    assert!(local.holds(b"src/one", hash.clone()));
    assert!(!local.holds(b"src/two", hash));
}

#[test]
fn what_nobody_expected_is_not_held_against_anything() {
    let (key, tree) = (tempfile::tempdir().unwrap(), Tree::new());
    let dated = dated(&tree, &key);
    let other = Patterns {
        exclude: vec![b"src".to_vec()],
        ..Patterns::default()
    };

    assert!(dated.of("context", &other).is_none());
    assert!(dated.of("dockerfile", &Patterns::default()).is_none());
}
