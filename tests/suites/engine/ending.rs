//! What a build says when it is done: for a person, for a program, and for a script.

use std::fs;

use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox AS first\nRUN sleep 1.2\nFROM first\nCOPY file /\n");
    place.write("context/file", "a file");
    place
}

fn build(place: &Workplace, arguments: &[&str], object: &Value) -> Run {
    let root = place.root().display().to_string();
    let arguments = [&["build", "--root", &root], arguments].concat();
    place.send(&arguments, object)
}

fn object() -> Value {
    json!({"context": "context", "output": "image"})
}

#[test]
fn person_is_told_what_was_made_how_large_it_is_and_what_took_long() {
    let place = place();

    let first = build(&place, &[], &object()).expect(0);
    let digest = place.read("image/digest");
    place.write("context/file", "another");
    let second = build(&place, &[], &object()).expect(0);

    let ending: Vec<&str> = first.stderr.lines().rev().take(4).collect();
    assert!(ending[0].starts_with("  slowest: #"), "{}", first.stderr);
    assert!(ending[0].contains("RUN sleep 1.2 1."), "{}", first.stderr);
    assert!(ending[1].starts_with("built in "), "{}", first.stderr);
    assert!(ending[1].contains(", received 0B"), "{}", first.stderr);
    assert_eq!(ending[2], format!("  {digest}"));
    assert!(
        ending[3].starts_with("image/image.tar: "),
        "{}",
        first.stderr
    );
    assert!(
        second.stderr.contains(" layers (1 new)\n"),
        "{}",
        second.stderr
    );
    assert!(!second.stderr.contains("slowest"), "{}", second.stderr);
}

#[test]
fn program_is_told_the_same_in_the_last_line_and_in_a_file() {
    let place = place();
    let object = json!({"context": "context", "output": "image", "output_oci": true, "additional_targets": ["first"]});
    fs::create_dir(place.path("first")).unwrap();
    place.write("result.json", "what was there");

    let arguments = ["--progress", "json", "--metadata-file", "result.json"];
    let run = build(&place, &arguments, &object).expect(0);

    let mut line: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(
        line.as_object_mut().unwrap().remove("event"),
        Some(json!("result"))
    );
    let file: Value = serde_json::from_str(&place.read("result.json")).unwrap();
    assert_eq!(file, line);
    let images = file["images"].as_array().unwrap();
    let named = |image: &Value| (image["image"].clone(), image["target"].clone());
    assert_eq!(
        images.iter().map(named).collect::<Vec<_>>(),
        [
            (json!("first/image"), json!("first")),
            (json!("image/image"), json!(null))
        ]
    );
    for image in images {
        let directory = image["image"].as_str().unwrap();
        let digest = place.read(&format!("{directory}/../digest"));
        assert_eq!(image["digest"], json!(digest));
        let blobs = fs::read_dir(place.path(directory).join("blobs/sha256")).unwrap();
        let size: u64 = blobs
            .map(|blob| blob.unwrap().metadata().unwrap().len())
            .sum();
        assert_eq!(image["size"], json!(size), "{image}");
    }
    assert_eq!(
        images[0]["layers"].as_u64().unwrap() + 1,
        images[1]["layers"].as_u64().unwrap()
    );
    assert!(file["seconds"].as_f64().unwrap() > 1.0);
    assert_eq!(
        file["slowest"][0]["name"]
            .as_str()
            .map(|name| name.contains("RUN sleep 1.2")),
        Some(true)
    );
    assert!(
        !place
            .names("")
            .iter()
            .any(|name| name.starts_with(".metadata")),
        "{:?}",
        place.names("")
    );
}

#[test]
fn script_is_told_the_digest_alone() {
    let place = place();
    for arguments in [&["--quiet"][..], &["-q"], &["--progress", "quiet"]] {
        let run = build(&place, arguments, &object()).expect(0);

        assert_eq!(run.stdout, format!("{}\n", place.read("image/digest")));
        assert_eq!(run.stderr, "");
    }
    fs::remove_file(place.path("context/file")).unwrap();
    let failed = build(&place, &["-q"], &object()).expect(1);
    assert_eq!(failed.stdout, "");
    assert!(failed.stderr.contains("COPY file /"), "{}", failed.stderr);
}

#[test]
fn build_that_exports_nothing_says_so() {
    let place = place();
    fs::remove_dir(place.path("image")).unwrap();

    let run = build(&place, &[], &object()).expect(0);

    assert!(
        run.stderr.contains("\nno image was exported\nbuilt in "),
        "{}",
        run.stderr
    );
}

#[test]
fn metadata_file_that_cannot_be_written_costs_no_build_and_a_failed_build_leaves_it() {
    let place = place();
    for (path, cause) in [
        ("nowhere/result.json", "No such file"),
        ("context", "directory"),
    ] {
        let run = build(&place, &["--metadata-file", path], &object()).expect(2);

        let told = format!("error: cannot write the metadata file `{path}`");
        assert!(run.stderr.starts_with(&told), "{}", run.stderr);
        assert!(run.stderr.contains(cause), "{}", run.stderr);
    }
    place.write("result.json", "what was there");
    fs::remove_file(place.path("context/file")).unwrap();
    let _ = build(&place, &["--metadata-file", "result.json"], &object()).expect(1);
    assert_eq!(place.read("result.json"), "what was there");
}
