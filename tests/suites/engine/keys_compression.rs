//! `compression`, `compression_level`: how layers are compressed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use oci_image_tests::layout;
use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const GZIP: &[u8] = &[0x1f, 0x8b];

/// A context with a file that may be compressed well or badly. Times do not tell builds apart.
fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY text /\n");
    let lines =
        (0..50_000_u32).map(|line| format!("{} {line}\n", line.wrapping_mul(2_654_435_761)));
    place.write("context/text", lines.collect::<String>());
    place
}

/// The only layer of the layout that is built: its media type, and its file.
fn layer(place: &Workplace, keys: &Value) -> (String, PathBuf) {
    let mut object = json!({
        "context": "context", "output": "image", "output_oci": true, "build_args": ["SOURCE_DATE_EPOCH=1"],
    });
    let keys = keys.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(keys);
    let _ = place.build(&object).expect(0);
    layer_of_layout(place)
}

fn layer_of_layout(place: &Workplace) -> (String, PathBuf) {
    layout::assert_sound(&place.path("image/image"));
    let blob = |digest: &str| {
        let below = digest.replace(':', "/");
        place.path("image/image/blobs").join(below)
    };
    let manifest = fs::read(blob(&place.read("image/digest"))).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let layer = &manifest["layers"][0];
    let media_type = layer["mediaType"].as_str().unwrap().to_owned();
    (media_type, blob(layer["digest"].as_str().unwrap()))
}

/// What a program makes of a layer.
fn plain(program: &str, layer: &PathBuf) -> Vec<u8> {
    let stdin = fs::File::open(layer).unwrap();
    let output = Command::new(program).arg("-dc").stdin(stdin).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{program}");
    output.stdout
}

#[test]
fn layers_of_zstd_hold_the_same_tar() {
    let place = place();
    let (media_type, gzip) = layer(&place, &json!({}));
    assert_eq!(media_type, "application/vnd.oci.image.layer.v1.tar+gzip");
    assert!(fs::read(&gzip).unwrap().starts_with(GZIP));
    let tar = plain("gzip", &gzip);

    let (media_type, zstd) = layer(&place, &json!({"compression": "zstd"}));

    assert_eq!(media_type, "application/vnd.oci.image.layer.v1.tar+zstd");
    assert!(fs::read(&zstd).unwrap().starts_with(ZSTD));
    assert!(plain("zstd", &zstd) == tar);
}

#[test]
fn a_lower_level_gives_a_larger_layer_of_the_same_tar() {
    let place = place();
    let (_, path) = layer(&place, &json!({"compression_level": "1"}));
    let (low, tar) = (fs::read(&path).unwrap(), plain("gzip", &path));

    let (_, path) = layer(
        &place,
        &json!({"compression": "gzip", "compression_level": "9"}),
    );

    let high = fs::read(&path).unwrap();
    assert!(low.len() > high.len(), "{} {}", low.len(), high.len());
    assert!(plain("gzip", &path) == tar);
}

#[test]
fn task_says_both_by_parameters() {
    let place = place();
    let (_, path) = layer(
        &place,
        &json!({"compression": "zstd", "compression_level": "1"}),
    );
    let of_object = fs::read(path).unwrap();
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

    let (media_type, path) = layer_of_layout(&place);
    assert_eq!(media_type, "application/vnd.oci.image.layer.v1.tar+zstd");
    assert!(fs::read(path).unwrap() == of_object);
}
