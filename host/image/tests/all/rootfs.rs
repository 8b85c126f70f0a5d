//! Root filesystems: everything of an entry is kept, and no entry reaches anything outside of the directory.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use crate::fixture::{Tar, chain, header, run};
use oci_image_boundary::handle::Directory;
use oci_image_boundary::outside::shown;
use oci_image_image::rootfs::error::RootfsError;
use oci_image_image::rootfs::{Lost, Rootfs, Summary};
use tar::EntryType;
use tempfile::{TempDir, tempdir};

/// A directory to unpack into, with something outside of it that must not change.
struct Yard(TempDir);

impl Yard {
    fn new() -> Self {
        let yard = Self(tempdir().unwrap());
        fs::create_dir_all(yard.0.path().join("outside/directory")).unwrap();
        fs::create_dir(yard.0.path().join("image")).unwrap();
        fs::write(yard.0.path().join("outside/canary"), "alive").unwrap();
        yard
    }

    fn outside(&self) -> PathBuf {
        self.0.path().join("outside")
    }

    fn image(&self) -> PathBuf {
        self.0.path().join("image")
    }

    fn rootfs(&self) -> PathBuf {
        self.image().join("rootfs")
    }

    fn unpacked(&self, stream: &[u8]) -> Result<Rootfs, RootfsError> {
        let output = Directory::open(self.image()).unwrap();
        Rootfs::unpack(stream, &output, "rootfs".as_ref())
    }

    fn unpack(&self, stream: &[u8]) -> Result<Summary, RootfsError> {
        self.unpacked(stream)?.commit()
    }

    /// The error of a stream, with `ROOTFS` for the path.
    fn refusal(&self, stream: &[u8]) -> String {
        let error = self.unpack(stream).unwrap_err();
        chain(&error).replace(self.rootfs().to_str().unwrap(), "ROOTFS")
    }

    fn assert_untouched_outside(&self) {
        assert_eq!(names(&self.outside()), ["canary", "directory"]);
        assert_eq!(fs::read(self.outside().join("canary")).unwrap(), b"alive");
        assert_eq!(self.outside().join("canary").metadata().unwrap().nlink(), 1);
        assert!(names(&self.outside().join("directory")).is_empty());
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn hostile_layers_are_refused_and_leave_nothing() {
    let big = "x".repeat(300);
    let deep = format!("{}d", "d/".repeat(256));
    let pax = |path: &[u8]| {
        Tar::new()
            .records(&[("path", path)])
            .file("short", b"!")
            .end()
    };
    let cases = [
        (
            pax(b"a\0b"),
            "entry `a\\u{0}b` is not a path inside of `ROOTFS` that is at most 256 directories deep and 4095 bytes long",
        ),
        (
            pax(deep.as_bytes()),
            &format!(
                "entry `{}` is not a path inside of `ROOTFS` that is at most 256 directories deep and 4095 bytes long",
                shown(&deep)
            ),
        ),
        (
            pax(big.as_bytes()),
            &format!("cannot create `ROOTFS/{big}`: File name too long (os error 36)"),
        ),
        (
            Tar::new().symlink("l", "l").file("l/f", b"").end(),
            "entry `l/f` is not a path inside of `ROOTFS` that is at most 256 directories deep and 4095 bytes long",
        ),
        (
            Tar::new().directory("d/").file("d/.wh..", b"").end(),
            "entry `d/.wh..` of `ROOTFS` has an invalid whiteout name",
        ),
        (
            Tar::new()
                .symlink("out", "/etc")
                .hard_link("passwd", "out/passwd")
                .end(),
            "cannot link `ROOTFS/passwd` to `ROOTFS/etc/passwd`: No such file or directory (os error 2)",
        ),
        (
            Tar::new().file("f", b"").file("f/g", b"").end(),
            "`ROOTFS/f` cannot be entered: it is not a directory",
        ),
        (
            Tar::new().hard_link("a", "../../outside/canary").end(),
            "cannot link `ROOTFS/a` to `ROOTFS/outside/canary`: No such file or directory (os error 2)",
        ),
        (
            Tar::new().hard_link("a", "/etc/passwd").end(),
            "cannot link `ROOTFS/a` to `ROOTFS/etc/passwd`: No such file or directory (os error 2)",
        ),
        (
            Tar::new().hard_link("a", ".").end(),
            "hard link `ROOTFS/a` leads to `.`, which is not a path inside",
        ),
        (
            Tar::new().hard_link("a", "b").end(),
            "cannot link `ROOTFS/a` to `ROOTFS/b`: No such file or directory (os error 2)",
        ),
        (
            Tar::new().file("a", b"").hard_link("a", "a").end(),
            "cannot link `ROOTFS/a` to `ROOTFS/a`: No such file or directory (os error 2)",
        ),
        (
            Tar::new().directory("d/").hard_link("a", "d").end(),
            "cannot link `ROOTFS/a` to `ROOTFS/d`: Operation not permitted (os error 1)",
        ),
        (
            Tar::new()
                .entry(&header(b"s", EntryType::GNUSparse, 0), b"")
                .end(),
            "`ROOTFS/s` is an entry of the unknown kind `S`",
        ),
        (
            Tar::new()
                .records(&[("uid", b"4294967295")])
                .file("f", b"")
                .end(),
            "the tar stream for `ROOTFS` is broken: entry `f` has an invalid uid",
        ),
        (
            Tar::new()
                .entry(&header(b"a", EntryType::Regular, 2000), b"1")
                .cut(),
            "the tar stream for `ROOTFS` is broken: ends within an entry at byte 1024",
        ),
        (
            vec![1; 600],
            "the tar stream for `ROOTFS` is broken: no tar header at byte 0",
        ),
    ];
    for (stream, message) in cases {
        let yard = Yard::new();

        assert_eq!(yard.refusal(&stream), message);
        yard.assert_untouched_outside();
        assert_eq!(names(&yard.image()), [""; 0], "{message}");
    }
}

#[test]
fn attributes_of_directories_are_kept_in_memory_up_to_a_limit() {
    let large = vec![b'x'; 1_000_000];
    let mut tar = Tar::new();
    for number in 0..70 {
        tar = tar
            .records(&[("SCHILY.xattr.user.large", &large)])
            .directory(&format!("{number}/"));
    }
    let yard = Yard::new();

    assert_eq!(
        yard.refusal(&tar.end()),
        "the extended attributes of directories up to `ROOTFS/67` hold more than 67108864 bytes together"
    );
    assert_eq!(names(&yard.image()), [""; 0]);
}

#[test]
fn hostile_paths_stay_inside() {
    let yard = Yard::new();
    let outside = yard.outside().display().to_string();
    let layer = Tar::new()
        .file("/absolute", b"1")
        .file("../../outside/canary", b"2")
        .file("a/../../b", b"3")
        .file(".", b"no root")
        .symlink("./", "/")
        .symlink("up", "../../outside")
        .file("up/canary", b"4")
        .symlink("down", &outside)
        .directory("down/new/")
        .symlink("file", "../../outside/canary")
        .file("file", b"5")
        .directory("full/")
        .file("full/file", b"")
        .symlink("full", "/absolute-directory")
        .file("full/inside", b"6")
        .hard_link("second", "up/canary")
        .end();

    yard.unpack(&layer).unwrap();

    yard.assert_untouched_outside();
    let read = |name: &str| fs::read_to_string(yard.rootfs().join(name)).unwrap();
    let inside = format!("{}/new", outside.trim_start_matches('/'));
    assert!(yard.rootfs().join(inside).is_dir());
    let files = ["absolute", "outside/canary", "b", "file", "second"].map(read);
    assert_eq!(files, ["1", "4", "3", "5", "4"]);
    assert_eq!(read("absolute-directory/inside"), "6");
    let links = ["up", "down", "full"].map(|name| yard.rootfs().join(name).is_symlink());
    assert_eq!(links, [true; 3]);
}

#[test]
fn the_last_of_several_entries_counts_and_nothing_is_written_through_the_first() {
    let yard = Yard::new();
    let stream = Tar::new()
        .symlink("link-then-file", "../../outside/canary")
        .file("link-then-file", b"inside")
        .symlink("link-then-directory", "../../outside/directory")
        .directory("link-then-directory/")
        .file("link-then-directory/file", b"inside")
        .directory("directory-then-link/")
        .symlink("directory-then-link", "../../outside/directory")
        .directory("directory-then-file/")
        .file("directory-then-file", b"inside")
        .file("file-then-directory", b"")
        .directory("file-then-directory/")
        .file("kept", b"kept")
        .hard_link("second-name", "kept")
        .file("second-name", b"new")
        .symlink("linked", "../../outside/canary")
        .hard_link("second-link", "linked")
        .directory("twice/")
        .file("twice/file", b"1")
        .directory("twice/")
        .entry(&header(b"device", EntryType::Char, 0), b"")
        .entry(&header(b"disk", EntryType::Block, 0), b"")
        .entry(&header(b"pipe", EntryType::Fifo, 0), b"")
        .file("implied/by/file", b"")
        .end();

    let summary = yard.unpack(&stream).unwrap();

    yard.assert_untouched_outside();
    let at = |name: &str| yard.rootfs().join(name);
    let metadata = |name: &str| -> Metadata { at(name).symlink_metadata().unwrap() };
    assert_eq!(fs::read(at("link-then-file")).unwrap(), b"inside");
    assert_eq!(names(&at("link-then-directory")), ["file"]);
    assert!(metadata("link-then-directory").is_dir());
    assert!(metadata("directory-then-link").is_symlink());
    assert!(metadata("directory-then-file").is_file());
    assert!(metadata("file-then-directory").is_dir());
    assert_eq!(fs::read(at("kept")).unwrap(), b"kept");
    assert_eq!(fs::read(at("second-name")).unwrap(), b"new");
    assert!(metadata("second-link").is_symlink());
    assert_eq!(metadata("second-link").ino(), metadata("linked").ino());
    assert_eq!(names(&at("twice")), ["file"]);
    assert!(metadata("pipe").file_type().is_fifo());
    assert!(!at("device").exists() && !at("disk").exists());
    assert_eq!(metadata("implied/by").mode() & 0o7777, 0o755);
    assert_eq!((summary.skipped_devices, summary.entries), (2, 21));
}

/// A header with everything set.
fn owned(path: &str, kind: EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = header(path.as_bytes(), kind, size);
    header.set_mode(mode);
    header.set_uid(1234);
    header.set_gid(5678);
    header.set_cksum();
    header
}

/// Version 2 of a file capability: `cap_net_raw+ep`. The third byte of the permitted set is a line break.
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x20\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A tree with everything that a tar archive can say of a file.
fn rich() -> Vec<u8> {
    Tar::new()
        .entry(&owned("./", EntryType::Directory, 0o751, 0), b"")
        .entry(&owned("bin/", EntryType::Directory, 0o2755, 0), b"")
        .records(&[
            ("mtime", b"1500000000.123456789"),
            ("SCHILY.xattr.security.capability", CAPABILITY),
        ])
        .entry(&owned("bin/ping", EntryType::Regular, 0o4755, 4), b"ping")
        .hard_link("bin/ping6", "bin/ping")
        .records(&[
            ("SCHILY.xattr.user.note", b"1\n2"),
            ("SCHILY.xattr.trusted.overlay.opaque", b"y"),
        ])
        .entry(&owned("bin/su", EntryType::Regular, 0o6711, 2), b"su")
        .records(&[("mtime", b"-1.5")])
        .entry(&owned("locked/", EntryType::Directory, 0o555, 0), b"")
        .entry(&owned("locked/file", EntryType::Regular, 0o400, 0), b"")
        .entry(&owned("pipe", EntryType::Fifo, 0o620, 0), b"")
        .records(&[("mtime", b"1400000000.5"), ("linkpath", b"bin/ping")])
        .entry(&owned("link", EntryType::Symlink, 0o777, 0), b"")
        .entry(&owned("tmp/", EntryType::Directory, 0o1777, 0), b"")
        .end()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn owners_modes_times_and_attributes_are_kept_as_root() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    let yard = Yard::new();

    let summary = yard.unpack(&rich()).unwrap();

    let at = |name: &str| yard.rootfs().join(name);
    let mut tree = BTreeMap::new();
    for name in [
        "",
        "bin",
        "bin/ping",
        "bin/ping6",
        "bin/su",
        "link",
        "locked",
        "locked/file",
        "pipe",
        "tmp",
    ] {
        let metadata = at(name).symlink_metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (1234, 5678), "{name}");
        let links = if metadata.is_dir() {
            0
        } else {
            metadata.nlink()
        };
        tree.insert(
            name,
            (
                metadata.mode() & 0o7777,
                metadata.mtime(),
                metadata.mtime_nsec(),
                links,
            ),
        );
    }
    let expected = BTreeMap::from([
        ("", (0o751, 1_600_000_000, 0, 0)),
        ("bin", (0o2755, 1_600_000_000, 0, 0)),
        ("bin/ping", (0o4755, 1_500_000_000, 123_456_789, 2)),
        ("bin/ping6", (0o4755, 1_500_000_000, 123_456_789, 2)),
        ("bin/su", (0o6711, 1_600_000_000, 0, 1)),
        ("link", (0o777, 1_400_000_000, 500_000_000, 1)),
        ("locked", (0o555, -2, 500_000_000, 0)),
        ("locked/file", (0o400, 1_600_000_000, 0, 1)),
        ("pipe", (0o620, 1_600_000_000, 0, 1)),
        ("tmp", (0o1777, 1_600_000_000, 0, 0)),
    ]);
    assert_eq!(tree, expected);
    assert_eq!(
        xattr(&at("bin/ping"), "security.capability").as_deref(),
        Some(CAPABILITY)
    );
    assert_eq!(
        xattr(&at("bin/su"), "user.note").as_deref(),
        Some(&b"1\n2"[..])
    );
    assert_eq!(xattr(&at("bin/su"), "trusted.overlay.opaque"), None);
    assert_eq!(fs::read_link(at("link")).unwrap(), Path::new("bin/ping"));
    // The one attribute that steers overlayfs is what was lost.
    let lost = Lost {
        owners: 0,
        set_ids: 0,
        xattrs: 1,
    };
    assert_eq!(
        summary,
        Summary {
            entries: 10,
            bytes: 6,
            skipped_devices: 0,
            lost
        }
    );
}

fn xattr(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(4096);
    rustix::fs::lgetxattr(path, name, rustix::buffer::spare_capacity(&mut value)).ok()?;
    Some(value)
}

/// Runs `act` on a thread that is another user; only that thread changes.
fn as_another_user<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    let act = || {
        let nobody = rustix::process::Uid::from_raw(65_534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        act()
    };
    thread::scope(|scope| scope.spawn(act).join().unwrap())
}

#[test]
fn another_user_is_told_what_was_lost_and_setuid_goes_with_the_owner() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    let yard = Yard::new();
    fs::set_permissions(yard.0.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(
        yard.0.path().join("image"),
        fs::Permissions::from_mode(0o777),
    )
    .unwrap();

    let summary = as_another_user(|| yard.unpack(&rich())).unwrap();
    let mode = |name: &str| yard.rootfs().join(name).metadata().unwrap().mode() & 0o7777;
    let modes = [
        mode("bin"),
        mode("bin/ping"),
        mode("bin/su"),
        mode("locked"),
        mode("locked/file"),
        mode("tmp"),
    ];

    assert_eq!(
        summary.lost,
        Lost {
            owners: 9,
            set_ids: 3,
            xattrs: 2
        }
    );
    assert_eq!(modes, [0o755, 0o755, 0o711, 0o555, 0o400, 0o1777]);
    assert_eq!(
        yard.rootfs().join("bin/ping").metadata().unwrap().uid(),
        65_534
    );
    // A second build replaces the tree, though it has directories that its owner may not write to.
    as_another_user(|| yard.unpack(&Tar::new().file("new", b"").end())).unwrap();
    assert_eq!(names(&yard.rootfs()), ["new"]);
    assert_eq!(names(&yard.image()), ["rootfs"]);
}

#[test]
fn a_tree_that_is_not_committed_goes_without_a_trace() {
    let yard = Yard::new();
    fs::set_permissions(yard.0.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(
        yard.0.path().join("image"),
        fs::Permissions::from_mode(0o777),
    )
    .unwrap();
    let unpack = || {
        let rootfs = yard.unpacked(&rich()).unwrap();
        assert_eq!(rootfs.summary().entries, 10);
        let staged = names(&yard.image());
        drop(rootfs);
        staged
    };

    let staged = if rustix::process::geteuid().is_root() {
        as_another_user(unpack)
    } else {
        unpack()
    };

    assert!(
        staged.len() == 1 && staged[0].starts_with("rootfs.partial-"),
        "{staged:?}"
    );
    assert_eq!(names(&yard.image()), [""; 0]);
}

#[test]
fn whatever_stood_there_is_replaced_at_once_and_no_link_is_followed() {
    let stream = Tar::new().file("new", b"").end();
    for old in ["nothing", "empty", "tree", "file", "link"] {
        let yard = Yard::new();
        match old {
            "empty" => fs::create_dir(yard.rootfs()).unwrap(),
            "tree" => fs::create_dir_all(yard.rootfs().join("old/tree")).unwrap(),
            "file" => fs::write(yard.rootfs(), "old").unwrap(),
            "link" => symlink(yard.outside(), yard.rootfs()).unwrap(),
            _ => {}
        }

        yard.unpack(&stream).unwrap();

        assert!(yard.rootfs().symlink_metadata().unwrap().is_dir(), "{old}");
        assert_eq!(names(&yard.rootfs()), ["new"], "{old}");
        assert_eq!(
            yard.rootfs().metadata().unwrap().mode() & 0o7777,
            0o755,
            "{old}"
        );
        assert_eq!(names(&yard.image()), ["rootfs"], "{old}");
        yard.assert_untouched_outside();
    }
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    let disk = Disk::new();
    let target = disk.0.path().join("rootfs");
    let output = Directory::open(disk.0.path()).unwrap();
    let content = vec![1; 2 << 20];
    let stream = Tar::new()
        .file("small", b"1")
        .file("usr/big", &content)
        .end();

    let error = Rootfs::unpack(stream.as_slice(), &output, "rootfs".as_ref()).unwrap_err();

    let expected = format!(
        "cannot write `{}/usr/big`: No space left on device (os error 28)",
        target.display()
    );
    assert_eq!(chain(&error), expected);
    assert_eq!(names(disk.0.path()), [""; 0]);
}

/// A file system of one megabyte.
struct Disk(TempDir);

impl Disk {
    fn new() -> Self {
        let directory = tempdir().unwrap();
        run(
            "mount",
            &[
                "-t",
                "tmpfs",
                "-o",
                "size=1m",
                "tmpfs",
                directory.path().to_str().unwrap(),
            ],
        );
        Self(directory)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &[self.0.path().to_str().unwrap()]);
    }
}

#[test]
fn names_are_bytes() {
    let yard = Yard::new();
    let stream = Tar::new()
        .records(&[("path", b"\xff\n*")])
        .file("short", b"odd")
        .end();

    yard.unpack(&stream).unwrap();

    let name = std::ffi::OsStr::from_bytes(b"\xff\n*");
    assert_eq!(fs::read(yard.rootfs().join(name)).unwrap(), b"odd");
}
