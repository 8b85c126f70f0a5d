//! The main job, end to end: a request becomes an image through the sandbox and a real daemon.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, UNIX_EPOCH};

use oci_image_tests::archive::{Archive, sha256};
use oci_image_tests::go_reader;
use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

const STAGES: &str = "\
BUSYBOX
FROM busybox AS compile
ARG GREETING=none
COPY source /source
RUN echo \"$GREETING\" > /made && chown 12:34 /made && chmod 4750 /made
RUN ln -s made /soft && ln /made /hard

FROM scratch
ENV MOTTO=\"built here\"
COPY --from=compile /made /soft /hard /source/ /out/
";

fn stages(place: &Workplace) {
    place.dockerfile(STAGES);
    place.write("context/source/note.txt", "from the context\n");
}

#[test]
fn request_becomes_an_image_with_its_digest_and_a_response() {
    let place = Workplace::new();
    stages(&place);

    let run = place
        .build(&json!({
            "context": "context", "output": "image",
            "build_args": ["GREETING=hello = world"], "labels": ["org.example.title=A title", "empty="],
        }))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("out/made"), "hello = world\n");
    assert_eq!(archive.text("out/note.txt"), "from the context\n");
    let made = archive.entry("out/made").unwrap();
    assert_eq!((made.mode, made.owner), (0o4750, (12, 34)));
    assert_eq!(archive.config["config"]["Env"][1], "MOTTO=built here");
    assert_eq!(
        archive.config["config"]["Labels"],
        json!({"org.example.title": "A title", "empty": ""})
    );
    let digest = place.read("image/digest");
    assert_eq!(digest, archive.config_digest);
    let response: Value = serde_json::from_str(&run.response.unwrap()).unwrap();
    assert_eq!(
        response["object"],
        json!({"image": "image/image.tar", "digest": digest})
    );
    assert_eq!(
        response["metadata"][0],
        json!({"name": "digest", "value": digest})
    );
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn image_is_readable_by_others_as_the_umask_says() {
    let place = Workplace::new();
    stages(&place);

    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);

    let plain = place.write("plain", "");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(place.path("image/image.tar")), mode(plain.clone()));
    assert_eq!(mode(place.path("image/digest")), mode(plain));
}

#[test]
fn image_is_what_an_independent_reader_says_it_is() {
    let place = Workplace::new();
    stages(&place);

    let _ = place
        .build(&json!({"context": "context", "output": "image", "labels": ["a=b"]}))
        .expect(0);

    let path = place.path("image/image.tar");
    let inspected = place.output(
        "skopeo",
        &[
            "inspect",
            "--config",
            &format!("docker-archive:{}", path.display()),
        ],
    );
    let config: Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(config["config"]["Labels"], json!({"a": "b"}));
    let raw = place.output(
        "skopeo",
        &[
            "inspect",
            "--raw",
            &format!("oci-archive:{}", path.display()),
        ],
    );
    let manifest: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(manifest["config"]["digest"], place.read("image/digest"));
    let platform = format!("linux/{}", config["architecture"].as_str().unwrap());
    assert_eq!(go_reader::whole(&path), [platform]);
    let files = Archive::read(&path).files;
    let blobs = files
        .iter()
        .filter_map(|(name, blob)| Some((name.strip_prefix("blobs/sha256/")?, blob)));
    for (digest, blob) in blobs.filter(|(digest, _)| !digest.is_empty()) {
        assert_eq!(sha256(blob), format!("sha256:{digest}"));
    }
}

#[test]
fn second_build_takes_its_steps_from_the_warm_root() {
    let place = Workplace::new();
    stages(&place);
    let object = json!({"context": "context", "output": "image"});
    let first = place.build(&object).expect(0);

    let second = place.build(&object).expect(0);

    assert!(!first.stderr.contains("CACHED"), "{}", first.stderr);
    assert!(second.stderr.contains("CACHED"), "{}", second.stderr);
}

#[test]
fn progress_shows_steps_logs_and_durations_on_standard_error() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo one; echo two >&2\n");

    let run = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);

    let step = run
        .stderr
        .lines()
        .find(|line| line.contains("RUN echo one"))
        .unwrap();
    let number = step.split_whitespace().next().unwrap();
    for word in ["one", "two"] {
        assert!(
            run.stderr
                .lines()
                .any(|line| line.starts_with(number) && line.ends_with(word)),
            "{}",
            run.stderr
        );
    }
    assert!(
        run.stderr
            .lines()
            .any(|line| line.starts_with(&format!("{number} DONE"))),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
}

#[test]
fn missing_image_directory_builds_exports_nothing_and_says_so() {
    let place = Workplace::new();
    stages(&place);
    fs::remove_dir(place.path("image")).unwrap();

    let run = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);

    assert!(run.stderr.contains("warning"), "{}", run.stderr);
    assert!(run.stderr.contains("`image`"), "{}", run.stderr);
    assert_eq!(run.response.as_deref(), Some(""));
    assert!(!place.path("image").exists());
}

#[test]
fn dockerfile_in_lower_case_is_used_where_no_other_is() {
    let place = Workplace::new();
    place.write("context/dockerfile", "FROM scratch\nCOPY note /lower\n");
    place.write("context/Dockerfile.dockerignore", "ignored\n");
    place.write("context/note", "");

    for object in [
        json!({"context": "context", "output": "image", "build_args": ["MISPELT=1"]}),
        json!({"context": "context", "output": "image", "build_args": ["MISPELT=1"], "dockerfile": "context/Dockerfile"}),
    ] {
        let run = place.build(&object).expect(0);
        let archive = Archive::read(&place.path("image/image.tar"));
        assert_eq!(archive.text("lower"), "");
        // It is the one that is judged, too.
        assert!(run.stderr.contains("`MISPELT`"), "{}", run.stderr);
    }
    place.dockerfile("FROM scratch\nCOPY note /upper\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("upper"), "");
}

#[test]
fn dockerfile_elsewhere_and_target_are_obeyed() {
    let place = Workplace::new();
    place.dockerfile("FROM nothing-that-exists\n");
    place.write(
        "recipes/App.dockerfile",
        "FROM scratch AS one\nCOPY one /one\nFROM scratch AS two\nCOPY two /two\n",
    );
    place.write("context/one", "1");
    place.write("context/two", "2");

    let _ = place
        .build(&json!({"context": "context", "output": "image", "dockerfile": "recipes/App.dockerfile", "target": "one"}))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("one"), "1");
    assert_eq!(archive.entry("two"), None);
}

/// moby/buildkit#1368: a daemon that keeps a context compares sizes and times.
#[test]
fn file_that_was_replaced_together_with_its_time_is_built_anew() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY version twin /\n");
    let since = Duration::from_secs(1_600_000_000);
    let write = |version: &str| {
        let path = place.write("context/version", version);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(UNIX_EPOCH + since).unwrap();
    };
    let object = json!({"context": "context", "output": "image"});
    write("1.0.1");
    place.write("context/twin", "left alone");
    let _ = place.build(&object).expect(0);

    write("1.0.2");
    let _ = place.build(&object).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("version"), "1.0.2");
    assert_eq!(archive.text("twin"), "left alone");
    assert_eq!(archive.entry("version").unwrap().modified, since.as_secs());
}

/// The same for a file that another one of its size and time takes the place of.
#[test]
fn file_whose_place_another_of_its_size_and_time_took_is_built_anew() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY current/version /\n");
    for version in ["1.0.1", "1.0.2"] {
        let path = place.write(&format!("context/{version}/version"), version);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(UNIX_EPOCH).unwrap();
    }
    let object = json!({"context": "context", "output": "image"});
    fs::rename(place.path("context/1.0.1"), place.path("context/current")).unwrap();
    let _ = place.build(&object).expect(0);

    fs::remove_dir_all(place.path("context/current")).unwrap();
    fs::rename(place.path("context/1.0.2"), place.path("context/current")).unwrap();
    let _ = place.build(&object).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("version"), "1.0.2");
}
