//! The context as the daemon receives it: the same tree, sent by `buildctl` and by us, becomes the same layer.

use oci_image_tests::daemon;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use oci_image::buildkit::context::FileSyncError;
use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::solve::{Exporter, Solve, SolveError};
use oci_image_tests::daemon::{Context, Daemon, docker, program, solve};
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};

/// Every file of a tree is older than this, and every build younger: what a build dates by itself is dated so.
const EPOCH: i64 = 1_700_000_000;

/// A context that copies all of itself.
fn context(ignore: &[u8]) -> Context {
    let context = Context::with_dockerfile("FROM scratch\nCOPY . /copied/\n");
    fs::remove_file(context.path().join("busybox")).unwrap();
    if !ignore.is_empty() {
        fs::write(context.path().join(".dockerignore"), ignore).unwrap();
    }
    context
}

/// What is awkward in a tree, but for what a `.dockerignore` does.
fn awkward(root: &Path) {
    let bytes = |name: &[u8]| root.join(OsStr::from_bytes(name));
    fs::write(root.join("with space"), "space").unwrap();
    fs::write(bytes(b"with\nnewline"), "newline").unwrap();
    fs::create_dir(bytes(b"no text \xff\xfe")).unwrap();
    fs::write(bytes(b"no text \xff\xfe/\xc3"), "bytes").unwrap();
    fs::write(root.join("é"), "e").unwrap();
    fs::write(root.join("empty"), "").unwrap();
    File::create(root.join("sparse"))
        .unwrap()
        .set_len(5 << 20)
        .unwrap();
    fs::write(root.join("large"), vec![7; (3 << 20) + 11]).unwrap();

    drop(UnixListener::bind(root.join("socket")).unwrap());
    node(&root.join("fifo"), FileType::Fifo, 0);
    node(
        &root.join("null"),
        FileType::CharacterDevice,
        rustix::fs::makedev(1, 3),
    );
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink("/with space", root.join("absolute")).unwrap();
    symlink(OsStr::from_bytes(b"no text \xff\xfe"), bytes(b"link \xfe")).unwrap();
    symlink("../../../etc", root.join("out")).unwrap();
    fs::hard_link(root.join("with space"), root.join("zz hard link")).unwrap();

    fs::create_dir(root.join("many")).unwrap();
    for number in 0..5000 {
        fs::write(root.join(format!("many/{number}")), number.to_string()).unwrap();
    }
    for (name, mode) in [
        ("setuid", 0o4755),
        ("setgid", 0o2711),
        ("none", 0o000),
        ("all", 0o777),
    ] {
        fs::write(root.join(name), name).unwrap();
        fs::set_permissions(root.join(name), Permissions::from_mode(mode)).unwrap();
    }
    fs::create_dir(root.join("sticky")).unwrap();
    fs::set_permissions(root.join("sticky"), Permissions::from_mode(0o1777)).unwrap();
    rustix::fs::setxattr(
        root.join("all"),
        "user.note",
        b"\0\xff",
        XattrFlags::empty(),
    )
    .unwrap();
    rustix::fs::setxattr(
        root.join("sticky"),
        "user.note",
        b"directory",
        XattrFlags::empty(),
    )
    .unwrap();
}

fn node(path: &Path, file_type: FileType, device: u64) {
    rustix::fs::mknodat(CWD, path, file_type, Mode::from_raw_mode(0o640), device).unwrap();
}

/// Dates everything in a tree, each entry differently and before [`EPOCH`].
fn date(directory: &Path) {
    for (number, entry) in fs::read_dir(directory).unwrap().enumerate() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            date(&path);
        }
        let time = Timespec {
            tv_sec: EPOCH - 100_000 + i64::try_from(number).unwrap(),
            tv_nsec: 123_456_789,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        rustix::fs::utimensat(CWD, &path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }
}

/// The archive that `buildctl` makes of a context.
fn archive_by_buildctl(daemon: &Daemon, context: &Path, to: &Path) {
    let output = Command::new(program("buildctl"))
        .arg("--addr")
        .arg(format!("unix://{}", daemon.socket().display()))
        .args([
            "build",
            "--frontend",
            "dockerfile.v0",
            "--progress",
            "plain",
        ])
        .arg("--opt")
        .arg(format!("build-arg:SOURCE_DATE_EPOCH={EPOCH}"))
        .arg("--local")
        .arg(format!("context={}", context.display()))
        .arg("--local")
        .arg(format!("dockerfile={}", context.display()))
        .arg("--output")
        .arg(format!(
            "type=docker,rewrite-timestamp=true,dest={}",
            to.display()
        ))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The archive that we make of a context.
async fn archive_by_us(daemon: &Daemon, context: &Context, to: &Path) {
    let mut exporter = docker(to);
    if let Exporter::Docker { attributes, .. } = &mut exporter {
        attributes.insert("rewrite-timestamp".into(), "true".into());
    }
    let mut asked: Solve = context.solve();
    asked.exporters = vec![exporter];
    let epoch = ("build-arg:SOURCE_DATE_EPOCH".into(), EPOCH.to_string());
    asked.frontend_attributes.extend([epoch]);
    solve(daemon, asked).await.result.unwrap();
}

/// The diff IDs of an archive's layers, and what the layers hold: for each path what `tar` says of it.
fn layers(archive: &Path) -> (Vec<String>, BTreeMap<Vec<u8>, String>) {
    let files = daemon::files(archive);
    let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let config: serde_json::Value =
        serde_json::from_slice(&files[manifest[0]["Config"].as_str().unwrap()]).unwrap();
    let ids = config["rootfs"]["diff_ids"].as_array().unwrap();
    let ids = ids
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    let mut entries = BTreeMap::new();
    for layer in manifest[0]["Layers"].as_array().unwrap() {
        let bytes = &files[layer.as_str().unwrap()];
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let extensions = entry.pax_extensions().unwrap().map(|extensions| {
                let extensions = extensions.map(|extension| extension.unwrap());
                extensions
                    .filter(|extension| extension.key_bytes().starts_with(b"SCHILY"))
                    .count()
            });
            let header = entry.header();
            let line = format!(
                "{:?} {:o} {}:{} {} {} {:?} {:?}",
                header.entry_type(),
                header.mode().unwrap(),
                header.uid().unwrap(),
                header.gid().unwrap(),
                entry.size(),
                header.mtime().unwrap(),
                entry
                    .link_name_bytes()
                    .map(|name| String::from_utf8_lossy(&name).into_owned()),
                extensions,
            );
            entries.insert(entry.path_bytes().into_owned(), line);
        }
    }
    (ids, entries)
}

/// Builds a context with both, each on a daemon that has never seen it, and compares. Gives the layer's entries.
async fn compare(context: &Context) -> BTreeMap<Vec<u8>, String> {
    date(context.path());
    let out = tempfile::tempdir().unwrap();
    let (theirs, ours): (PathBuf, PathBuf) = (out.path().join("theirs"), out.path().join("ours"));
    archive_by_buildctl(&Daemon::start("").await, context.path(), &theirs);
    archive_by_us(&Daemon::start("").await, context, &ours).await;

    let (their_ids, their_entries) = layers(&theirs);
    let (our_ids, our_entries) = layers(&ours);
    assert_eq!(our_entries, their_entries);
    assert_eq!(our_ids, their_ids);
    our_entries
}

#[tokio::test(flavor = "multi_thread")]
async fn an_awkward_tree_becomes_the_layer_that_buildctl_makes_of_it() {
    let context = context(b"");
    awkward(context.path());

    let entries = compare(&context).await;

    // It is the tree, and not twice nothing.
    assert_eq!(entries.len(), 5024);
    assert!(entries.contains_key(&b"copied/no text \xff\xfe/\xc3"[..]));
    assert!(entries[&b"copied/zz hard link"[..]].starts_with("Link "));
    assert!(entries[&b"copied/socket"[..]].starts_with("Regular "));
    assert!(entries[&b"copied/null"[..]].starts_with("Char "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerignore_leaves_out_what_it_leaves_out_for_buildctl() {
    let ignore = "\u{feff}# a comment\r\n\r\n  **/*.log  \r\n/rooted\r\nsecret\r\n!secret/but/this\r\n\
                  **/node_modules\r\n!**/node_modules/keep.md\r\né*\r\na?c\r\n[x-z]1\r\nsub/../cleaned/\r\nDockerfile*\r\n";
    let many: String = (0..500)
        .map(|number| format!("never/{number}/*.tmp\r\n"))
        .collect();
    let context = context(format!("{ignore}{many}").as_bytes());
    let paths = [
        "a.log",
        "deep/er/b.log",
        "deep/er/log",
        "rooted/x",
        "not/rooted/x",
        "secret/no",
        "secret/but/no",
        "secret/but/this",
        "app/node_modules/x/y",
        "app/node_modules/keep.md",
        "app/x",
        "été",
        "abc",
        "abbc",
        "y1",
        "w1",
        "cleaned/x",
        "sub/x",
        "# a comment",
    ];
    for path in paths {
        let path = context.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }

    let entries = compare(&context).await;

    let files = entries
        .iter()
        .filter(|(_, line)| line.starts_with("Regular"));
    let names: Vec<_> = files
        .map(|(path, _)| String::from_utf8_lossy(path).into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "copied/# a comment",
            "copied/.dockerignore",
            "copied/abbc",
            "copied/app/node_modules/keep.md",
            "copied/app/x",
            "copied/deep/er/log",
            "copied/not/rooted/x",
            "copied/secret/but/this",
            "copied/sub/x",
            "copied/w1",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sync_sends_what_changed_and_builds_with_it() {
    let daemon = Daemon::start("").await;
    let context = context(b"");
    let out = tempfile::tempdir().unwrap();
    let build = async |name: &str| {
        let archive = out.path().join(name);
        archive_by_us(&daemon, &context, &archive).await;
        layers(&archive).1
    };
    fs::write(context.path().join("kept"), "kept").unwrap();
    fs::write(context.path().join("changed"), "1").unwrap();
    fs::write(context.path().join("removed"), "1").unwrap();
    fs::hard_link(context.path().join("kept"), context.path().join("link")).unwrap();
    let first = build("first").await;

    fs::write(context.path().join("changed"), "22").unwrap();
    fs::remove_file(context.path().join("removed")).unwrap();
    let second = build("second").await;

    assert!(
        first.contains_key(&b"copied/removed"[..]) && !second.contains_key(&b"copied/removed"[..])
    );
    assert!(second[&b"copied/changed"[..]].contains(" 2 "), "{second:?}");
    assert!(second[&b"copied/link"[..]].starts_with("Link "));
}

#[test]
fn a_file_that_cannot_be_read_fails_the_build_with_its_path() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let daemon = runtime.block_on(Daemon::start(""));
    let context = context(b"");
    let locked = context.path().join("locked");
    fs::write(&locked, "x").unwrap();
    fs::set_permissions(&locked, Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(context.path(), Permissions::from_mode(0o755)).unwrap();

    let error = unprivileged(|| {
        // The threads that read files belong to the runtime of whoever solves, and are as unprivileged.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(solve(&daemon, context.solve()))
            .result
            .unwrap_err()
    });

    let SolveError::Failed {
        failure,
        cause: Some(cause),
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    let expected = format!(
        "cannot open `{}`: Permission denied (os error 13)",
        locked.display()
    );
    assert!(failure.message.ends_with(&expected), "{}", failure.message);
    let Fault::Local {
        name,
        source: FileSyncError::Open { path, source },
    } = &*cause
    else {
        panic!("{cause:?}")
    };
    assert_eq!((name.as_str(), path), ("context", &locked));
    assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
}

/// Runs as a user who owns nothing, in a thread of its own.
fn unprivileged<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let run = || {
            let nobody = rustix::process::Uid::from_raw(65534);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            run()
        };
        scope.spawn(run).join().unwrap()
    })
}
