//! Archives and layouts that are cut, wrong or hostile: each is an error that names the file and the entry.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::fixture::{
    INDEX, Layout, MANIFEST, Tar, chain, config, descriptor, gzip, header, saved, sha256,
};
use oci_image_image::Image;
use serde_json::{Value, json};
use tar::EntryType;
use tempfile::tempdir;

/// The whole error of opening an archive of these bytes, with `FILE` for its path.
fn refusal(bytes: &[u8]) -> String {
    let directory = tempdir().unwrap();
    let path = directory.path().join("base.tar");
    fs::write(&path, bytes).unwrap();
    refusal_of(&path)
}

fn refusal_of(path: &Path) -> String {
    let error = Image::open(path)
        .map(|image| image.digest().to_string())
        .unwrap_err();
    chain(&error).replace(path.to_str().unwrap(), "FILE")
}

fn refusal_of_layout(layout: &Layout) -> String {
    let in_archive = refusal(&layout.to_tar().end());
    let directory = tempdir().unwrap();
    let in_directory = refusal_of(&layout.to_directory(directory.path()));
    assert_eq!(in_archive, in_directory);
    in_archive
}

const LAYER: &[u8] = b"a layer";

/// An archive of `docker save` with one layer, before its last entry, which is `layer.tar`.
fn before_layer() -> Tar {
    Tar::new()
        .file("config.json", &config(&[LAYER]))
        .file("manifest.json", &saved("config.json", &["layer.tar"]))
}

#[test]
fn archives_that_are_none_say_so() {
    let cases: [(&[u8], &str); 8] = [
        (
            b"",
            "`FILE` is not an image: it holds neither `oci-layout` nor `manifest.json`",
        ),
        (
            b"no tar",
            "`FILE` is not a readable tar archive: ends within an entry at byte 6",
        ),
        (
            &[b'x'; 1024],
            "`FILE` is not a readable tar archive: no tar header at byte 0",
        ),
        (
            &Tar::new().file("a", b"").end(),
            "`FILE` is not an image: it holds neither `oci-layout` nor `manifest.json`",
        ),
        (
            &gzip(&before_layer().end()),
            "`FILE` is compressed as a whole (gzip); decompress it first, its layers may stay compressed",
        ),
        (
            b"\x28\xb5\x2f\xfd...",
            "`FILE` is compressed as a whole (zstd); decompress it first, its layers may stay compressed",
        ),
        (
            b"\xfd7zXZ\0...",
            "`FILE` is compressed as a whole (xz); decompress it first, its layers may stay compressed",
        ),
        (
            b"BZh91AY",
            "`FILE` is compressed as a whole (bzip2); decompress it first, its layers may stay compressed",
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(refusal(bytes), message);
    }
    let directory = tempdir().unwrap();
    assert_eq!(
        refusal_of(directory.path()),
        "`FILE` is not an image: it holds neither `oci-layout` nor `manifest.json`"
    );
    let missing = refusal_of(&directory.path().join("missing"));
    assert_eq!(
        missing,
        "cannot open `FILE`: No such file or directory (os error 2)"
    );
    assert_eq!(
        refusal_of(Path::new("/dev/zero")),
        "`FILE` is not an image: it holds neither `oci-layout` nor `manifest.json`"
    );
}

#[test]
fn a_cut_archive_names_the_entry_that_is_cut() {
    let whole = before_layer()
        .entry(
            &header(b"layer.tar", EntryType::Regular, 100_000),
            &[1; 100_000],
        )
        .cut();
    let start = whole.len() - 100_352;

    let within_content = refusal(&whole[..start + 99_999]);
    let within_header = refusal(&whole[..start - 100]);
    let before_entry = refusal(&whole[..start - 512]);

    let (end, size) = (start + 100_000, start + 99_999);
    assert_eq!(
        within_content,
        format!(
            "entry `layer.tar` of `FILE` is cut off: it ends at byte {end} of a file of {size} bytes"
        )
    );
    assert_eq!(
        within_header,
        format!(
            "`FILE` is not a readable tar archive: ends within an entry at byte {}",
            start - 100
        )
    );
    assert_eq!(before_entry, "`layer.tar` is missing in `FILE`");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn entries_that_play_tricks_are_named() {
    let pax = |records: &[(&str, &[u8])]| {
        before_layer()
            .records(records)
            .file("layer.tar", LAYER)
            .end()
    };
    let one = |path: &[u8]| {
        before_layer()
            .entry(&header(path, EntryType::Regular, 0), b"")
            .end()
    };
    let cases = [
        (
            one(b"../layer.tar"),
            "entry `../layer.tar` of `FILE` has a path that leaves the archive",
        ),
        (
            one(b"/etc/passwd"),
            "entry `/etc/passwd` of `FILE` has a path that leaves the archive",
        ),
        (
            one(b"a/../../b"),
            "entry `a/../../b` of `FILE` has a path that leaves the archive",
        ),
        (
            one(b"\xff"),
            "entry `\u{fffd}` of `FILE` has a path that leaves the archive",
        ),
        (
            before_layer()
                .symlink("layer.tar", "../../etc/shadow")
                .end(),
            "entry `layer.tar` of `FILE` has a path that leaves the archive",
        ),
        (
            before_layer().symlink("layer.tar", "/etc/shadow").end(),
            "entry `layer.tar` of `FILE` has a path that leaves the archive",
        ),
        (
            before_layer().hard_link("layer.tar", "/etc/shadow").end(),
            "entry `layer.tar` of `FILE` has a path that leaves the archive",
        ),
        (
            before_layer().symlink("layer.tar", "elsewhere").end(),
            "`elsewhere` is missing in `FILE`",
        ),
        (
            before_layer().symlink("layer.tar", "layer.tar").end(),
            "`layer.tar` of `FILE` is a link behind too many links",
        ),
        (
            before_layer().directory("layer.tar/").end(),
            "`layer.tar` is missing in `FILE`",
        ),
        (
            before_layer()
                .entry(&header(b"layer.tar", EntryType::Fifo, 0), b"")
                .end(),
            "`layer.tar` of `FILE` is not a plain file",
        ),
        (
            before_layer()
                .entry(&header(b"layer.tar", EntryType::Block, 0), b"")
                .end(),
            "`layer.tar` of `FILE` is not a plain file",
        ),
        (
            before_layer()
                .file("layer.tar", b"1")
                .file("./layer.tar", b"2")
                .end(),
            "entry `./layer.tar` stands twice in `FILE`",
        ),
        (
            pax(&[("size", b"99999999999")]),
            "entry `layer.tar` of `FILE` is cut off: it ends at byte 100000003583 of a file of 5120 bytes",
        ),
        (
            pax(&[("size", b"18446744073709551615")]),
            "`FILE` is not a readable tar archive: entry `layer.tar` has an invalid size",
        ),
        (
            pax(&[("size", b"-1")]),
            "`FILE` is not a readable tar archive: malformed extension at byte 2048",
        ),
        (
            pax(&[("path", b"../x")]),
            "entry `../x` of `FILE` has a path that leaves the archive",
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(refusal(&bytes), message);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn documents_of_docker_save_are_checked() {
    let with = |manifest: &[u8], config: &[u8]| {
        refusal(
            &Tar::new()
                .file("config.json", config)
                .file("manifest.json", manifest)
                .file("layer.tar", LAYER)
                .end(),
        )
    };
    let good = saved("config.json", &["layer.tar"]);
    let twice = serde_json::to_vec(&json!([
        { "Config": "config.json", "RepoTags": ["a:1", "a:2"], "Layers": ["layer.tar"] },
        { "Config": "other.json", "RepoTags": null, "Layers": ["layer.tar"] },
    ]));
    let cases = [
        (
            with(b"[", b"{}"),
            "`manifest.json` of `FILE` is not the JSON document it should be: EOF while parsing a list at line 1 column 1",
        ),
        (with(b"[]", b"{}"), "`FILE` holds no image"),
        (
            with(&twice.unwrap(), b"{}"),
            "`FILE` holds 2 images, and none is tagged `latest`: `a:1`, `other.json`",
        ),
        (
            with(&saved("gone.json", &[]), b"{}"),
            "`gone.json` is missing in `FILE`",
        ),
        (
            with(&saved("../config.json", &[]), b"{}"),
            "`../config.json` is missing in `FILE`",
        ),
        (
            with(&good, b"{}"),
            "`config.json` of `FILE` has 0 diff IDs for 1 layers",
        ),
        (
            with(&good, br#"{"rootfs":{"diff_ids":["sha256:../x"]}}"#),
            "`config.json` of `FILE` is not the JSON document it should be: Invalid encoded value ../x",
        ),
        (
            with(&good, &config(&[])),
            "`config.json` of `FILE` has 0 diff IDs for 1 layers",
        ),
        (
            with(&good, &config(&[LAYER, LAYER])),
            "`config.json` of `FILE` has 2 diff IDs for 1 layers",
        ),
        (
            with(&vec![b' '; (4 << 20) + 1], b"{}"),
            "`manifest.json` of `FILE` holds 4194305 bytes, more than the 4194304 that a document may have",
        ),
    ];
    for (message, expected) in cases {
        assert_eq!(message, expected);
    }
    let many = with(
        &saved("config.json", &["layer.tar"; 1025]),
        &config(&[LAYER; 1025]),
    );
    assert_eq!(
        many,
        "`manifest.json` of `FILE` is an image of 1025 layers, more than 1024"
    );
}

#[test]
fn layouts_that_lie_are_refused_alike_in_archive_and_directory() {
    let mut layout = Layout::new();
    let image = layout.image(&[LAYER]);
    let name = |descriptor: &Value| {
        format!(
            "blobs/{}",
            descriptor["digest"].as_str().unwrap().replace(':', "/")
        )
    };
    let manifest = name(&image);
    let layer = format!("blobs/{}", sha256(&gzip(LAYER)).replace(':', "/"));
    let bytes = layout
        .files
        .iter()
        .find(|(known, _)| *known == manifest)
        .unwrap()
        .1
        .clone();
    let good = layout.clone().root(std::slice::from_ref(&image));
    let as_index = json!({ "mediaType": INDEX, "digest": image["digest"], "size": image["size"] });
    let of_md5 = json!({ "mediaType": MANIFEST, "digest": "md5:0123456789abcdef", "size": 2 });
    let other = layout.clone().blob("application/vnd.example", b"{}");
    let mut forged = bytes.clone();
    forged[0] = b' ';
    let (size, less) = (bytes.len(), gzip(LAYER).len() - 1);
    let cases = [
        (good.clone().without(&layer), format!("`{layer}` is missing in `FILE`")),
        (good.clone().without(&manifest), format!("`{manifest}` is missing in `FILE`")),
        (good.clone().without("index.json"), "`index.json` is missing in `FILE`".into()),
        (good.clone().replace(&layer, &gzip(LAYER)[1..]), format!("`{layer}` of `FILE` holds {less} bytes, its descriptor says {}", less + 1)),
        (good.clone().replace(&manifest, b"{}"), format!("`{manifest}` of `FILE` holds 2 bytes, its descriptor says {size}")),
        (good.clone().replace(&manifest, &forged), format!("`{manifest}` of `FILE` has another content than its digest says: {}", sha256(&forged))),
        (good.clone().replace("oci-layout", br#"{"imageLayoutVersion":"9"}"#), "`FILE` is an OCI layout of version `9`, only `1.0.0` is known".into()),
        (good.replace("index.json", b"nothing"), "`index.json` of `FILE` is not the JSON document it should be: expected ident at line 1 column 2".into()),
        (layout.clone().root(&[]), "`FILE` holds no image".into()),
        (layout.clone().root(&[image.clone(), layout.clone().image(&[b"two"])]), format!("`FILE` holds 2 images, and none is tagged `latest`: `{}`, `{}`", image["digest"].as_str().unwrap(), layout.clone().image(&[b"two"])["digest"].as_str().unwrap())),
        (layout.clone().root(&[as_index]), format!("`{manifest}` of `FILE` says it is `{MANIFEST}`, its descriptor says `{INDEX}`")),
        (layout.clone().root(std::slice::from_ref(&other)), format!("`{}` of `FILE` is `application/vnd.example`, not an image manifest or index", name(&other))),
        (layout.root(&[of_md5]).replace("blobs/md5/0123456789abcdef", b"{}"), "`blobs/md5/0123456789abcdef` of `FILE` is named by a digest of an unknown algorithm".into()),
    ];
    for (layout, message) in cases {
        assert_eq!(refusal_of_layout(&layout), message);
    }
}

#[test]
fn a_document_that_says_it_is_something_else_is_refused() {
    let mut layout = Layout::new();
    let both = json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [],
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"), "layers": [],
    });
    let both = layout.blob(MANIFEST, &serde_json::to_vec(&both).unwrap());
    let name = format!(
        "blobs/{}",
        both["digest"].as_str().unwrap().replace(':', "/")
    );

    let message = refusal_of_layout(&layout.root(&[both]));

    assert_eq!(
        message,
        format!("`{name}` of `FILE` says it is `{INDEX}`, its descriptor says `{MANIFEST}`")
    );
}

#[test]
fn more_entries_than_an_image_needs_are_refused() {
    let mut tar = Tar::new();
    for number in 0..=(1 << 16) {
        tar = tar.file(&number.to_string(), b"");
    }

    assert_eq!(refusal(&tar.end()), "`FILE` holds more than 65536 entries");
}

#[test]
fn a_layout_directory_is_not_left_through_links() {
    let outside = tempdir().unwrap();
    fs::write(outside.path().join("index.json"), "secret").unwrap();
    let directory = tempdir().unwrap();
    Layout::new().to_directory(directory.path());
    symlink(
        outside.path().join("index.json"),
        directory.path().join("index.json"),
    )
    .unwrap();

    let message = refusal_of(directory.path());

    assert_eq!(
        message,
        "cannot read `index.json` of `FILE`: a path led outside of the filesystem"
    );
}
