//! Streams that are all of a tree: what leads anywhere else is refused, and every name is one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]

use std::error::Error;
use std::fs::{self, File};
use std::iter;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use oci_image_tree::{Summary, unpack};
use tar::{Builder, EntryType, Header};
use tempfile::tempdir;

/// An entry: its kind, its path, and where it leads or what it holds.
type Written<'a> = (EntryType, &'a str, &'a str);

const DIRECTORY: EntryType = EntryType::Directory;
const FILE: EntryType = EntryType::Regular;
const LINK: EntryType = EntryType::Symlink;
const SECOND_NAME: EntryType = EntryType::Link;

/// A stream without its end mark; the `tar` crate itself writes no path that leads out.
fn cut(entries: &[Written<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, path, text) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        let content = if *kind == FILE { text.as_bytes() } else { b"" };
        if *kind != FILE {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    let mut stream = builder.into_inner().unwrap();
    stream.truncate(stream.len() - 1024);
    stream
}

fn whole(entries: &[Written<'_>]) -> Vec<u8> {
    [cut(entries), vec![0; 1024]].concat()
}

/// Unpacks a stream, or says why it cannot be, with `TREE` for the path.
fn unpacked(stream: &[u8], into: &Path) -> Result<Summary, String> {
    let directory = File::open(into).unwrap().into();
    unpack(stream, directory, Path::new("TREE")).map_err(|error| {
        let first: Option<&dyn Error> = Some(&error);
        let messages = iter::successors(first, |&error| error.source());
        let messages: Vec<_> = messages.map(ToString::to_string).collect();
        messages.join(": ")
    })
}

#[test]
fn what_leads_anywhere_else_is_refused() {
    let not_inside = |path: &str| {
        format!(
            "entry `{path}` is not a path inside of `TREE` that is at most 256 directories deep and 4095 bytes long"
        )
    };
    let cases = [
        (whole(&[(FILE, "/outside", "!")]), not_inside("/outside")),
        (whole(&[(FILE, "../canary", "!")]), not_inside("../canary")),
        (
            whole(&[(FILE, "a/../../canary", "!")]),
            not_inside("a/../../canary"),
        ),
        (
            whole(&[(FILE, ".", "!")]),
            "`TREE` would not be a directory".to_owned(),
        ),
        (
            whole(&[(LINK, "out", ".."), (FILE, "out/canary", "dead")]),
            "`TREE/out` cannot be entered: it is not a directory".to_owned(),
        ),
        (
            whole(&[(FILE, "f", ""), (DIRECTORY, "f/d", "")]),
            "`TREE/f` cannot be entered: it is not a directory".to_owned(),
        ),
        (
            whole(&[(SECOND_NAME, "a", "../canary")]),
            "hard link `TREE/a` leads to `../canary`, which is not a path inside".to_owned(),
        ),
        (
            whole(&[(LINK, "out", ".."), (SECOND_NAME, "a", "out/canary")]),
            "cannot link `TREE/a` to `TREE/out/canary`: Not a directory (os error 20)".to_owned(),
        ),
        (
            cut(&[(FILE, "a", "1")]),
            "the tar stream for `TREE` ends without its end mark".to_owned(),
        ),
    ];
    for (stream, expected) in cases {
        let yard = tempdir().unwrap();
        let tree = yard.path().join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(yard.path().join("canary"), "alive").unwrap();

        assert_eq!(unpacked(&stream, &tree).unwrap_err(), expected);
        let canary = yard.path().join("canary");
        assert_eq!(fs::read(&canary).unwrap(), b"alive");
        assert_eq!(canary.metadata().unwrap().nlink(), 1);
        assert_eq!(fs::read_dir(yard.path()).unwrap().count(), 2, "{expected}");
    }
}

#[test]
fn names_that_hide_others_in_layers_are_names() {
    let tree = tempdir().unwrap();
    let entries = [
        (DIRECTORY, "d", ""),
        (FILE, "d/kept", "kept"),
        (FILE, "d/.wh.kept", "a file"),
        (FILE, "d/.wh..wh..opq", ""),
        (DIRECTORY, ".wh..wh.plnk", ""),
    ];

    let summary = unpacked(&whole(&entries), tree.path()).unwrap();

    assert_eq!((summary.entries, summary.bytes), (5, 10));
    let read = |path| fs::read(tree.path().join(path)).unwrap();
    assert_eq!(read("d/kept"), b"kept");
    assert_eq!(read("d/.wh.kept"), b"a file");
    assert!(tree.path().join("d/.wh..wh..opq").is_file());
    assert!(tree.path().join(".wh..wh.plnk").is_dir());
}

#[test]
fn modes_are_what_entries_say_whatever_a_file_is_made_with() {
    let tree = tempdir().unwrap();
    let modes = [
        0, 0o444, 0o600, 0o644, 0o666, 0o777, 0o1755, 0o2711, 0o4755, 0o6777,
    ];
    let owner = fs::metadata(tree.path()).unwrap();
    let mut builder = Builder::new(Vec::new());
    for kind in [FILE, DIRECTORY] {
        for mode in modes {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header
                .set_path(format!("{}{mode:o}", kind.is_dir()))
                .unwrap();
            header.set_mode(mode);
            header.set_uid(owner.uid().into());
            header.set_gid(owner.gid().into());
            header.set_size(0);
            header.set_cksum();
            builder.append(&header, &b""[..]).unwrap();
        }
    }

    unpacked(&builder.into_inner().unwrap(), tree.path()).unwrap();

    for is_directory in [false, true] {
        for mode in modes {
            let path = tree.path().join(format!("{is_directory}{mode:o}"));
            let found = fs::metadata(&path).unwrap();
            assert_eq!(found.mode() & 0o7777, mode, "{}", path.display());
            assert_eq!((found.uid(), found.gid()), (owner.uid(), owner.gid()));
        }
    }
}

#[test]
fn what_the_sender_has_behind_the_end_is_read() {
    let tree = tempdir().unwrap();
    let stream = [whole(&[(FILE, "a", "1")]), vec![7; 100_000]].concat();
    let mut left = stream.as_slice();

    unpack(
        &mut left,
        File::open(tree.path()).unwrap().into(),
        Path::new("TREE"),
    )
    .unwrap();

    assert!(left.is_empty());
}
