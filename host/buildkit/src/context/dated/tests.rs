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

/// The times of everything, by path.
fn times(dated: &Dated, tree: &Tree) -> BTreeMap<String, Option<i64>> {
    let local = dated.of("context", &Patterns::default()).unwrap();
    let root = Root::new(tree.local().directory);
    local.enter_top(Inode::of_root(&root).unwrap()).unwrap();
    let filter = Filter::new(&root, &Patterns::default()).unwrap();
    let mut times = BTreeMap::new();
    let take = |path: &[u8], entry: &Entry, link: Link<'_>| {
        let text = String::from_utf8(path.to_vec()).unwrap();
        times.insert(text, local.time(path, entry, link).unwrap());
        ControlFlow::Continue(())
    };
    walk(&root, &filter, take).unwrap();
    times
}

/// Whether identities, and dates, are still kept.
fn kept(key: &TempDir) -> (bool, bool) {
    let is_kept = |name| key.path().join(name).exists();
    (is_kept("oci-image.key"), is_kept("oci-image.dates"))
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
    assert_eq!(kept(&key), (true, true));
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
fn a_file_that_is_not_what_was_met_ends_identities_and_dates() {
    let changes: [fn(&Tree); 3] = [
        |tree| {
            fs::set_permissions(tree.at("src/two"), Permissions::from_mode(0o700)).unwrap();
        },
        |tree| fs::write(tree.at("empty"), "longer").unwrap(),
        |tree| {
            fs::remove_file(tree.at("link")).unwrap();
            symlink("src/two", tree.at("link")).unwrap();
        },
    ];
    for change in changes {
        let (key, tree) = (tempfile::tempdir().unwrap(), Tree::new());
        let dated = dated(&tree, &key);

        change(&tree);
        times(&dated, &tree);

        assert_eq!(kept(&key), (false, false));
    }
}

#[test]
fn a_name_that_was_not_met_or_is_gone_ends_identities() {
    let changes: [fn(&Tree); 4] = [
        |tree| fs::write(tree.at("src/new"), "").unwrap(),
        |tree| fs::remove_file(tree.at("src/two")).unwrap(),
        |tree| fs::write(tree.at("new"), "").unwrap(),
        |tree| fs::remove_file(tree.at("empty")).unwrap(),
    ];
    for change in changes {
        let (key, tree) = (tempfile::tempdir().unwrap(), Tree::new());
        let dated = dated(&tree, &key);

        change(&tree);
        times(&dated, &tree);

        assert_eq!(kept(&key), (false, true));
    }
}

#[test]
fn a_file_is_held_against_its_bytes() {
    let (key, tree) = (tempfile::tempdir().unwrap(), Tree::new());
    let dated = dated(&tree, &key);
    let local = dated.of("context", &Patterns::default()).unwrap();
    let hash = Sha256::new_with_prefix("text of src/one");

    assert!(local.holds(b"src/one", hash.clone()));
    assert!(!local.holds(b"src/two", hash.clone()));
    assert!(!local.holds(b"src/three", hash));
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
