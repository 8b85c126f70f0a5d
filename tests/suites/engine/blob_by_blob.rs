//! Images come blob by blob: what this machine has does not come again, and what is put together is what would have come.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::slice;

use oci_image_tests::archive::{Archive, sha256};
use oci_image_tests::base::{self, Layer};
use oci_image_tests::layout;
use oci_image_tests::random::Random;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// What documents and the daemon's odds and ends may need.
const SMALL: u64 = 64 << 10;
/// More than any of that.
const LARGE: usize = 3 << 20;

/// A context with a large file and a small one, each of which becomes a layer. Times do not tell builds apart.
fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY large /\nCOPY small /\n");
    place.write("context/large", Random::new(1).bytes(LARGE));
    place.write("context/small", "first");
    place
}

fn object() -> Value {
    json!({"context": "context", "output": "image", "build_args": ["SOURCE_DATE_EPOCH=1"]})
}

/// How many bytes of results came.
fn received(run: &Run) -> u64 {
    let event = |line: &str| serde_json::from_str::<Value>(line).ok();
    let received =
        |event: Value| (event["event"] == "result").then(|| event["received"].as_u64())?;
    let found = run.stderr.lines().filter_map(event).find_map(received);
    found.unwrap_or_else(|| panic!("no result in:\n{}", run.stderr))
}

fn build(place: &Workplace, object: &Value) -> u64 {
    let root = place.root();
    let arguments = [
        "build",
        "--progress",
        "json",
        "--root",
        root.to_str().unwrap(),
    ];
    received(&place.send(&arguments, object).expect(0))
}

/// The same build of a machine that has nothing.
fn build_afresh(place: &Workplace, object: &Value) {
    fs::remove_dir_all(place.root()).unwrap();
    build(place, object);
}

fn archive(place: &Workplace) -> Vec<u8> {
    fs::read(place.path("image/image.tar")).unwrap()
}

/// The files of what is kept.
fn kept(place: &Workplace) -> Vec<PathBuf> {
    let blobs = fs::read_dir(place.root().join("kept-blobs/blobs/sha256")).unwrap();
    blobs.map(|blob| blob.unwrap().path()).collect()
}

/// The layers of an archive by digest, as they are when they are not compressed.
fn layers(place: &Workplace, archive: &str) -> BTreeMap<String, Vec<u8>> {
    let found = Archive::read(&place.path(archive));
    let saved: Value = serde_json::from_slice(&found.files["manifest.json"]).unwrap();
    let names = saved[0]["Layers"].as_array().unwrap().iter();
    let layer = |name: &Value| {
        let name = name.as_str().unwrap();
        let digest = name.replace("blobs/sha256/", "sha256:");
        let command = format!("tar -xOf {archive} {name} | gzip -dc | sha256sum");
        (digest, place.output("sh", &["-c", &command]).into_bytes())
    };
    names.map(layer).collect()
}

#[test]
fn a_layer_that_is_new_comes_alone_and_the_archive_is_that_of_a_cold_build() {
    let place = place();
    build(&place, &object());
    place.write("context/small", "second");

    let warm = build(&place, &object());

    assert!(warm < SMALL, "{warm}");
    let assembled = archive(&place);
    build_afresh(&place, &object());
    assert!(archive(&place) == assembled);
}

#[test]
fn nothing_comes_where_nothing_is_new() {
    let place = place();
    build(&place, &object());
    let before = archive(&place);

    assert_eq!(build(&place, &object()), 0);

    assert!(archive(&place) == before);
}

#[test]
fn a_layer_of_several_targets_comes_once() {
    let place = place();
    place.dockerfile("FROM scratch AS one\nCOPY large /\nFROM one AS two\nCOPY small /\n");
    let object = json!({"context": "context", "output": "image", "additional_targets": ["one"]});
    fs::create_dir(place.path("one")).unwrap();

    let received = build(&place, &object);

    assert!(received < SMALL, "{received}");
}

#[test]
fn what_is_kept_and_was_damaged_comes_again() {
    let place = place();
    build(&place, &object());
    let whole = archive(&place);
    for (number, path) in kept(&place).iter().enumerate() {
        let mut bytes = fs::read(path).unwrap();
        match number % 3 {
            0 => bytes[0] ^= 1,
            1 => bytes.truncate(1),
            _ => bytes.extend(b"more"),
        }
        fs::write(path, bytes).unwrap();
    }

    build(&place, &object());

    assert!(archive(&place) == whole);
    assert_eq!(build(&place, &object()), 0);
}

#[test]
fn layers_of_a_preloaded_base_do_not_come_and_are_gzip() {
    for is_raw in [false, true] {
        let place = place();
        let layer = Layer::new()
            .file("noise", Random::new(2).bytes(LARGE))
            .bytes();
        let stored = if is_raw { layer.clone() } else { gzip(&layer) };
        base::write_archive(&place.path("base.tar"), &[stored], &[sha256(&layer)]);
        place.dockerfile("ARG BASE\nFROM ${BASE}\nCOPY small /\n");
        let object =
            json!({"context": "context", "output": "image", "image_args": ["BASE=base.tar"]});

        let cold = build(&place, &object);

        assert!(cold < SMALL, "{cold}");
        let found = Archive::read(&place.path("image/image.tar"));
        let config: Value = serde_json::from_slice(&found.files["manifest.json"]).unwrap();
        assert_eq!(config[0]["Layers"].as_array().unwrap().len(), 2);
        let plain: Vec<_> = layers(&place, "image/image.tar").into_values().collect();
        let line = format!("{}  -\n", sha256(&layer).replace("sha256:", ""));
        assert!(plain.contains(&line.into_bytes()));
    }
}

#[test]
fn layers_of_a_preloaded_base_are_not_pulled() {
    for is_raw in [false, true] {
        let place = place();
        let layer = Layer::new()
            .file("noise", Random::new(3).bytes(LARGE))
            .bytes();
        let stored = if is_raw { layer.clone() } else { gzip(&layer) };
        base::write_archive(
            &place.path("base.tar"),
            slice::from_ref(&stored),
            &[sha256(&layer)],
        );
        place.dockerfile("ARG BASE\nFROM ${BASE}\nCOPY small /\n");
        let object =
            json!({"context": "context", "output": "image", "image_args": ["BASE=base.tar"]});

        let run = place.build(&object).expect(0);

        let is_of_pull = |line: &&str| line.contains(&sha256(&stored)) && line.contains(" / ");
        let pulled: Vec<_> = run.stderr.lines().filter(is_of_pull).collect();
        assert_eq!(pulled, [""; 0], "{}", run.stderr);
        assert!(
            run.stderr
                .contains(&format!("extracting {}", sha256(&stored)))
        );
        let hex = &sha256(&stored)["sha256:".len()..];
        let workers = fs::read_dir(place.root()).unwrap();
        let in_store = |path: PathBuf| fs::read(path.join("content/blobs/sha256").join(hex)).ok();
        let found: Vec<_> = workers
            .filter_map(|worker| in_store(worker.unwrap().path()))
            .collect();
        assert!(found == [stored]);
    }
}

#[test]
fn a_layer_from_the_cache_does_not_come_and_is_the_same_blob() {
    let place = place();
    let mut object = object();
    object["cache"] = true.into();
    fs::create_dir(place.path("cache")).unwrap();
    build(&place, &object);
    let first = layers(&place, "image/image.tar");
    layout::assert_sound(&place.path("cache"));
    for digest in first.keys() {
        let blob = place.path("cache/blobs").join(digest.replace(':', "/"));
        assert!(blob.exists(), "{digest} is a blob of the cache");
    }
    fs::remove_dir_all(place.root()).unwrap();

    let received = build(&place, &object);

    assert!(received < SMALL, "{received}");
    assert_eq!(layers(&place, "image/image.tar"), first);
}

#[test]
fn a_layout_keeps_what_a_daemon_compresses_otherwise() {
    let place = place();
    let mut object = object();
    object["output_oci"] = true.into();

    build(&place, &object);
    let first = build(&place, &object);

    assert_eq!(first, 0);
    layout::assert_sound(&place.path("image/image"));
    let digest = place.read("image/digest");
    let index: Value = serde_json::from_str(&place.read("image/image/index.json")).unwrap();
    assert_eq!(index["manifests"][0]["digest"], digest.as_str());
}

#[test]
fn layers_are_the_same_bytes_on_one_core_and_on_all() {
    let place = place();
    place.write("context/large", "compressible ".repeat(500_000));
    build(&place, &object());
    let whole = archive(&place);
    fs::remove_dir_all(place.root()).unwrap();
    let root = place.root();
    let command = place.command(&["build", "--root", root.to_str().unwrap()]);
    let mut alone = Command::new("taskset");
    alone.args(["--cpu-list", "0"]).arg(command.get_program());
    alone.args(command.get_args()).current_dir(place.path(""));
    alone.envs((command.get_envs()).filter_map(|(name, value)| Some((name, value?))));
    alone
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let message = json!({"object": object(), "response_path": "../response"});

    let _ = place
        .run_command(alone, message.to_string().as_bytes())
        .expect(0);

    assert!(archive(&place) == whole);
}

/// By `gzip` itself.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("layer");
    fs::write(&path, bytes).unwrap();
    let output = Command::new("gzip").arg("-nc").arg(&path).output();
    output.unwrap().stdout
}
