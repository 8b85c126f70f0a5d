//! The real daemon pulls from the registry, and what it exports is opened and unpacked.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::image_fixture::{Tar, config, has, header, run, saved, sha256};
use oci_image::boundary::handle::Directory;
use oci_image::image::Image;
use oci_image::image::metadata::metadata;
use oci_image::image::registry::Registry;
use oci_image::image::rootfs::{GrowingRootfs, Rootfs};
use oci_image_tests::rival::Rival;
use tar::EntryType;
use tempfile::tempdir;

/// A layer with everything that a layer can hold.
fn rich_layer() -> Vec<u8> {
    let owned = |path: &str, kind, mode, size| {
        let mut header = header(path.as_bytes(), kind, size);
        header.set_mode(mode);
        header.set_uid(1234);
        header.set_gid(5678);
        header.set_cksum();
        header
    };
    // As every writer does, with what its target has: the daemon gives a file the owner and mode of its last name.
    let linked = |path: &str, to: &str| {
        let mut header = owned(path, EntryType::Link, 0o6755, 0);
        header.set_link_name_literal(to).unwrap();
        header.set_cksum();
        header
    };
    let capability = b"\x01\0\0\x02\0\x20\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0";
    Tar::new()
        .entry(&owned("bin/", EntryType::Directory, 0o755, 0), b"")
        .entry(&owned("bin/su", EntryType::Regular, 0o6755, 2), b"su")
        .entry(&linked("bin/su-too", "bin/su"), b"")
        .records(&[("SCHILY.xattr.security.capability", capability)])
        .entry(&owned("bin/ping", EntryType::Regular, 0o755, 4), b"ping")
        .symlink("sbin", "bin")
        .symlink("bin/absolute", "/etc/passwd")
        .entry(&owned("locked/", EntryType::Directory, 0o500, 0), b"")
        .entry(&owned("locked/file", EntryType::Regular, 0o000, 3), b"key")
        .entry(&owned("tmp/", EntryType::Directory, 0o1777, 0), b"")
        .entry(&owned("pipe", EntryType::Fifo, 0o640, 0), b"")
        .records(&[("path", "Größe ".repeat(30).as_bytes())])
        .file("long", b"name")
        .file("removed", b"")
        .end()
}

/// Everything about each entry of a tree but its inode, and its time in seconds, by path.
fn tree(root: &Path) -> BTreeMap<PathBuf, (String, i64)> {
    let mut entries = BTreeMap::new();
    let mut left = vec![root.to_path_buf()];
    while let Some(path) = left.pop() {
        let metadata = path.symlink_metadata().unwrap();
        let kind = metadata.file_type();
        let content = if kind.is_symlink() {
            fs::read_link(&path)
                .unwrap()
                .into_os_string()
                .into_encoded_bytes()
        } else if kind.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        let links = if kind.is_dir() { 0 } else { metadata.nlink() };
        let mut capability = Vec::with_capacity(64);
        let _ = rustix::fs::lgetxattr(
            &path,
            "security.capability",
            rustix::buffer::spare_capacity(&mut capability),
        );
        let described = format!(
            "{kind:?} {:o} {}:{} {links} {} {capability:?}",
            metadata.mode(),
            metadata.uid(),
            metadata.gid(),
            sha256(&content),
        );
        entries.insert(
            path.strip_prefix(root).unwrap().to_path_buf(),
            (described, metadata.mtime()),
        );
        if kind.is_dir() {
            left.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
    entries
}

/// An archive of `docker save` with two layers, the second of which removes a file of the first.
fn base(path: &Path) -> Image {
    let removal = Tar::new()
        .file(".wh.removed", b"")
        .directory("etc/")
        .file("etc/added", b"1");
    let layers = [rich_layer(), removal.end()];
    let archive = Tar::new()
        .file("config.json", &config(&[&layers[0], &layers[1]]))
        .file(
            "manifest.json",
            &saved("config.json", &["1/layer.tar", "2/layer.tar"]),
        )
        .file("1/layer.tar", &layers[0])
        .file("2/layer.tar", &layers[1])
        .write(path);
    Image::open(&archive).unwrap()
}

#[tokio::test]
async fn the_daemon_pulls_a_preloaded_base_and_its_tree_is_the_one_of_umoci() {
    if !has("umoci") {
        return;
    }
    let work = tempdir().unwrap();
    let at = |name: &str| work.path().join(name);
    let registry = Registry::serve(vec![("BASE".into(), base(&at("base.tar")))])
        .await
        .unwrap();
    let base = registry.reference("BASE").unwrap().to_owned();
    let output = |kind: &str, name: &str| format!("type={kind},dest={}", at(name).display());
    let outputs = [
        output("tar", "tree.tar"),
        output("docker", "docker.tar"),
        output("oci", "oci.tar"),
        output("oci,tar=false", "layout"),
    ];
    let zstd = output("docker,compression=zstd,force-compression=true", "zstd.tar");

    let built = tokio::task::spawn_blocking(move || {
        let context = tempdir().unwrap();
        let dockerfile = "ARG BASE\nFROM $BASE\nENV FOO=bar\nUSER 1000\nCOPY Dockerfile /srv/\n";
        fs::write(context.path().join("Dockerfile"), dockerfile).unwrap();
        let base = format!("--opt=build-arg:BASE={base}");
        let rival = Rival::start();
        // The last one not among the others: `buildctl` names the last exporter's manifest in the layout of another.
        for outputs in [&outputs[..], &[zstd]] {
            let outputs = outputs.iter().map(|output| format!("--output={output}"));
            let arguments: Vec<String> = outputs.chain([base.clone()]).collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let _ = rival.build(context.path(), &arguments);
        }
    });
    built.await.unwrap();

    let output = Directory::open(at("")).unwrap();
    let stream = File::open(at("tree.tar")).unwrap();
    let summary = Rootfs::unpack(stream, &output, "rootfs".as_ref())
        .unwrap()
        .commit()
        .unwrap();
    assert!(summary.lost.is_nothing(), "{summary:?}");
    let tagged = format!("{}:latest", at("layout").display());
    run(
        "umoci",
        &["unpack", "--image", &tagged, at("bundle").to_str().unwrap()],
    );
    assert_same(&tree(&at("rootfs")), &tree(&at("bundle/rootfs")));
    let images =
        ["docker.tar", "oci.tar", "layout", "zstd.tar"].map(|name| Image::open(&at(name)).unwrap());
    assert_eq!(images[1].digest(), images[2].digest());
    for image in &images {
        assert_eq!(
            texts_of_configs(image),
            ["{\"env\":[\"PATH=/bin\",\"FOO=bar\"],\"user\":\"1000\"}\n"]
        );
    }
}

/// Layers that change what is below them in every way that there is, and some that no tool writes.
fn odd_layers() -> Vec<Vec<u8>> {
    let below = rich_layer();
    let types = Tar::new()
        .directory("removed/")
        .file("removed/now", b"a directory")
        .file("locked", b"now a file")
        .symlink("tmp", "bin")
        .file("sbin/new", b"below what was a link")
        .directory("pipe/");
    let hidden = Tar::new()
        .directory("etc/")
        .file("etc/one", b"1")
        .file("etc/two", b"2")
        .directory("var/")
        .directory("var/lib/")
        .file("var/lib/old", b"old")
        .hard_link("etc/three", "etc/two");
    let opaque = Tar::new()
        .directory("var/")
        .file("var/.wh..wh..opq", b"")
        .file("var/new", b"new")
        .file("etc/.wh.one", b"")
        .file("bin/.wh.su", b"")
        .file(".wh..wh.plnk", b"");
    let through = Tar::new()
        .directory("real/")
        .symlink("link", "real")
        .symlink("up", "../../../real/../real")
        .file("link/inside", b"1")
        .file("up/inside-too", b"2")
        .hard_link("second", "link/inside")
        .file("/absolute", b"3")
        .file("../above", b"4")
        .file("real/../beside", b"5");
    let through_below = Tar::new()
        .file("up/file", b"6")
        .file("var/.wh.new", b"")
        .directory("var/new/")
        .file("etc/two", b"one name of two");
    [below]
        .into_iter()
        .chain([types, hidden, opaque, through, through_below].map(Tar::end))
        .collect()
}

/// Unpacks the layers of an image.
fn unpacked(image: &Image, to: &Path) {
    let bytes = |digest: &str| {
        let blob = image.blob(&digest.try_into().unwrap()).unwrap();
        let mut bytes = vec![0; blob.size() as usize];
        blob.open().unwrap().read_exact_at(&mut bytes, 0).unwrap();
        bytes
    };
    let manifest = &image.manifest(image.digest()).unwrap().bytes;
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    let (parent, name) = (to.parent().unwrap(), to.file_name().unwrap());
    let mut growing = GrowingRootfs::beside(&Directory::open(parent).unwrap(), name).unwrap();
    for layer in manifest["layers"].as_array().unwrap() {
        growing
            .add(bytes(layer["digest"].as_str().unwrap()).as_slice())
            .unwrap();
    }
    growing.finish().unwrap().commit().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_of_layers_is_the_one_that_the_daemon_shows_of_them() {
    let work = tempdir().unwrap();
    let at = |name: &str| work.path().join(name);
    let layers = odd_layers();
    let names: Vec<String> = (0..layers.len())
        .map(|number| format!("{number}.tar"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let config = config(&layers.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let archive = (names.iter().zip(&layers)).fold(
        Tar::new()
            .file("config.json", &config)
            .file("manifest.json", &saved("config.json", &names)),
        |archive, (name, layer)| archive.file(name, layer),
    );
    let base = Image::open(&archive.write(&at("base.tar"))).unwrap();
    let registry = Registry::serve(vec![("BASE".into(), base)]).await.unwrap();
    let base = registry.reference("BASE").unwrap().to_owned();
    let outputs = [("tar", "tree.tar"), ("oci,tar=false", "layout")]
        .map(|(kind, name)| format!("--output=type={kind},dest={}", at(name).display()));
    let built = tokio::task::spawn_blocking(move || {
        let context = tempdir().unwrap();
        let dockerfile = "ARG BASE\nFROM $BASE\nCOPY Dockerfile /real/\nCOPY Dockerfile /etc/\n";
        fs::write(context.path().join("Dockerfile"), dockerfile).unwrap();
        let base = format!("--opt=build-arg:BASE={base}");
        let arguments = [outputs[0].as_str(), &outputs[1], &base];
        let _ = Rival::start().build(context.path(), &arguments);
    });
    built.await.unwrap();

    unpacked(&Image::open(&at("layout")).unwrap(), &at("ours"));

    let stream = File::open(at("tree.tar")).unwrap();
    let output = Directory::open(at("")).unwrap();
    Rootfs::unpack(stream, &output, "theirs".as_ref())
        .and_then(Rootfs::commit)
        .unwrap();
    let (ours, theirs) = (tree(&at("ours")), tree(&at("theirs")));
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (path, (ours, our_time)) in &ours {
        let (theirs, their_time) = &theirs[path];
        // A directory in the place of a link, which no layer describes, has from the daemon the owner of where that led.
        let is_same = ours == theirs || path == Path::new("sbin");
        assert!(is_same, "{}: {ours} {theirs}", path.display());
        // Of what no layer describes the daemon takes the time when it was made; and it rounds times for the tree.
        let is_made_anew = ["", "sbin", "up", "real", "etc", "bin", "var"].map(Path::new);
        let is_same = is_made_anew.contains(&path.as_path()) || our_time.abs_diff(*their_time) <= 1;
        assert!(is_same, "{}: {our_time} {their_time}", path.display());
    }
}

fn assert_same(ours: &BTreeMap<PathBuf, (String, i64)>, theirs: &BTreeMap<PathBuf, (String, i64)>) {
    assert!(
        ours.len() > 12 && !ours.contains_key(Path::new("removed")),
        "{ours:?}"
    );
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (path, (ours, our_time)) in ours {
        let (theirs, their_time) = &theirs[path];
        assert_eq!(ours, theirs, "{}", path.display());
        // The daemon rounds times to seconds for the tree, and cuts them for a layer. Neither has an entry of the root.
        let is_same = path.as_os_str().is_empty() || (0..=1).contains(&(our_time - their_time));
        assert!(is_same, "{}: {our_time} {their_time}", path.display());
    }
}

/// `metadata.json` of each blob that is a config.
fn texts_of_configs(image: &Image) -> Vec<String> {
    let texts = image.blobs().filter_map(|(_, blob)| {
        let mut bytes = vec![0; usize::try_from(blob.size()).unwrap()];
        blob.open().unwrap().read_exact_at(&mut bytes, 0).unwrap();
        metadata(&bytes).ok()
    });
    texts
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .collect()
}
