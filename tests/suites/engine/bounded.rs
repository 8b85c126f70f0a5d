//! Bases, caches and daemon roots that somebody else has prepared: what they may cost, and what they may not reach.
//!
//! The classes of the last year have their numbers: each was a fault of a program that does what this one does.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use oci_image::boundary::handle::Directory;
use oci_image::image::rootfs::Rootfs;
use oci_image_tests::archive::Archive;
use oci_image_tests::attacks;
use oci_image_tests::base::{Layer, write_image};
use oci_image_tests::blobs::{Blobs, name};
use oci_image_tests::memory::Watch;
use oci_image_tests::workplace::{Run, Workplace};
use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::{Value, json};
use tar::EntryType;

/// What the program may take at its peak, in bytes; a build takes 37 MiB.
const PEAK: u64 = 200 << 20;

/// An ordinary user that every Debian has.
const NOBODY: u32 = 65534;

/// A build, and the most memory that the program took.
fn build_measured(place: &Workplace, object: &Value) -> (Run, u64) {
    let mut child = place.start_build(object);
    let watch = Watch::over(child.id());
    let mut stderr = String::new();
    let mut pipe = child.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    let peak = watch.peak();
    let run = Run {
        status: child.wait().unwrap().code().unwrap_or(-1),
        stdout: String::new(),
        stderr,
        response: None,
    };
    (run, peak)
}

/// A shape of indexes, and what is said of it as a base and as a cache; nothing where it is taken.
struct Shape {
    blobs: Blobs,
    base: Option<String>,
    cache: Option<String>,
}

/// Indexes above one another, each of which names the next so many times.
fn tower(levels: usize, times: usize) -> Shape {
    let mut blobs = Blobs::new();
    let mut indexes = vec![blobs.image(&Layer::new().file("base", "1"), 1)];
    for level in 0..levels {
        let next = blobs.index(&vec![indexes[level].clone(); times]);
        indexes.push(next);
    }
    let (base, cache) = (name(&indexes[17]), name(&indexes[levels - 16]));
    Shape {
        blobs: blobs.root(&indexes[levels..]),
        base: Some(format!(
            "`{base}` of `base` is an index above 16 others, one below the other"
        )),
        cache: Some(format!(
            "{cache}` leads to more than 16 documents, one below the other"
        )),
    }
}

/// An index that names itself, as far as it can: by a digest that it does not have.
fn of_itself() -> Shape {
    let mut blobs = Blobs::new();
    let mut top = blobs.index(&[]);
    let digest = top["digest"].clone();
    // As long as it says it is, so that its digest alone is wrong.
    let mut text = String::new();
    for _ in 0..3 {
        top["size"] = json!(text.len());
        text = json!({"schemaVersion": 2, "manifests": [top]}).to_string();
    }
    blobs.replace(&top, text.as_bytes());
    Shape {
        base: Some(format!("`{}` of `base` has another content", name(&top))),
        cache: Some(format!("blob {} in", digest.as_str().unwrap())),
        blobs: blobs.root(&[top]),
    }
}

/// Four indexes of 20,000 manifests, none of which is there but one.
fn of_80_000() -> Shape {
    let mut blobs = Blobs::new();
    let image = blobs.image(&Layer::new(), 1);
    let mut wide = |from: usize| {
        let mut named: Vec<_> = (from..from + 20_000).map(Blobs::absent).collect();
        named.push(image.clone());
        blobs.index(&named)
    };
    let parts = [0, 20_000, 40_000, 60_000].map(&mut wide);
    let top = blobs.index(&parts);
    Shape {
        blobs: blobs.root(&[top]),
        base: Some(format!(
            "`{}` of `base` goes beyond the 65536 manifests, configs and layers that an image may name",
            name(&parts[0])
        )),
        cache: Some("is missing or damaged".into()),
    }
}

fn of_50_000_in_one() -> Shape {
    let mut blobs = Blobs::new();
    let image = blobs.image(&Layer::new(), 1);
    let top = blobs.index(&vec![image; 50_000]);
    let (name, size) = (name(&top), top["size"].clone());
    Shape {
        blobs: blobs.root(&[top]),
        base: Some(format!(
            "`{name}` of `base` holds {size} bytes, more than the 4194304 that a document may have"
        )),
        cache: Some(format!(
            "{name}` holds {size} bytes, more than the 4194304 that an index or a manifest may have"
        )),
    }
}

fn of_1_025_layers() -> Shape {
    let mut blobs = Blobs::new();
    let image = blobs.image(&Layer::new(), 1025);
    let refused = format!(
        "`{}` of `base` is an image of 1025 layers, more than 1024",
        name(&image)
    );
    Shape {
        blobs: blobs.root(&[image]),
        base: Some(refused),
        cache: None,
    }
}

/// An index of as many caches as no build leaves; as a base they are one image with many names.
fn of_many_caches() -> Shape {
    let mut blobs = Blobs::new();
    let image = blobs.image(&Layer::new().file("base", "1"), 1);
    Shape {
        blobs: blobs.root(&vec![image; 1025]),
        base: None,
        cache: Some("index.json` leads to more than 1024 images".into()),
    }
}

/// What the program says of a base: that it takes it, or why not.
fn as_base(shape: &Shape, write: impl Fn(&Blobs, &Path)) {
    let place = Workplace::new();
    place.dockerfile("ARG BASE\nFROM ${BASE}\n");
    write(&shape.blobs, &place.path("base"));

    let object = json!({"context": "context", "output": "image", "image_args": ["BASE=base"]});
    let (run, peak) = build_measured(&place, &object);

    assert!(peak < PEAK, "{peak} bytes: {}", run.stderr);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    match &shape.base {
        Some(message) => {
            let run = run.expect(1);
            let said = run
                .stderr
                .replace(place.path("base").to_str().unwrap(), "base");
            assert!(said.contains(message), "{message}: {said}");
        }
        // What the daemon thinks of it is the daemon's.
        None => assert!(
            matches!(run.status, 0 | 1),
            "{}: {}",
            run.status,
            run.stderr
        ),
    }
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

fn as_cache(shape: &Shape) {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY Dockerfile /\n");
    shape.blobs.write_directory(&place.path("cache"));

    let object = json!({"context": "context", "output": "image", "cache": true});
    let (run, peak) = build_measured(&place, &object);

    assert!(peak < PEAK, "{peak} bytes: {}", run.stderr);
    let run = run.expect(0);
    let ignored = "warning: the build's cache is ignored: ";
    let said = run.stderr.lines().find(|line| line.starts_with(ignored));
    match &shape.cache {
        Some(message) => assert!(
            said.is_some_and(|line| line.contains(message)),
            "{}",
            run.stderr
        ),
        None => assert_eq!(said, None),
    }
    oci_image_tests::layout::assert_sound(&place.path("cache"));
}

#[test]
fn indexes_that_lead_on_and_on_come_to_an_end() {
    let shapes = [
        tower(5000, 1),
        tower(200, 2),
        of_itself(),
        of_80_000(),
        of_50_000_in_one(),
        of_1_025_layers(),
        of_many_caches(),
    ];
    let mut tried = 0;
    for shape in &shapes {
        as_base(shape, Blobs::write_archive);
        as_base(shape, Blobs::write_directory);
        as_cache(shape);
        tried += 3;
    }
    assert_eq!(tried, attacks::tried("indexes"));
}

/// PAX records of one entry, as they are.
fn extension(kind: EntryType, records: &str) -> Layer {
    let whole: String = records.lines().map(record).collect();
    Layer::new().entry(kind, "extension", whole, |_| ())
}

/// A record with its own length before it.
fn record(text: &str) -> String {
    let mut length = text.len() + 3;
    while format!("{length} {text}\n").len() != length {
        length += 1;
    }
    format!("{length} {text}\n")
}

/// An entry with that size in its header, whatever follows.
fn stated(kind: EntryType, path: &str, size: u64, content: &[u8]) -> Layer {
    Layer::new().entry(kind, path, content, |header| header.set_size(size))
}

/// Archives that two readers can take for two different ones.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn ambiguous() -> Vec<(&'static str, Vec<u8>)> {
    let smuggled = Layer::new().file("smuggled", "in").bytes();
    let (inner, size) = (&smuggled[..1024], "size=1024");
    let pax = |records: &str| extension(EntryType::XHeader, records);
    let global = |records: &str| extension(EntryType::XGlobalHeader, records);
    let long = |name: &str| Layer::new().entry(EntryType::GNULongName, "long", name, |_| ());
    let file = |path: &str| Layer::new().file(path, "x");
    let last = || file("last");
    let chain = |parts: &[Layer]| {
        parts.iter().fold(Layer::new().bytes(), |whole, part| {
            [&whole[..whole.len() - 1024], &part.bytes()].concat()
        })
    };
    let empty = |kind, path, size| stated(kind, path, size, inner);
    vec![
        // CVE-2025-62518: the header says nothing, the record says how much.
        (
            "record above an empty header",
            chain(&[pax(size), empty(EntryType::Regular, "a", 0), last()]),
        ),
        // CVE-2026-33055: the header says something, the record says something else.
        (
            "record above another size",
            chain(&[pax(size), empty(EntryType::Regular, "a", 512), last()]),
        ),
        (
            "record of nothing above a size",
            chain(&[pax("size=0"), empty(EntryType::Regular, "a", 1024), last()]),
        ),
        // GHSA-3cv2-h65g-fgmm: a record is of the file, not of the extension between.
        (
            "record above a long name",
            chain(&[
                pax(size),
                long("a\0"),
                empty(EntryType::Regular, "b", 0),
                last(),
            ]),
        ),
        (
            "record and long name",
            chain(&[pax("path=a"), long("b\0"), file("c"), last()]),
        ),
        (
            "long name and record",
            chain(&[long("b\0"), pax("path=a"), file("c"), last()]),
        ),
        (
            "record twice",
            chain(&[pax("path=a"), pax("path=b"), file("c"), last()]),
        ),
        (
            "size for all",
            chain(&[global(size), empty(EntryType::Regular, "a", 0), last()]),
        ),
        (
            "name for all",
            chain(&[global("path=a"), file("c"), last()]),
        ),
        (
            "comment for all",
            chain(&[global("comment=a"), file("c"), last()]),
        ),
        (
            "comment between",
            chain(&[pax("path=a"), global("comment=b"), file("c"), last()]),
        ),
        (
            "size of a directory",
            chain(&[empty(EntryType::Directory, "a/", 1024), last()]),
        ),
        (
            "size of a link",
            chain(&[empty(EntryType::Symlink, "a", 1024), last()]),
        ),
        (
            "size of a pipe",
            chain(&[empty(EntryType::Fifo, "a", 1024), last()]),
        ),
        (
            "sparse",
            chain(&[empty(EntryType::GNUSparse, "a", 1024), last()]),
        ),
        (
            "sparse by record",
            chain(&[
                pax("GNU.sparse.major=1\nGNU.sparse.minor=0\nGNU.sparse.name=b"),
                file("a"),
                last(),
            ]),
        ),
        (
            "signed size",
            chain(&[pax("size=+1024"), empty(EntryType::Regular, "a", 0), last()]),
        ),
        (
            "8 EiB",
            chain(&[
                pax("size=9223372036854775807"),
                empty(EntryType::Regular, "a", 0),
                last(),
            ]),
        ),
    ]
}

/// What GNU tar lists; nothing where it refuses.
fn seen_by_tar(archive: &Path) -> Option<BTreeSet<String>> {
    let listed = Command::new("tar")
        .arg("-tf")
        .arg(archive)
        .output()
        .unwrap();
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    listed.status.success().then(|| {
        (names.lines())
            .map(|name| name.trim_end_matches('/').to_owned())
            .collect()
    })
}

fn unpacked(stream: &[u8], directory: &Path) -> Result<BTreeSet<String>, String> {
    let target = directory.join("rootfs");
    let directory = Directory::open(directory).unwrap();
    Rootfs::unpack(stream, &directory, "rootfs".as_ref())
        .and_then(Rootfs::commit)
        .map_err(|error| error.to_string())?;
    let names = fs::read_dir(&target).unwrap();
    Ok(names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect())
}

#[test]
fn archives_are_what_gnu_tar_sees_or_are_refused() {
    let cases = ambiguous();
    let mut taken = Vec::new();
    for (name, bytes) in &cases {
        let directory = tempfile::tempdir().unwrap();
        let archive = directory.path().join("archive.tar");
        fs::write(&archive, bytes).unwrap();

        if let Ok(names) = unpacked(bytes, directory.path()) {
            assert_eq!(Some(names), seen_by_tar(&archive), "{name}");
            taken.push(*name);
        }
    }
    let understood = [
        "record above an empty header",
        "record above another size",
        "record of nothing above a size",
        "record above a long name",
        "comment for all",
    ];
    assert_eq!(taken, understood);
    assert_eq!(cases.len(), attacks::tried("archives") as usize);
}

/// A workplace with a directory beside it that must not change.
fn yard() -> (Workplace, PathBuf) {
    let place = Workplace::new();
    place.write("../outside/file", "untouched");
    place.dockerfile("ARG BASE\nFROM ${BASE}\nCOPY Dockerfile /built\n");
    let outside = place.path("../outside").canonicalize().unwrap();
    for (path, mode) in [(outside.clone(), 0o750), (outside.join("file"), 0o640)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    (place, outside)
}

fn build_on(place: &Workplace, layers: &[Layer]) -> Run {
    write_image(&place.path("base.tar"), layers);
    on_base(place, "base.tar")
}

fn on_base(place: &Workplace, base: &str) -> Run {
    place.build(&json!({
        "context": "context", "output": "image", "unpack_rootfs": true, "image_args": [format!("BASE={base}")],
    }))
}

fn assert_untouched(outside: &Path) {
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    let file = outside.join("file");
    assert_eq!((mode(outside), mode(&file)), (0o750, 0o640));
    assert_eq!(fs::metadata(&file).unwrap().nlink(), 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "untouched");
    assert_eq!(fs::read_dir(outside).unwrap().count(), 1);
}

/// CVE-2026-33056: a directory's mode is set where a link of that name stands.
fn modes_through_links(to: &str) -> Layer {
    let open = |layer: Layer, kind, path: &str| {
        layer.entry(kind, path, "", |header| header.set_mode(0o777))
    };
    let layer = Layer::new()
        .symlink("a", to)
        .symlink("b", &format!("{to}/file"));
    let layer = open(layer, EntryType::Directory, "a/");
    let layer = open(layer, EntryType::Directory, "a/.");
    open(layer, EntryType::Fifo, "b")
}

#[test]
fn layers_of_known_attacks_change_nothing_outside() {
    let (place, outside) = yard();
    let mut tried = 0;
    let mut attack = |layers: &[Layer], status: i32| {
        let run = build_on(&place, layers);
        assert_eq!(run.status, status, "{}", run.stderr);
        assert_untouched(&outside);
        tried += 1;
        run
    };
    let to = outside.to_str().unwrap();
    let _ = attack(&[modes_through_links(to)], 0);
    let _ = attack(&[Layer::new().symlink("a", to), modes_through_links(to)], 0);
    // CVE-2026-50163, CVE-2026-17106: a target is one of the tree, not of the directory in which the program runs.
    for target in ["context/Dockerfile", &format!("{to}/file")] {
        let run = attack(&[Layer::new().hard_link("stolen", target)], 1);
        assert!(
            run.stderr.contains("a layer cannot be unpacked: link "),
            "{}",
            run.stderr
        );
    }
    // CVE-2026-47262, GHSA-72x6-4j93-7w86: nothing of ours reads it, and the daemon no more than it may.
    place.dockerfile("ARG BASE\nFROM ${BASE}\nUSER nobody\nCOPY Dockerfile /built\n");
    let passwd = "nobody:x:65534:65534::/:/bin/false\n";
    let group = "group:x:1:nobody\n".repeat(1 << 20);
    let _ = attack(
        &[Layer::new()
            .file("etc/passwd", passwd)
            .file("etc/group", group)],
        0,
    );
    assert_eq!(
        place.read("image/metadata.json"),
        "{\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"],\"user\":\"nobody\"}\n"
    );

    tried += names_in_annotations(&place, &outside);
    assert_eq!(tried, attacks::tried("layers"));
}

/// CVE-2026-55092, CVE-2025-62725: what an annotation names is no file.
fn names_in_annotations(place: &Workplace, outside: &Path) -> u32 {
    place.dockerfile("ARG BASE\nFROM ${BASE}\nCOPY Dockerfile /built\n");
    let mut blobs = Blobs::new();
    let mut image = blobs.image(&Layer::new().file("base", "1"), 1);
    let path = format!("{}/pwned", outside.display());
    image["annotations"] = json!({
        "org.opencontainers.image.ref.name": path,
        "org.opencontainers.image.title": path,
        "com.docker.compose.file": path,
        "io.containerd.image.name": "../../pwned",
    });
    blobs.root(&[image]).write_directory(&place.path("layout"));

    let _ = on_base(place, "layout").expect(0);

    assert_untouched(outside);
    assert_eq!(
        Archive::read(&place.path("image/image.tar")).text("base"),
        "1"
    );
    1
}

/// A daemon's root before the daemon, and what is said of it.
struct Prepared {
    place: Workplace,
    status: i32,
    message: String,
}

impl Prepared {
    fn new(prepare: impl FnOnce(&Workplace, &Path), status: i32, message: &str) -> Self {
        let place = Workplace::new();
        place.dockerfile("FROM scratch\nCOPY Dockerfile /\n");
        place.write("../outside/file", "untouched");
        prepare(&place, &place.root());
        let root = place.root().canonicalize().unwrap_or(place.root());
        let message = message.replace("ROOT", root.to_str().unwrap());
        Self {
            place,
            status,
            message,
        }
    }
}

fn shared(mode: u32) -> Prepared {
    let message = format!(
        "others may write to `ROOT` (mode {mode:o}), so that what is in it cannot be trusted: name another root (`--root`), \
         or empty this one and `chmod go-w` it"
    );
    let prepare = |_: &Workplace, root: &Path| {
        fs::create_dir(root).unwrap();
        fs::set_permissions(root, fs::Permissions::from_mode(mode)).unwrap();
    };
    Prepared::new(prepare, 3, &message)
}

/// Something of another user's where the root is to be.
fn foreign(make: impl Fn(&Workplace, &Path)) -> Prepared {
    let prepare = |place: &Workplace, root: &Path| {
        make(place, root);
        lchown(root, Some(NOBODY), Some(NOBODY)).unwrap();
    };
    Prepared::new(
        prepare,
        3,
        "belongs to user 65534, not to user 0: name another root (`--root`), or remove it",
    )
}

/// Something in the root, which is ours.
fn entry(name: &str, make: impl Fn(&Path, &Path), status: i32, message: &str) -> Prepared {
    let prepare = |place: &Workplace, root: &Path| {
        fs::create_dir(root).unwrap();
        make(
            &place.path("../outside/file").canonicalize().unwrap(),
            &root.join(name),
        );
    };
    Prepared::new(prepare, status, message)
}

fn to_outside(outside: &Path, at: &Path) {
    symlink(outside, at).unwrap();
}

fn pipe(_: &Path, at: &Path) {
    mkfifoat(CWD, at, Mode::RUSR | Mode::WUSR).unwrap();
}

#[test]
fn roots_that_others_prepared_are_refused_or_made_harmless() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can make something that belongs to another user");
        return;
    }
    let told = |what: &str, name: &str| {
        format!("`ROOT/{name}` is {what} and no file: remove it, or name another root (`--root`)")
    };
    let lock = "oci-image.lock";
    let roots = [
        shared(0o777),
        shared(0o1777),
        shared(0o775),
        foreign(|_, root| fs::create_dir(root).unwrap()),
        foreign(|place, root| symlink(place.path("../outside"), root).unwrap()),
        foreign(|_, root| symlink("missing", root).unwrap()),
        entry(lock, to_outside, 3, &told("a link", lock)),
        entry(lock, pipe, 3, &told("a pipe", lock)),
        entry("buildkitd.lock", pipe, 3, &told("a pipe", "buildkitd.lock")),
        entry("buildkitd.log", to_outside, 0, ""),
        entry("buildkitd.log", pipe, 0, ""),
        entry(
            "buildkitd.log",
            |outside, at| fs::hard_link(outside, at).unwrap(),
            0,
            "",
        ),
    ];
    for Prepared {
        place,
        status,
        message,
    } in &roots
    {
        let run = place.build(&json!({"context": "context", "output": "image"}));

        assert_eq!(run.status, *status, "{message}: {}", run.stderr);
        assert!(run.stderr.contains(message), "{message}: {}", run.stderr);
        assert_eq!(place.read("../outside/file"), "untouched", "{message}");
        assert_eq!(place.names("../outside"), ["file"], "{message}");
        assert!(!place.path("../missing").exists());
        assert_eq!(place.leftovers(), Vec::<String>::new(), "{message}");
    }
    assert_eq!(roots.len(), attacks::tried("roots") as usize);
}

/// A directory that everybody may write to and nobody owns files in, such as a volume of a cluster at `/tmp`.
#[test]
fn a_directory_for_sockets_in_which_others_may_rename_ours_is_passed_over() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY Dockerfile /\n");
    fs::set_permissions(place.temporary(), fs::Permissions::from_mode(0o777)).unwrap();
    chown(place.temporary(), None, Some(0)).unwrap();

    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);

    assert!(fs::read_dir(place.temporary()).unwrap().next().is_none());
}
