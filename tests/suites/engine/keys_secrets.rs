//! `buildkit_secrets`: steps can use them, and nobody else ever sees them.

use std::fs;
use std::path::PathBuf;

use oci_image_tests::archive::Archive;
use oci_image_tests::secrecy::Secrets;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

const FILE_SECRET: &str = "xyzzy-file-5b1f0c";
const TEXT_SECRET: &str = "plugh-text-9a77de";

fn secrets() -> Secrets {
    Secrets::new([FILE_SECRET, TEXT_SECRET])
}

/// A build whose step has the secrets mounted while `look` is called.
fn build_and_look(place: &Workplace, look: impl FnOnce()) -> Run {
    let mark = place.mark();
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=file --mount=type=secret,id=text,target=/text \\\n    \
         cat /run/secrets/file /text | md5sum > /sum; sleep {mark} || true\n"
    ));
    let child = place.start_build(&object());
    let step = format!("sleep {mark}");
    let sleeping = || -> Option<u32> {
        let sleeps = |pid: &u32| {
            fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\0"))
        };
        place.processes(&step).into_iter().find(sleeps)
    };
    place.wait_for("the step to hold its secrets", || sleeping().is_some());
    look();
    place.signal_process(sleeping().unwrap(), "SIGKILL");
    place.finish(child)
}

fn object() -> Value {
    json!({
        "context": "context", "output": "image", "cache": true, "debug": true, "unpack_rootfs": true,
        "buildkit_secrets": {"file": "secrets/token", "text": {"text": TEXT_SECRET}},
    })
}

fn place() -> Workplace {
    let place = Workplace::new();
    place.write("secrets/token", FILE_SECRET);
    fs::create_dir(place.path("cache")).unwrap();
    place
}

#[test]
fn secrets_reach_the_step_and_show_nowhere_else() {
    let place = place();

    let run = build_and_look(&place, || {
        assert_eq!(secrets().telling_processes(), Vec::<PathBuf>::new());
        assert_eq!(
            secrets().holders(&place.path("image")),
            Vec::<PathBuf>::new()
        );
    })
    .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    let sum = place.output(
        "sh",
        &["-c", &format!("printf {FILE_SECRET}{TEXT_SECRET} | md5sum")],
    );
    assert_eq!(archive.text("sum"), sum);
    for layer in &archive.layers {
        assert!(
            !layer
                .values()
                .any(|entry| secrets().show_in(&entry.contents))
        );
    }
    assert!(!secrets().show_in(run.stderr.as_bytes()), "{}", run.stderr);
    assert!(!secrets().show_in(run.stdout.as_bytes()), "{}", run.stdout);
    // The daemon's root and log, the cache, the image, `rootfs/`, the response, temporary files.
    assert_eq!(
        secrets().holders(&place.path("..").canonicalize().unwrap()),
        [place
            .path("..")
            .canonicalize()
            .unwrap()
            .join("work/secrets/token")]
    );
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn plan_and_diagnostics_do_not_show_a_secret() {
    let place = place();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let mut wrong = object();
    wrong["buildkit_secrets"]["third"] = json!({"txet": TEXT_SECRET});

    let message =
        |object: &Value| json!({"object": object, "response_path": "/dev/null"}).to_string();

    let plan = place
        .run(&["plan"], message(&object()).as_bytes())
        .expect(0);
    let refused = place.run(&["build"], message(&wrong).as_bytes()).expect(2);

    for run in [plan, refused] {
        assert!(!secrets().show_in(run.stdout.as_bytes()), "{}", run.stdout);
        assert!(!secrets().show_in(run.stderr.as_bytes()), "{}", run.stderr);
    }
}

#[test]
fn secret_that_is_not_offered_fails_the_step_that_requires_it() {
    let place = place();
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=other,required=true cat /run/secrets/other\n",
    );

    let run = place.build(&object()).expect(1);

    assert!(run.stderr.contains("other"), "{}", run.stderr);
    assert!(run.stderr.contains("Dockerfile:5"), "{}", run.stderr);
}

/// Refused with status 2 before a daemon is started, and `parts` say why.
fn refused(place: &Workplace, secrets: Value, parts: &[&str]) {
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = json!({"context": "context", "output": "image", "buildkit_secrets": secrets});

    let run = place.build(&object).expect(2);

    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
    assert!(!place.root().exists(), "the daemon was started");
    assert_eq!(place.names("image"), Vec::<String>::new());
}

#[test]
fn secret_whose_file_is_missing_is_refused() {
    refused(
        &Workplace::new(),
        json!({"token": "secrets/none"}),
        // What is no path may be the secret itself: its id is told.
        &["the file of the secret `token` does not exist"],
    );
}

#[test]
fn secret_larger_than_500_kib_is_refused() {
    let place = Workplace::new();
    place.write("secrets/large", vec![b'x'; 500 * 1024 + 1]);

    refused(
        &place,
        json!({"token": "secrets/large"}),
        &["the file of the secret `token`", "more than 512000 bytes"],
    );
    refused(
        &place,
        json!({"token": {"text": "x".repeat(500 * 1024 + 1)}}),
        &["`token`", "more than 512000 bytes"],
    );
}

#[test]
fn secret_of_500_kib_reaches_the_step() {
    let place = Workplace::new();
    place.write("secrets/large", vec![b'x'; 500 * 1024]);
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=large --mount=type=secret,id=text \\\n    \
         cat /run/secrets/large /run/secrets/text | wc -c > /size\n",
    );

    let _ = place
        .build(&json!({
            "context": "context", "output": "image",
            // A line break takes two bytes in JSON: what counts is the text.
            "buildkit_secrets": {"large": "secrets/large", "text": {"text": "\n".repeat(500 * 1024)}},
        }))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("size"), "1024000\n");
}
