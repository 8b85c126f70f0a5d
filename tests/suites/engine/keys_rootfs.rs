//! `unpack_rootfs`: the image's tree as files, and `metadata.json`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use oci_image_tests::archive::Archive;
use oci_image_tests::base::{Layer, write_image};
use oci_image_tests::tree;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};
use tar::EntryType;

/// Whatever layers can do to a tree. A hard link to a file of a lower layer is not among it: layers hold a copy instead, and
/// the tree of ours keeps the link.
const TREE: &str = r#"BUSYBOX
FROM busybox
RUN mkdir -p /data/old /data/opaque /data/times /escape-dir && echo 1 > /data/old/file && echo 2 > /data/opaque/below \
    && echo 3 > /data/kept && echo 4 > /data/changed && ln -s ../../../../../escaped /outside && mkfifo /data/fifo
RUN rm -r /data/old && rm -r /data/opaque && mkdir /data/opaque && echo 5 > /data/opaque/new && echo 6 > /data/changed \
    && echo 9 > /data/same && ln /data/same /data/hard && ln -s kept /data/soft && ln -s /data/kept /data/absolute && ln -s nowhere /data/dangling
RUN echo 7 > /data/setuid && chown 12:34 /data/setuid && chmod 6751 /data/setuid && ln /data/setuid /data/setuid-hard \
    && chmod 1777 /data/times && chown 1000:1000 /data/times && touch -t 200102030405.06 /data/times \
    && touch -h -t 200102030405.07 /data/soft && rmdir /escape-dir && ln -s /data /escape-dir \
    && echo 8 > "/data/a name with blanks" && printf '\303\244' > "/data/$(printf '\303\244')"
ENV FIRST=one SECOND="two words"
USER 1000:1000
"#;

/// What a file is, as far as it can be told from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    kind: &'static str,
    mode: u32,
    owner: (u32, u32),
    modified: i64,
    content: Vec<u8>,
    links: u64,
    xattrs: BTreeMap<String, Vec<u8>>,
}

/// The extended attributes of a file or link.
fn xattrs(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0; 4096];
    let length = rustix::fs::llistxattr(path, &mut names[..]).unwrap();
    let names = names[..length].split(|byte| *byte == 0);
    let value = |name: &str| {
        let mut value = vec![0; 4096];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
        value.truncate(length);
        value
    };
    names
        .filter(|name| !name.is_empty())
        .map(|name| String::from_utf8(name.to_vec()).unwrap())
        .map(|name| (name.clone(), value(&name)))
        .collect()
}

fn files(root: &Path) -> BTreeMap<PathBuf, File> {
    let mut found = BTreeMap::new();
    for name in tree::paths(root) {
        let path = root.join(&name);
        let metadata = fs::symlink_metadata(&path).unwrap();
        let kind = metadata.file_type();
        let (kind, content) = if kind.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            ("symlink", target.as_os_str().as_bytes().to_vec())
        } else if kind.is_dir() {
            ("directory", Vec::new())
        } else if kind.is_fifo() {
            ("fifo", Vec::new())
        } else if kind.is_char_device() {
            ("device", Vec::new())
        } else {
            assert!(kind.is_file(), "{}", path.display());
            ("file", fs::read(&path).unwrap())
        };
        let file = File {
            kind,
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
            modified: metadata.mtime(),
            content,
            links: if kind == "directory" {
                0
            } else {
                metadata.nlink()
            },
            xattrs: xattrs(&path),
        };
        found.insert(name, file);
    }
    found
}

fn build(place: &Workplace) -> Run {
    place.build(&json!({"context": "context", "output": "image", "unpack_rootfs": true}))
}

/// The tree that umoci unpacks of `image/image.tar`.
fn unpacked_by_umoci(place: &Workplace) -> BTreeMap<PathBuf, File> {
    let source = "docker-archive:image/image.tar";
    let _ = place.output("skopeo", &["copy", "--quiet", source, "oci:layout:latest"]);
    let _ = place.output("umoci", &["unpack", "--image", "layout:latest", "bundle"]);
    files(&place.path("bundle/rootfs"))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn rootfs_is_the_tree_that_umoci_unpacks_of_the_archive() {
    if !is_root() {
        println!("skipped: umoci keeps owners as root only");
        return;
    }
    let place = Workplace::new();
    place.dockerfile(TREE);

    let _ = build(&place).expect(0);

    let (ours, theirs) = (
        files(&place.path("image/rootfs")),
        unpacked_by_umoci(&place),
    );
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (path, file) in &ours {
        // The root itself, and where steps had something mounted: umoci makes those anew.
        let made_anew = ["", "dev", "proc", "sys", "etc"].map(Path::new);
        if !made_anew.contains(&path.as_path()) {
            let other = &theirs[path];
            let apart = file.modified.abs_diff(other.modified);
            // Of a time within a second BuildKit's exporters round one and cut the other.
            assert!(apart <= 1, "{}: {apart} s apart", path.display());
            let file = File {
                modified: other.modified,
                ..file.clone()
            };
            assert_eq!(&file, other, "{}", path.display());
        }
    }
    assert_eq!(ours[Path::new("data/times")].modified, 981_173_106);
    let setuid = &ours[Path::new("data/setuid-hard")];
    assert_eq!(
        (setuid.mode, setuid.owner, setuid.links),
        (0o6751, (12, 34), 2)
    );
    assert!(!ours.contains_key(Path::new("data/opaque/below")));
}

/// `cap_net_bind_service+ep`, as the kernel keeps it (capabilities(7), revision 2).
const CAPABILITY: [u8; 20] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// What of a file only a layer can say: capabilities, attributes, owners, times, links, devices.
fn layer() -> Layer {
    let owned = |header: &mut tar::Header| {
        header.set_uid(12);
        header.set_gid(34);
    };
    let user: (&str, &[u8]) = ("SCHILY.xattr.user.note", b"a \0 b\n");
    let capability = ("SCHILY.xattr.security.capability", &CAPABILITY[..]);
    Layer::new()
        .directory("bin/")
        .records(&[capability, user])
        .entry(EntryType::Regular, "bin/server", "server", |header| {
            header.set_mode(0o755);
            owned(header);
        })
        // The daemon gives a link's attributes to its file: they are the same, as every tool writes them.
        .records(&[capability, user])
        .entry(EntryType::Link, "bin/server-too", "", |header| {
            header.set_link_name("bin/server").unwrap();
            header.set_mode(0o755);
            owned(header);
        })
        .entry(EntryType::Regular, "bin/su", "su", |header| {
            header.set_mode(0o6755);
        })
        .records(&[user])
        .entry(EntryType::Directory, "noted/", "", |header| {
            header.set_mode(0o2770);
            header.set_mtime(981_173_106);
            owned(header);
        })
        .file("noted/below", "below")
        .entry(EntryType::Symlink, "noted/link", "", |header| {
            header.set_link_name("below").unwrap();
            header.set_mtime(981_173_107);
            owned(header);
        })
        .entry(EntryType::Fifo, "noted/fifo", "", owned)
        .device("noted/null")
}

#[test]
fn attributes_of_a_layer_are_those_that_umoci_unpacks() {
    if !is_root() {
        println!("skipped: capabilities and owners are kept as root only");
        return;
    }
    let place = Workplace::new();
    place.dockerfile("ARG BASE=scratch\nFROM ${BASE}\nCOPY Dockerfile /built\n");
    write_image(&place.path("base.tar"), &[layer()]);

    let run = place
        .build(&json!({
            "context": "context", "output": "image", "unpack_rootfs": true, "image_args": ["BASE=base.tar"],
        }))
        .expect(0);

    assert!(!run.stderr.contains("`rootfs/` lost"), "{}", run.stderr);
    let (mut ours, mut theirs) = (
        files(&place.path("image/rootfs")),
        unpacked_by_umoci(&place),
    );
    let device = theirs.remove(Path::new("noted/null")).unwrap();
    assert_eq!(device.kind, "device");
    for made_anew in ["", "built"].map(Path::new) {
        assert!(ours.remove(made_anew).is_some() && theirs.remove(made_anew).is_some());
    }
    assert_eq!(ours, theirs);
    let server = &ours[Path::new("bin/server-too")];
    assert_eq!(
        (server.mode, server.owner, server.links),
        (0o755, (12, 34), 2)
    );
    assert_eq!(server.xattrs["security.capability"], CAPABILITY);
    assert_eq!(server.xattrs["user.note"], b"a \0 b\n");
    let noted = &ours[Path::new("noted")];
    assert_eq!((noted.mode, noted.modified), (0o2770, 981_173_106));
    assert_eq!(noted.xattrs["user.note"], b"a \0 b\n");
}

#[test]
fn nothing_is_written_beside_the_rootfs() {
    let place = Workplace::new();
    place.dockerfile(TREE);

    let _ = build(&place).expect(0);

    assert_eq!(
        place.names("image"),
        ["digest", "image.tar", "metadata.json", "rootfs"]
    );
    let context_alone = ["context", "image"];
    assert_eq!(place.names(""), context_alone);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn metadata_has_the_bytes_that_concourse_reads() {
    let place = Workplace::new();
    place.dockerfile(TREE);
    let _ = build(&place).expect(0);
    let archive = Archive::read(&place.path("image/image.tar"));
    let path = archive.config["config"]["Env"][0].as_str().unwrap();
    assert_eq!(
        place.read("image/metadata.json"),
        format!(
            "{{\"env\":[\"{path}\",\"FIRST=one\",\"SECOND=two words\"],\"user\":\"1000:1000\"}}\n"
        )
    );
}

#[test]
fn second_build_replaces_the_tree_of_the_first() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /one/busybox\n");
    let _ = build(&place).expect(0);
    place.dockerfile("FROM scratch\nCOPY busybox /two/busybox\n");

    let _ = build(&place).expect(0);

    assert_eq!(place.names("image/rootfs"), ["two"]);
    let metadata: Value = serde_json::from_str(&place.read("image/metadata.json")).unwrap();
    assert_eq!(metadata["user"], "");
}

#[test]
fn rootfs_beside_an_oci_layout_and_of_every_target() {
    let place = Workplace::new();
    place.dockerfile(
        "FROM scratch AS one\nCOPY busybox /one\nFROM scratch AS two\nCOPY busybox /two\n",
    );
    fs::create_dir(place.path("one")).unwrap();

    let _ = place
        .build(&json!({
            "context": "context", "output": "image", "unpack_rootfs": true, "output_oci": true,
            "additional_targets": ["one"],
        }))
        .expect(0);

    for (output, name) in [("one", "one"), ("image", "two")] {
        assert_eq!(
            place.names(output),
            ["digest", "image", "metadata.json", "rootfs"]
        );
        assert_eq!(place.names(&format!("{output}/rootfs")), [name]);
    }
}
