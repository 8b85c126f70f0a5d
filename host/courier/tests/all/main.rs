//! The courier as a step runs it: a program that is given a directory and a socket.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use oci_image_courier::frame::{FrameReader, FrameWriter, write_text};
use oci_image_courier::message::{Holding, Order, Report};
use rustix::fs::XattrFlags;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

/// A courier that was sent to a directory.
struct Sent {
    child: Child,
    stream: UnixStream,
    _place: TempDir,
}

impl Sent {
    fn out(errand: &str, directory: &Path) -> Self {
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_courier"))
            .arg(errand)
            .args([directory, socket.as_path()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stream, _) = listener.accept().unwrap();
        Self {
            child,
            stream,
            _place: place,
        }
    }

    /// What it says next.
    fn report(&mut self) -> Report {
        Report::read(&mut self.stream).unwrap()
    }

    /// Takes leave, and tells whether it did what it was to do.
    fn end(mut self) -> bool {
        self.stream.read_to_end(&mut Vec::new()).unwrap();
        self.stream.shutdown(Shutdown::Write).unwrap();
        self.child.wait().unwrap().success()
    }
}

/// What a directory holds, and its archive.
fn saved(directory: &Path) -> (Holding, Vec<u8>) {
    let mut courier = Sent::out("save", directory);
    let Report::Holds(holding) = courier.report() else {
        panic!("it holds nothing")
    };
    Order::Send.write(&mut courier.stream).unwrap();
    let mut archive = Vec::new();
    FrameReader::new(&courier.stream)
        .read_to_end(&mut archive)
        .unwrap();
    assert!(courier.end());
    (holding, archive)
}

/// What comes of an archive that is sent into a directory.
fn restored(directory: &Path, archive: &[u8], limit: u64, is_whole: bool) -> Report {
    let mut courier = Sent::out("restore", directory);
    let first = courier.report();
    if !matches!(first, Report::Empty(_)) {
        assert!(courier.end());
        return first;
    }
    Order::Restore { limit }.write(&mut courier.stream).unwrap();
    let mut frames = FrameWriter::new(&courier.stream);
    frames.write_all(archive).unwrap();
    if is_whole {
        frames.end().unwrap();
    } else {
        drop(frames);
        write_text(&mut &courier.stream, "the archive is damaged").unwrap();
    }
    let report = courier.report();
    let is_restored = matches!(report, Report::Restored(..));
    assert_eq!(courier.end(), is_restored, "{report:?}");
    report
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A cache with one of each.
fn cache() -> TempDir {
    let cache = tempfile::tempdir().unwrap();
    let at = |name: &str| cache.path().join(name);
    fs::create_dir(at("a")).unwrap();
    fs::write(at("a/file"), "text").unwrap();
    fs::hard_link(at("a/file"), at("same")).unwrap();
    symlink("a/file", at("link")).unwrap();
    for name in ["a", "same"] {
        let set = rustix::fs::setxattr(at(name), "user.of", b"x\ny", XattrFlags::empty());
        // A file system without attributes has none to keep.
        assert!(set.is_ok() || set == Err(rustix::io::Errno::OPNOTSUPP));
    }
    cache
}

#[test]
fn what_was_saved_and_restored_has_the_same_fingerprint_attributes_included() {
    let (cache, place) = (cache(), tempfile::tempdir().unwrap());
    let (holding, archive) = saved(cache.path());

    let report = restored(place.path(), &archive, holding.stream, true);
    let (again, _) = saved(place.path());

    let identity = again.identity;
    assert_eq!(report, Report::Restored(holding.amount, identity));
    assert_ne!(identity, holding.identity);
    assert_eq!(
        Holding {
            identity,
            ..holding.clone()
        },
        again
    );
    assert_eq!((holding.amount.entries, holding.amount.bytes), (5, 4));
    let inode = |name: &str| fs::metadata(place.path().join(name)).unwrap().ino();
    assert_eq!(inode("same"), inode("a/file"));
    assert_eq!(
        restored(place.path(), &archive, holding.stream, true),
        Report::Occupied(identity)
    );
}

#[test]
fn what_is_not_said_to_be_whole_or_is_larger_than_it_may_be_leaves_nothing() {
    let (cache, place) = (cache(), tempfile::tempdir().unwrap());
    let (holding, archive) = saved(cache.path());

    for (archive, limit, is_whole) in [
        (&archive[..], holding.stream, false),
        (&archive[..], 1000, true),
        (&archive[..archive.len() - 5], holding.stream, true),
        (b"no archive", holding.stream, true),
        (b"", holding.stream, true),
    ] {
        let report = restored(place.path(), archive, limit, is_whole);
        assert!(matches!(report, Report::Failed(_)), "{report:?}");
        assert_eq!(names(place.path()), Vec::<String>::new(), "{report:?}");
    }
}

#[test]
fn a_restore_that_was_killed_is_begun_anew() {
    let (cache, place) = (cache(), tempfile::tempdir().unwrap());
    let (holding, archive) = saved(cache.path());
    let mut courier = Sent::out("restore", place.path());
    assert!(matches!(courier.report(), Report::Empty(_)));
    Order::Restore {
        limit: holding.stream,
    }
    .write(&mut courier.stream)
    .unwrap();
    while names(place.path()).is_empty() {
        std::thread::yield_now();
    }
    courier.child.kill().unwrap();
    courier.child.wait().unwrap();
    assert_eq!(names(place.path()), [".restoring"]);
    let partial = fs::metadata(place.path().join(".restoring")).unwrap();
    assert_eq!(partial.mode() & 0o7777, 0o700);

    let report = restored(place.path(), &archive, holding.stream, true);

    assert!(matches!(report, Report::Restored(amount, _) if amount == holding.amount));
    assert_eq!(names(place.path()), ["a", "link", "same"]);
}

/// An archive of one entry after another, each as it is written.
fn archive(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, kind, link) in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(0);
        header.set_cksum();
        tar.append(&header, std::io::empty()).unwrap();
    }
    zstd::encode_all(tar.into_inner().unwrap().as_slice(), 1).unwrap()
}

#[test]
fn a_hostile_archive_leaves_the_cache_no_way_and_nothing_in_it() {
    let top = tempfile::tempdir().unwrap();
    let cache = top.path().join("cache");
    fs::create_dir(&cache).unwrap();
    let outside = top.path().join("outside");
    let absolute = outside.to_str().unwrap();

    for entries in [
        &[("../outside", EntryType::Regular, "")][..],
        &[(absolute, EntryType::Regular, "")],
        &[
            ("way", EntryType::Symlink, ".."),
            ("way/outside", EntryType::Regular, ""),
        ],
        &[
            ("way", EntryType::Symlink, absolute),
            ("way", EntryType::Regular, ""),
            ("way/x", EntryType::Regular, ""),
        ],
        &[("way", EntryType::Link, "../cache")],
        &[("x", EntryType::new(b'7' + 20), "")],
    ] {
        let report = restored(&cache, &archive(entries), 1 << 20, true);
        assert!(
            matches!(report, Report::Failed(_)),
            "{entries:?} {report:?}"
        );
        assert_eq!(names(&cache), Vec::<String>::new(), "{entries:?}");
        assert_eq!(names(top.path()), ["cache"], "{entries:?}");
    }
}
