//! Root filesystems of entries that replace, link and lead to each other: nothing outside changes.
//!
//! The input is a list of entries, three bytes each: kind and mode, path, target. Paths are made of few names, so that they meet.

use std::fs;

use oci_image::image::rootfs::Rootfs;
use tar::{EntryType, Header};

use crate::yard::Yard;

const KINDS: [EntryType; 8] = [
    EntryType::Regular,
    EntryType::Directory,
    EntryType::Symlink,
    EntryType::Link,
    EntryType::Fifo,
    EntryType::Char,
    EntryType::Regular,
    EntryType::Directory,
];

const NAMES: [&str; 8] = ["a", "b", ".", "..", "", "a/b", "a/a", "outside"];

/// What the entries of an input of that many bytes may be at most.
const MOST: usize = 64;

pub(crate) fn run(bytes: &[u8]) {
    let yard = Yard::new();
    let outside = yard.outside().display().to_string();
    let mut stream = Vec::new();
    for entry in bytes.chunks_exact(3).take(MOST) {
        push(&mut stream, &outside, [entry[0], entry[1], entry[2]]);
    }
    stream.resize(stream.len() + 1024, 0);

    let unpacked = yard.unpack(&stream).and_then(Rootfs::commit);

    yard.assert_untouched_outside();
    let beside = fs::read_dir(yard.rootfs().parent().expect("it is in one"));
    assert_eq!(
        beside.expect("a directory").count(),
        usize::from(unpacked.is_ok())
    );
}

fn push(stream: &mut Vec<u8>, outside: &str, [kind, path, target]: [u8; 3]) {
    let mut header = Header::new_gnu();
    header.set_entry_type(KINDS[usize::from(kind & 7)]);
    header.set_mode([0o644, 0o777, 0o000, 0o6755][usize::from(kind >> 3 & 3)]);
    header.set_size(0);
    header.set_mtime(1);
    header.set_uid(0);
    header.set_gid(0);
    let mut set = |field: fn(&mut Header) -> &mut [u8; 100], text: &str| {
        field(&mut header)[..text.len()].copy_from_slice(text.as_bytes());
    };
    set(
        |header| &mut header.as_old_mut().name,
        &place(path, outside),
    );
    set(
        |header| &mut header.as_old_mut().linkname,
        &place(target, outside),
    );
    header.set_cksum();
    stream.extend_from_slice(header.as_bytes());
}

/// A path of two names; some lead outside.
fn place(byte: u8, outside: &str) -> String {
    let name = |bits: u8| NAMES[usize::from(bits & 7)];
    match byte >> 6 {
        0 => name(byte).to_owned(),
        1 => format!("{}/{}", name(byte >> 3), name(byte)),
        2 => format!("../../{}/{}", name(byte >> 3), name(byte)),
        _ => format!(
            "{outside}/{}",
            ["file", "directory", "", "new"][usize::from(byte & 3)]
        ),
    }
}
