//! `unpack_rootfs`: the image's tree as files, and `metadata.json`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

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
}

fn tree(root: &Path) -> BTreeMap<PathBuf, File> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let kind = metadata.file_type();
        let (kind, content) = if kind.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            ("symlink", target.as_os_str().as_bytes().to_vec())
        } else if kind.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
            ("directory", Vec::new())
        } else if kind.is_fifo() {
            ("fifo", Vec::new())
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
        };
        found.insert(path.strip_prefix(root).unwrap().to_owned(), file);
    }
    found
}

fn build(place: &Workplace) -> Run {
    place.build(&json!({"context": "context", "output": "image", "unpack_rootfs": true}))
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

    let source = "docker-archive:image/image.tar";
    let _ = place.output("skopeo", &["copy", "--quiet", source, "oci:layout:latest"]);
    let _ = place.output("umoci", &["unpack", "--image", "layout:latest", "bundle"]);
    let (ours, theirs) = (
        tree(&place.path("image/rootfs")),
        tree(&place.path("bundle/rootfs")),
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
