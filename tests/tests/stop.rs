//! Builds that are stopped: whatever ends the program, nothing of it runs on or stays.

use std::process::Child;
use std::time::{Duration, Instant};

use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

fn object() -> Value {
    json!({"context": "context", "output": "image"})
}

/// A build whose step runs until it is stopped, and that step's mark in the process table.
fn endless(place: &Workplace) -> Child {
    let mark = place.mark();
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN echo started; sleep {mark}\n"
    ));
    let child = place.start_build(&object());
    place.wait_for("the step to run", || {
        !place.processes(&format!("sleep {mark}")).is_empty()
    });
    child
}

fn stopped_by(signal: &str, status: i32) {
    let place = Workplace::new();
    let child = endless(&place);
    let asked = Instant::now();

    place.signal(&child, signal);
    let run = place.finish(child);

    assert_eq!(run.status, status, "{}", run.stderr);
    assert_eq!(place.leftovers(), Vec::<String>::new());
    assert_eq!(place.names("image"), Vec::<String>::new());
    assert!(run.stderr.contains(signal), "{}", run.stderr);
    assert!(
        asked.elapsed() < Duration::from_secs(20),
        "{:?}",
        asked.elapsed()
    );
}

#[test]
fn sigterm_ends_everything_with_status_143() {
    stopped_by("SIGTERM", 143);
}

#[test]
fn sigint_ends_everything_with_status_130() {
    stopped_by("SIGINT", 130);
}

#[test]
fn sigkill_leaves_nothing_running_after_two_seconds() {
    let place = Workplace::new();
    let child = endless(&place);

    place.signal(&child, "SIGKILL");
    let run = place.finish(child);
    assert_eq!(run.status, 137);

    place.wait_up_to(Duration::from_secs(2), "everything to end", || {
        place.running().is_empty()
    });
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let _ = place.build(&object()).expect(0);
    assert_eq!(place.leftovers(), Vec::<String>::new());
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
}

#[test]
fn daemon_that_is_killed_fails_the_build_at_once() {
    let place = Workplace::new();
    let child = endless(&place);

    for daemon in place.processes("buildkitd") {
        place.signal_process(daemon, "SIGKILL");
    }
    let run = place.finish(child);

    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("buildkitd"), "{}", run.stderr);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn second_build_on_one_root_waits_and_says_so() {
    let place = Workplace::new();
    let first = endless(&place);
    let other = Workplace::new();
    other.dockerfile("FROM scratch\nCOPY busybox /\n");
    let root = place.root();
    let mut command = other.command(&["build", "--root", root.to_str().unwrap()]);
    command.stderr(std::fs::File::create(other.path("stderr")).unwrap());
    let mut second = command.spawn().unwrap();
    let message =
        br#"{"object":{"context":"context","output":"image"},"response_path":"/dev/null"}"#;
    std::io::Write::write_all(&mut second.stdin.take().unwrap(), message).unwrap();

    place.wait_for("the second to say that it waits", || {
        other.read("stderr").contains("another build")
    });
    assert!(!other.path("image/image.tar").exists());
    place.signal(&first, "SIGTERM");
    let _ = place.finish(first);
    let run = other.finish(second);

    assert_eq!(run.status, 0, "{}", other.read("stderr"));
    assert_eq!(other.names("image"), ["digest", "image.tar"]);
}
