//! `image_platform`, `output_oci`, `debug`, `context_inputs`: the form of the image, and where steps run.

use std::fs;

use oci_image_tests::archive::{Archive, sha256};
use oci_image_tests::go_reader;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

fn build(place: &Workplace, more: Value) -> Run {
    let mut object = json!({"context": "context", "output": "image"});
    for (key, value) in more.as_object().unwrap() {
        object[key] = value.clone();
    }
    place.build(&object)
}

fn scratch() -> Workplace {
    let place = Workplace::new();
    place.dockerfile(
        "FROM scratch\nARG TARGETPLATFORM\nLABEL platform=$TARGETPLATFORM\nCOPY Dockerfile /\n",
    );
    place
}

/// A blob of the layout `image/image`, whose digest is checked.
fn blob(place: &Workplace, digest: &str) -> Value {
    let path = place
        .path("image/image/blobs")
        .join(digest.replace(':', "/"));
    let bytes = fs::read(path).unwrap();
    assert_eq!(sha256(&bytes), digest);
    serde_json::from_slice(&bytes).unwrap()
}

fn digest_of(value: &Value) -> &str {
    value["digest"].as_str().unwrap()
}

fn layout_root(place: &Workplace) -> Value {
    let index: Value = serde_json::from_str(&place.read("image/image/index.json")).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    let root = &index["manifests"][0];
    assert_eq!(place.read("image/digest"), digest_of(root));
    blob(place, digest_of(root))
}

#[test]
fn one_platform_is_that_of_the_image() {
    let place = scratch();

    let _ = build(&place, json!({"image_platform": "linux/arm64"})).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.config["architecture"], "arm64");
    assert_eq!(
        archive.config["config"]["Labels"],
        json!({"platform": "linux/arm64"})
    );
}

#[test]
fn several_platforms_are_an_index_in_an_oci_layout() {
    let place = scratch();

    let run = build(
        &place,
        json!({"image_platform": "linux/amd64,linux/arm64,linux/arm/v7"}),
    )
    .expect(0);

    let index = layout_root(&place);
    let mut platforms = Vec::new();
    for entry in index["manifests"].as_array().unwrap() {
        let config = blob(&place, digest_of(&blob(&place, digest_of(entry))["config"]));
        platforms.push(
            config["config"]["Labels"]["platform"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    platforms.sort();
    assert_eq!(platforms, ["linux/amd64", "linux/arm/v7", "linux/arm64"]);
    let response: Value = serde_json::from_str(&run.response.unwrap()).unwrap();
    assert_eq!(
        response["object"],
        json!({"image": "image/image", "digest": place.read("image/digest")})
    );
    assert_eq!(place.names("image"), ["digest", "image"]);
    let inspected = place.output("skopeo", &["inspect", "--raw", "oci:image/image"]);
    assert_eq!(serde_json::from_str::<Value>(&inspected).unwrap(), index);
    let mut read = go_reader::whole(&place.path("image/image"));
    read.sort();
    assert_eq!(read, platforms);
}

#[test]
fn several_platforms_and_a_rootfs_are_refused() {
    let place = scratch();

    let run = build(
        &place,
        json!({"image_platform": "linux/amd64,linux/arm64", "unpack_rootfs": true}),
    )
    .expect(2);

    assert!(
        run.stderr.contains("`unpack_rootfs` takes one platform"),
        "{}",
        run.stderr
    );
    assert!(!place.root().exists());
}

#[test]
fn oci_layout_is_a_directory_and_the_digest_is_that_of_its_manifest() {
    let place = scratch();

    let _ = build(&place, json!({"output_oci": true})).expect(0);

    let manifest = layout_root(&place);
    let config = blob(&place, digest_of(&manifest["config"]));
    assert_eq!(config["os"], "linux");
    assert_eq!(place.names("image"), ["digest", "image"]);
    assert_eq!(
        place.names("image/image"),
        ["blobs", "index.json", "oci-layout"]
    );
    let inspected = place.output("skopeo", &["inspect", "--raw", "oci:image/image"]);
    assert_eq!(serde_json::from_str::<Value>(&inspected).unwrap(), manifest);
    assert_eq!(go_reader::whole(&place.path("image/image")).len(), 1);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn context_inputs_are_part_of_the_context() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY vendor/lib /lib\n");
    place.write("context/vendor/lib/note", "from an input");

    let _ = build(&place, json!({"context_inputs": {"lib": "vendor/lib"}})).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("lib/note"), "from an input");
}

#[test]
fn context_input_that_is_not_there_is_said() {
    let place = scratch();

    let run = build(&place, json!({"context_inputs": {"lib": "vendor/lib"}}));

    assert!(
        run.stderr
            .contains("no directory stands at `context/vendor/lib`"),
        "{}",
        run.stderr
    );
}

#[test]
fn debug_makes_the_daemon_talk() {
    let place = scratch();

    let plain = build(&place, json!({})).expect(0);
    let debug = build(&place, json!({"debug": true})).expect(0);

    assert!(!plain.stderr.contains("level=debug"), "{}", plain.stderr);
    assert!(debug.stderr.contains("level=debug"), "{}", debug.stderr);
}

#[test]
fn dockerfile_outside_of_the_context_is_used() {
    let place = scratch();
    place.write(
        "recipes/App.dockerfile",
        "FROM scratch\nCOPY note /from-elsewhere\n",
    );
    place.write("context/note", "1");

    let _ = build(&place, json!({"dockerfile": "recipes/App.dockerfile"})).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("from-elsewhere"), "1");
}

#[test]
fn dockerfile_that_stands_in_the_context_is_said_to_be_there() {
    let place = scratch();
    place.write("context/App.dockerfile", "FROM scratch\n");

    let run = build(&place, json!({"dockerfile": "App.dockerfile"})).expect(2);

    for part in [
        "the Dockerfile `App.dockerfile` does not exist",
        "write `context/App.dockerfile`",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}
