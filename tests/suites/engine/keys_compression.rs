//! `compression`, `compression_level`: how layers are compressed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use oci_image_tests::archive::Archive;
use oci_image_tests::layout;
use oci_image_tests::tree;
use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const GZIP: &[u8] = &[0x1f, 0x8b];
const GZIP_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ZSTD_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

/// A context with a file that may be compressed well or badly. Times do not tell builds apart.
fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile("FROM scratch AS one\nCOPY text /\nFROM one\nCOPY small /\n");
    let lines =
        (0..50_000_u32).map(|line| format!("{} {line}\n", line.wrapping_mul(2_654_435_761)));
    place.write("context/text", lines.collect::<String>());
    place.write("context/small", "small\n");
    place
}

/// The object with these keys.
fn object(keys: &Value) -> Value {
    let mut object = json!({
        "context": "context", "output": "image", "output_oci": true, "build_args": ["SOURCE_DATE_EPOCH=1"],
    });
    let keys = keys.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(keys);
    object
}

/// A layer of a layout: its media type, and its file.
type Layer = (String, PathBuf);

/// The layers of the layout that is built.
fn layers(place: &Workplace, keys: &Value) -> Vec<Layer> {
    let _ = place.build(&object(keys)).expect(0);
    layers_of(place, "image")
}

fn blob(output: &Path, digest: &str) -> PathBuf {
    output.join("image/blobs").join(digest.replace(':', "/"))
}

fn layers_of(place: &Workplace, output: &str) -> Vec<Layer> {
    layout::assert_sound(&place.path(output).join("image"));
    let digest = place.read(&format!("{output}/digest"));
    manifest_layers(&place.path(output), &digest)
}

fn manifest_layers(output: &Path, digest: &str) -> Vec<Layer> {
    let layer = |layer: &Value| {
        let media_type = layer["mediaType"].as_str().unwrap().to_owned();
        (media_type, blob(output, layer["digest"].as_str().unwrap()))
    };
    let manifest = document(output, digest);
    manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(layer)
        .collect()
}

fn document(output: &Path, digest: &str) -> Value {
    serde_json::from_slice(&fs::read(blob(output, digest)).unwrap()).unwrap()
}

fn bytes(layers: &[Layer]) -> Vec<Vec<u8>> {
    layers
        .iter()
        .map(|(_, path)| fs::read(path).unwrap())
        .collect()
}

/// What a program of its own makes of each layer.
fn plain(program: &str, layers: &[Layer]) -> Vec<Vec<u8>> {
    let decompressed = |(_, path): &Layer| {
        let stdin = fs::File::open(path).unwrap();
        let output = Command::new(program).arg("-dc").stdin(stdin).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{program}");
        output.stdout
    };
    layers.iter().map(decompressed).collect()
}

/// Every layer says that it is of zstd, and is.
fn assert_zstd(layers: &[Layer]) {
    assert!(!layers.is_empty());
    for ((media_type, _), bytes) in layers.iter().zip(bytes(layers)) {
        assert_eq!(media_type, ZSTD_LAYER);
        assert!(bytes.starts_with(ZSTD));
    }
}

fn assert_gzip(layers: &[Layer]) {
    assert!(!layers.is_empty());
    for ((media_type, _), bytes) in layers.iter().zip(bytes(layers)) {
        assert_eq!(media_type, GZIP_LAYER);
        assert!(bytes.starts_with(GZIP));
    }
}

/// The paths of a root filesystem, with the contents of its files.
fn files(root: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let file = |path: PathBuf| {
        let content = fs::read(root.join(&path)).ok();
        (path, content)
    };
    tree::paths(root).into_iter().map(file).collect()
}

/// The layers of an archive, as they stand in it.
fn layers_in(archive: &Archive) -> Vec<&[u8]> {
    let manifest: Value = serde_json::from_slice(&archive.files["manifest.json"]).unwrap();
    let names = manifest[0]["Layers"].as_array().unwrap().iter();
    names
        .map(|name| &archive.files[name.as_str().unwrap()][..])
        .collect()
}

#[test]
fn layers_of_zstd_hold_the_same_tars_and_root_filesystem() {
    let place = place();
    let gzip = layers(&place, &json!({"unpack_rootfs": true}));
    assert_gzip(&gzip);
    let tars = plain("gzip", &gzip);
    let rootfs = files(&place.path("image/rootfs"));
    let metadata = place.read("image/metadata.json");
    let paths: Vec<_> = rootfs.iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["", "small", "text"].map(Path::new));

    let zstd = layers(
        &place,
        &json!({"unpack_rootfs": true, "compression": "zstd"}),
    );

    assert_zstd(&zstd);
    assert!(plain("zstd", &zstd) == tars);
    assert!(files(&place.path("image/rootfs")) == rootfs);
    assert_eq!(place.read("image/metadata.json"), metadata);
}

#[test]
fn a_higher_level_gives_a_smaller_archive_of_the_same_tars() {
    let place = place();
    let archive = |level: &str| {
        let keys = json!({"output_oci": false, "compression_level": level});
        let _ = place.build(&object(&keys)).expect(0);
        let archive = Archive::read(&place.path("image/image.tar"));
        let size: usize = layers_in(&archive).into_iter().map(<[u8]>::len).sum();
        (archive, size)
    };

    let ((fast, larger), (hard, smaller)) = (archive("1"), archive("12"));

    assert!(larger > smaller, "{larger} {smaller}");
    assert_eq!(fast.layers, hard.layers);
    // It names the layers by what they are uncompressed.
    assert_eq!(fast.config_digest, hard.config_digest);
}

#[test]
fn what_was_compressed_otherwise_over_the_same_root_is_not_used() {
    let place = place();
    let forms = [
        ("gzip", "1"),
        ("gzip", "12"),
        ("zstd", "1"),
        ("zstd", "19"),
        ("gzip", ""),
        ("zstd", ""),
    ];
    let build = |(codec, level): (&str, &str)| {
        let built = layers(
            &place,
            &json!({"compression": codec, "compression_level": level}),
        );
        (bytes(&built), plain(codec, &built))
    };
    let first = forms.map(build);
    let again = forms.map(build);

    assert!(first == again);
    for (index, (compressed, tars)) in first.iter().enumerate() {
        assert!(*tars == first[0].1, "{:?}", forms[index]);
        let others = first.iter().filter(|(other, _)| other[0] == compressed[0]);
        assert_eq!(others.count(), 1, "{:?}", forms[index]);
    }
    let size = |index: usize| first[index].0[0].len();
    assert!(size(0) > size(1) && size(2) > size(3));
}

#[test]
fn every_target_and_every_platform_is_of_that_codec() {
    let place = place();
    fs::create_dir(place.path("one")).unwrap();
    let image = layers(
        &place,
        &json!({"compression": "zstd", "additional_targets": ["one"]}),
    );
    let one = layers_of(&place, "one");
    assert_eq!((image.len(), one.len()), (2, 1));
    assert_zstd(&image);
    assert_zstd(&one);
    // A layer of both is compressed once.
    assert_eq!(image[0].1.file_name(), one[0].1.file_name());

    let keys = json!({
        "output_oci": false, "image_platform": "linux/amd64,linux/arm64", "compression": "zstd", "compression_level": "1",
    });
    let _ = place.build(&object(&keys)).expect(0);

    layout::assert_sound(&place.path("image/image"));
    let output = place.path("image");
    let index = document(&output, &place.read("image/digest"));
    let of_platform = |manifest: &Value| {
        assert_zstd(&manifest_layers(
            &output,
            manifest["digest"].as_str().unwrap(),
        ));
    };
    let manifests = index["manifests"].as_array().unwrap();
    assert_eq!(manifests.len(), 2);
    manifests.iter().for_each(of_platform);
}

#[test]
fn cache_holds_the_layers_of_the_image_as_they_are_compressed_and_is_imported() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    let afresh = |keys: &Value| {
        fs::remove_dir_all(place.root()).unwrap();
        let run = place.build(&object(keys)).expect(0);
        assert!(run.stderr.contains("CACHED"), "{}", run.stderr);
        layout::assert_sound(&place.path("cache"));
        layers_of(&place, "image")
    };
    let zstd = json!({"cache": true, "compression": "zstd"});
    let first = layers(&place, &zstd);
    assert_zstd(&first);
    let of_image = bytes(&first);
    for (_, path) in &first {
        let name = path.file_name().unwrap();
        assert!(place.path("cache/blobs/sha256").join(name).exists());
    }

    assert!(bytes(&afresh(&zstd)) == of_image);

    // A layer that comes from the cache is compressed already, as one of a base may be.
    let gzip = json!({"cache": true});
    assert!(bytes(&afresh(&gzip)) == of_image);
    let archive = json!({"cache": true, "output_oci": false});
    fs::remove_dir_all(place.root()).unwrap();
    let run = place.build(&object(&archive)).expect(0);
    assert!(run.stderr.contains("CACHED"), "{}", run.stderr);
    let archive = Archive::read(&place.path("image/image.tar"));
    for layer in layers_in(&archive) {
        assert!(layer.starts_with(GZIP));
    }
}

#[test]
fn zstd_without_a_layout_is_told_so_at_its_place() {
    let place = place();
    let keys = json!({"output_oci": false, "compression": "zstd"});

    let run = place.build(&object(&keys)).expect(2);

    for part in [
        "error[zstd-archive]: ",
        "\"compression\":\"zstd\"",
        "help: set `output_oci`, or remove `compression`",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in\n{}", run.stderr);
    }
    assert!(!place.path("image/image.tar").exists());
}

#[test]
fn task_says_both_by_parameters() {
    let place = place();
    let keys = json!({"compression": "zstd", "compression_level": "1"});
    let of_object = bytes(&layers(&place, &keys));
    fs::remove_dir_all(place.path("image")).unwrap();
    fs::create_dir(place.path("image")).unwrap();
    let mut command = place.command(&["task"]);
    command.env("OCI_IMAGE_ROOT", place.root()).envs([
        ("CONTEXT", "context"),
        ("OUTPUT_OCI", "true"),
        ("COMPRESSION", "zstd"),
        ("COMPRESSION_LEVEL", "1"),
        ("SOURCE_DATE_EPOCH", "1"),
    ]);

    let _ = place.run_command(command, b"").expect(0);

    let of_task = layers_of(&place, "image");
    assert_zstd(&of_task);
    assert!(bytes(&of_task) == of_object);
}
