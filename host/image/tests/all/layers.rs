//! Layers above one another: what a layer changes is changed, and of what it hides nothing is left.
//!
//! Images are made up at random: trees that change from layer to layer, and layers as the tools write them that make images (a whiteout
//! for each name, or one for all; with the directories on the way, or without). What comes out has to be the last tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use oci_image_boundary::handle::Directory;
use oci_image_image::rootfs::GrowingRootfs;
use tar::EntryType;
use tempfile::tempdir;

use crate::fixture::{Tar, gzip, header};

/// How many images are made up.
const IMAGES: u64 = 400;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// With a number by which the names of one file are known.
    File(String, u64),
    Directory,
    Link(String),
    Pipe,
}

/// With its mode and time.
type Tree = BTreeMap<String, (Node, u32, i64)>;

/// Numbers that look like chance, the same ones for the same seed (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn once_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn path(&mut self) -> String {
        let names = ["a", "b", "c-", "c", "d"];
        let depth = 1 + self.below(3);
        let mut part = |_| names[self.below(5) as usize];
        (0..depth).map(&mut part).collect::<Vec<_>>().join("/")
    }
}

fn is_beneath(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

fn remove(tree: &mut Tree, path: &str) {
    tree.retain(|other, _| other != path && !is_beneath(other, path));
}

/// Puts a node in the place of what was there; directories on the way are made, in the place of what is none.
fn put(tree: &mut Tree, path: &str, node: Node, chance: &mut Chance) {
    let mode = [0o644, 0o755, 0o700, 0o4711][chance.below(4) as usize];
    let time = 1_000_000_000 + chance.below(1_000_000).cast_signed();
    for (end, _) in path.match_indices('/') {
        let way = &path[..end];
        if !matches!(tree.get(way), Some((Node::Directory, ..))) {
            tree.insert(way.to_owned(), (Node::Directory, 0o750, time));
        }
    }
    if node != Node::Directory {
        remove(tree, path);
    }
    tree.insert(path.to_owned(), (node, mode, time));
}

/// A tree that has changed.
fn changed(tree: &Tree, chance: &mut Chance) -> Tree {
    let mut tree = tree.clone();
    for _ in 0..=chance.below(7) {
        let path = chance.path();
        match chance.below(9) {
            0 | 1 => remove(&mut tree, &path),
            2 => put(&mut tree, &path, Node::Directory, chance),
            3 => {
                let to = ["a", "/b", "../../..", "c/d"][chance.below(4) as usize];
                put(&mut tree, &path, Node::Link(to.to_owned()), chance);
            }
            4 => put(&mut tree, &path, Node::Pipe, chance),
            5 => {
                let (text, file) = (chance.below(1_000_000).to_string(), chance.below(u64::MAX));
                put(&mut tree, &path, Node::File(text.clone(), file), chance);
                // Another name of the same file.
                let second = chance.path();
                if !is_beneath(&path, &second) && !is_beneath(&second, &path) && path != second {
                    let of_first = tree[&path].clone();
                    put(&mut tree, &second, Node::File(text, file), chance);
                    if tree.contains_key(&path) {
                        tree.insert(second, of_first);
                    }
                }
            }
            _ => {
                let (text, file) = (chance.below(1_000_000).to_string(), chance.below(u64::MAX));
                put(&mut tree, &path, Node::File(text, file), chance);
            }
        }
    }
    tree
}

/// The number of a file.
fn file_of(node: &Node) -> Option<u64> {
    match node {
        Node::File(_, file) => Some(*file),
        _ => None,
    }
}

/// The archive with one entry more; `files` are those that it has, by their first names.
fn with(
    tar: Tar,
    path: &str,
    (node, mode, time): (&Node, u32, i64),
    files: &mut BTreeMap<u64, String>,
) -> Tar {
    let (kind, content, target) = match node {
        Node::File(text, file) => match files.get(file) {
            Some(first) => (EntryType::Link, "", first.clone()),
            None => {
                files.insert(*file, path.to_owned());
                (EntryType::Regular, text.as_str(), String::new())
            }
        },
        Node::Directory => (EntryType::Directory, "", String::new()),
        Node::Link(to) => (EntryType::Symlink, "", to.clone()),
        Node::Pipe => (EntryType::Fifo, "", String::new()),
    };
    let mut header = header(path.as_bytes(), kind, content.len() as u64);
    header.set_mode(mode);
    header.set_mtime(time.cast_unsigned());
    if !target.is_empty() {
        header.set_link_name_literal(&target).unwrap();
    }
    header.set_cksum();
    tar.entry(&header, content.as_bytes())
}

/// The layer that makes one tree of another.
fn layer(before: &Tree, after: &Tree, chance: &mut Chance) -> Vec<u8> {
    let is_directory =
        |tree: &Tree, path: &str| matches!(tree.get(path), Some((Node::Directory, ..)));
    let mut whiteouts = BTreeSet::new();
    let mut opaque = BTreeSet::new();
    let gone = |path: &&String| !after.contains_key(*path);
    for path in before.keys().filter(gone) {
        match parent(path) {
            // It goes with what was above it.
            Some(above) if !is_directory(after, above) => {}
            // All that is left in the directory is brought again.
            Some(above) if opaque.contains(above) || chance.once_in(3) => {
                opaque.insert(above.to_owned());
            }
            Some(above) => {
                whiteouts.insert(format!("{above}/.wh.{}", &path[above.len() + 1..]));
            }
            None => {
                whiteouts.insert(format!(".wh.{path}"));
            }
        }
    }
    let is_new = |path: &&String| {
        before.get(*path) != after.get(*path) || opaque.iter().any(|above| is_beneath(path, above))
    };
    // Links do not lead into layers below: who brings one name of a file brings all.
    let new_files: BTreeSet<u64> = (after.iter())
        .filter(|(path, _)| is_new(path))
        .filter_map(|(_, (node, ..))| file_of(node))
        .collect();
    let is_brought = |path: &String| {
        let of_file = after.get(path).and_then(|(node, ..)| file_of(node));
        is_new(&path) || of_file.is_some_and(|file| new_files.contains(&file))
    };
    let (early, late): (Vec<_>, Vec<_>) = (whiteouts.into_iter())
        .chain(opaque.iter().map(|above| format!("{above}/.wh..wh..opq")))
        .partition(|_| chance.once_in(2));
    let mut tar = Tar::new();
    for whiteout in early {
        tar = tar.file(&whiteout, b"");
    }
    let mut files: BTreeMap<u64, String> = BTreeMap::new();
    for (path, (node, mode, time)) in after {
        let is_on_the_way = || {
            let beneath = |other: &String| is_beneath(other, path) && is_brought(other);
            *node == Node::Directory && after.keys().any(beneath)
        };
        if is_brought(path) || is_on_the_way() && chance.once_in(2) {
            tar = with(tar, path, (node, *mode, *time), &mut files);
        }
    }
    for whiteout in late {
        tar = tar.file(&whiteout, b"");
    }
    tar.end()
}

/// What was unpacked; files that are one have the same number.
fn unpacked(root: &Path, below: &str, found: &mut Tree) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{below}{}{name}", if below.is_empty() { "" } else { "/" });
        let metadata = entry.path().symlink_metadata().unwrap();
        let kind = metadata.file_type();
        let node = if kind.is_dir() {
            unpacked(root, &path, found);
            Node::Directory
        } else if kind.is_symlink() {
            let to = fs::read_link(entry.path()).unwrap();
            Node::Link(to.display().to_string())
        } else if kind.is_fifo() {
            Node::Pipe
        } else {
            Node::File(fs::read_to_string(entry.path()).unwrap(), metadata.ino())
        };
        found.insert(path, (node, metadata.mode() & 0o7777, metadata.mtime()));
    }
}

/// The tree without modes of links, which have none, and with files numbered by their first names.
fn told(tree: &Tree) -> Tree {
    let mut first = BTreeMap::new();
    let mut told = tree.clone();
    for (number, (node, mode, _)) in told.values_mut().enumerate() {
        match node {
            Node::File(_, file) => *file = *first.entry(*file).or_insert(number as u64),
            Node::Link(_) => *mode = 0,
            _ => {}
        }
    }
    told
}

#[test]
fn tree_of_layers_is_the_one_that_they_were_made_of() {
    for seed in 1..=IMAGES {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let directory = tempdir().unwrap();
        let output = Directory::open(directory.path()).unwrap();
        let mut growing = GrowingRootfs::beside(&output, "rootfs".as_ref()).unwrap();
        let mut tree = Tree::new();
        for _ in 0..=chance.below(6) {
            let after = changed(&tree, &mut chance);
            let layer = layer(&tree, &after, &mut chance);
            let layer = if chance.once_in(2) {
                gzip(&layer)
            } else {
                layer
            };
            growing.add(layer.as_slice()).unwrap();
            tree = after;
        }

        growing.finish().unwrap().commit().unwrap();

        let mut found = Tree::new();
        unpacked(&directory.path().join("rootfs"), "", &mut found);
        assert_eq!(told(&found), told(&tree), "seed {seed}");
    }
}

/// Unpacks layers; what came out, as text.
fn unpack(layers: &[Vec<u8>]) -> Vec<String> {
    let directory = tempdir().unwrap();
    let output = Directory::open(directory.path()).unwrap();
    let mut growing = GrowingRootfs::beside(&output, "rootfs".as_ref()).unwrap();
    for layer in layers {
        growing.add(layer.as_slice()).unwrap();
    }
    growing.finish().unwrap().commit().unwrap();
    let mut found = Tree::new();
    unpacked(&directory.path().join("rootfs"), "", &mut found);
    let text = |(path, (node, mode, _)): (&String, &(Node, u32, i64))| match node {
        Node::File(text, _) => format!("{path}: {text}"),
        Node::Directory => format!("{path}/ {mode:o}"),
        Node::Link(to) => format!("{path} -> {to}"),
        Node::Pipe => format!("{path}|"),
    };
    found.iter().map(text).collect()
}

#[test]
fn whiteouts_hide_what_is_below_and_never_what_their_own_layer_brings() {
    let lower = || {
        Tar::new()
            .directory("a/")
            .file("a/old", b"old")
            .file("a/kept", b"old")
            .file("b", b"old")
            .end()
    };
    let cases = [
        (
            Tar::new().file("a/new", b"new").file("a/.wh..wh..opq", b""),
            vec!["a/ 755", "a/new: new", "b: old"],
        ),
        (
            Tar::new().file("a/.wh..wh..opq", b"").file("a/new", b"new"),
            vec!["a/ 755", "a/new: new", "b: old"],
        ),
        (
            Tar::new().file("b", b"new").file(".wh.b", b""),
            vec!["a/ 755", "a/kept: old", "a/old: old", "b: new"],
        ),
        (
            Tar::new().file(".wh.b", b"").file("b", b"new"),
            vec!["a/ 755", "a/kept: old", "a/old: old", "b: new"],
        ),
        (
            Tar::new().file("a/new", b"new").file(".wh.a", b""),
            vec!["a/ 755", "a/new: new", "b: old"],
        ),
        (
            Tar::new().file(".wh.a", b"").file(".wh.nothing", b""),
            vec!["b: old"],
        ),
        (
            Tar::new()
                .file("a/.wh.old", b"")
                .directory(".wh..wh.plnk/")
                .file(".wh..wh.plnk/1.2", b"of aufs")
                .file(".wh..wh.aufs", b"of aufs"),
            vec!["a/ 755", "a/kept: old", "b: old"],
        ),
        (
            Tar::new().entry(&header(b"b", EntryType::Char, 0), b""),
            vec!["a/ 755", "a/kept: old", "a/old: old"],
        ),
    ];
    for (upper, expected) in cases {
        assert_eq!(unpack(&[lower(), upper.end()]), expected);
    }
}

#[test]
fn path_goes_through_links_of_its_own_layer_and_replaces_those_below() {
    let link = || Tar::new().directory("real/").symlink("link", "real");
    let through = link().file("link/file", b"1").end();
    assert_eq!(
        unpack(&[through]),
        ["link -> real", "real/ 755", "real/file: 1"]
    );

    let above = Tar::new().file("link/file", b"1").end();
    assert_eq!(
        unpack(&[link().end(), above]),
        ["link/ 755", "link/file: 1", "real/ 755"]
    );

    let chain = Tar::new()
        .symlink("one", "two/../three")
        .symlink("two", "/real")
        .symlink("three", "../../real")
        .file("one/file", b"1")
        .hard_link("second", "two/file")
        .end();
    assert_eq!(
        unpack(&[chain]),
        [
            "one -> two/../three",
            "real/ 755",
            "real/file: 1",
            "second: 1",
            "three -> ../../real",
            "two -> /real",
        ]
    );

    // A link that was replaced leads nowhere any more.
    let replaced = link().file("link", b"2").symlink("link", "other");
    let replaced = replaced.directory("link/").file("link/file", b"1").end();
    assert_eq!(
        unpack(&[replaced]),
        ["link/ 755", "link/file: 1", "real/ 755"]
    );
}

#[test]
fn what_a_directory_was_below_is_gone_where_a_layer_replaces_it() {
    let mut closed = header(b"data/", EntryType::Directory, 0);
    closed.set_mode(0o500);
    closed.set_cksum();
    let lower = Tar::new().entry(&closed, b"").file("data/deep/file", b"1");
    let upper = Tar::new().file("data", b"2").end();
    let third = Tar::new().file("data/new", b"3").end();

    let layers = [lower.end(), upper, third];

    assert_eq!(unpack(&layers[..2]), ["data: 2"]);
    assert_eq!(unpack(&layers), ["data/ 755", "data/new: 3"]);
}
