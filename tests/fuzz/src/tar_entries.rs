//! Tar streams, against the `tar` crate: what is unpacked is what it reads, or nothing.
//!
//! The input is a tar stream. Its checksums are put right first, so that what is changed in it is looked at.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use oci_image::image::rootfs::Rootfs;
use tar::{Archive, EntryType, Header};

use crate::yard::Yard;

const BLOCK: usize = 512;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum File {
    Content(Vec<u8>),
    Directory,
    Link(Vec<u8>),
    Pipe,
}

type Tree = BTreeMap<Vec<u8>, File>;

pub(crate) fn run(bytes: &[u8]) {
    let stream = with_checksums(bytes);
    let yard = Yard::new();
    let unpacked = yard.unpack(&stream);
    let done = unpacked.and_then(Rootfs::commit).is_ok();
    yard.assert_untouched_outside();
    let beside = fs::read_dir(yard.rootfs().parent().expect("it is in one"));
    assert_eq!(beside.expect("a directory").count(), usize::from(done));
    if done
        && !breaks_lines(&stream)
        && let Some(expected) = as_tar_reads_it(&stream)
    {
        let mut found = Tree::new();
        found_below(&yard.rootfs(), b"", &mut found);
        assert_eq!(found, expected);
    }
}

/// The stream with the checksum of each block that stands where a header should.
pub(crate) fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut stream = bytes.to_vec();
    let mut at = 0;
    while let Some(block) = stream.get_mut(at..at + BLOCK) {
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let mut header = Header::from_byte_slice(block).clone();
        header.set_cksum();
        block.copy_from_slice(header.as_bytes());
        let size = header.entry_size().unwrap_or(0);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        at = at
            .saturating_add(BLOCK)
            .saturating_add(size.min(1 << 30).next_multiple_of(BLOCK));
    }
    stream
}

/// Whether an extended header has a record with a line's end in its value, which it may have: the other reader takes what is before
/// that for the whole.
fn breaks_lines(stream: &[u8]) -> bool {
    let mut at = 0;
    while let Some(block) = stream.get(at..at + BLOCK) {
        let header = Header::from_byte_slice(block);
        let size = usize::try_from(header.entry_size().unwrap_or(0)).unwrap_or(usize::MAX);
        let data = stream.get(at + BLOCK..).unwrap_or_default();
        let data = &data[..size.min(data.len())];
        let records = data.strip_suffix(b"\n").unwrap_or(data);
        let mut lines = records.split(|byte| *byte == b'\n');
        if header.entry_type() == EntryType::XHeader && !lines.all(is_record) {
            return true;
        }
        let whole = size.min(1 << 30).next_multiple_of(BLOCK);
        at = at.saturating_add(BLOCK).saturating_add(whole);
    }
    false
}

/// Whether a line is a whole record: it begins with its length.
fn is_record(line: &[u8]) -> bool {
    let digits = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let length = std::str::from_utf8(digits).ok();
    let length = length.and_then(|digits| digits.parse::<usize>().ok());
    length == Some(line.len() + 1)
}

/// The tree that the stream means to the other reader; nothing if that one cannot read it as others do, or if it says what only a
/// layer can: whiteouts, and paths that lead through links, up, or from the root.
fn as_tar_reads_it(stream: &[u8]) -> Option<Tree> {
    let mut tree = Tree::new();
    let mut archive = Archive::new(stream);
    for entry in archive.entries().ok()? {
        let mut entry = entry.ok()?;
        let path = components(&entry.path_bytes());
        let link = entry.link_name_bytes().map(|link| link.into_owned());
        let kind = entry.header().entry_type();
        let target = link.as_deref().filter(|_| kind == EntryType::Link);
        // A name ends at a NUL, but for the other reader.
        if entry.path_bytes().contains(&0) || link.as_ref().is_some_and(|link| link.contains(&0)) {
            return None;
        }
        let is_of_layers = |path: &[u8]| {
            let mut parts = path.split(|byte| *byte == b'/');
            path.starts_with(b"/") || parts.any(|part| part == b".." || part.starts_with(b".wh."))
        };
        let leads_through_link = |path: &[u8]| {
            let mut ways = (0..path.len()).filter(|at| path[*at] == b'/');
            ways.any(|at| matches!(tree.get(&path[..at]), Some(File::Link(_))))
        };
        let is_beyond = |path: &[u8]| is_of_layers(path) || leads_through_link(&components(path));
        if is_beyond(&entry.path_bytes()) || target.is_some_and(is_beyond) {
            return None;
        }
        let mut content = Vec::new();
        let is_directory = entry.path_bytes().ends_with(b"/");
        let file = match kind {
            EntryType::Regular | EntryType::Continuous if !is_directory => {
                entry.read_to_end(&mut content).ok()?;
                File::Content(content)
            }
            EntryType::Regular | EntryType::Continuous | EntryType::Directory => File::Directory,
            EntryType::Symlink => File::Link(link?),
            EntryType::Link => tree.get(&components(&link?))?.clone(),
            EntryType::Fifo => File::Pipe,
            EntryType::XGlobalHeader => continue,
            // It is left out, and so is what stood there.
            EntryType::Char | EntryType::Block => {
                put(&mut tree, path.clone(), File::Pipe);
                tree.remove(&path);
                continue;
            }
            // The other reader knows extensions only by the magic of their header too; Go's and GNU's by the kind alone.
            EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader => return None,
            _ if path.is_empty() => continue, // the root stays a directory
            other => panic!("{other:?} was unpacked"),
        };
        put(&mut tree, path, file);
    }
    Some(tree)
}

fn put(tree: &mut Tree, path: Vec<u8>, file: File) {
    let slashes = (0..path.len()).filter(|at| path[*at] == b'/');
    for at in slashes {
        tree.entry(path[..at].to_vec()).or_insert(File::Directory);
    }
    if path.is_empty() {
        return;
    }
    if file != File::Directory {
        let beneath = [path.as_slice(), b"/"].concat();
        tree.retain(|other, _| !other.starts_with(&beneath));
    }
    tree.insert(path, file);
}

/// A path without what means nothing.
fn components(path: &[u8]) -> Vec<u8> {
    let parts = path.split(|byte| *byte == b'/');
    let parts: Vec<&[u8]> = parts.filter(|part| !matches!(*part, b"" | b".")).collect();
    parts.join(&b'/')
}

fn found_below(root: &Path, below: &[u8], found: &mut Tree) {
    for entry in fs::read_dir(root.join(OsStr::from_bytes(below))).expect("a directory") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let path = components(&[below, name.as_bytes()].join(&b'/'));
        let kind = entry.file_type().expect("a kind");
        let file = if kind.is_dir() {
            found_below(root, &path, found);
            File::Directory
        } else if kind.is_symlink() {
            File::Link(
                fs::read_link(entry.path())
                    .expect("a link")
                    .as_os_str()
                    .as_bytes()
                    .to_vec(),
            )
        } else if kind.is_fifo() {
            File::Pipe
        } else {
            File::Content(fs::read(entry.path()).expect("a file"))
        };
        found.insert(path, file);
    }
}
