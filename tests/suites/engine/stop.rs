//! Builds that are stopped: whatever ends the program, nothing of it runs on or stays.

use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

fn object() -> Value {
    json!({"context": "context", "output": "image"})
}

fn stopped_by(signal: &str, status: i32) {
    let place = Workplace::new();
    let (child, _) = place.start_endless_build();
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

/// An archive of `docker save` whose one layer has to be hashed: it is compressed, and not named by its digest. Sparse.
fn base_of_40_gib(path: &Path) {
    let diff_ids = [format!("sha256:{}", "0".repeat(64))];
    let config = json!({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let manifest = json!([{"Config": "c.json", "RepoTags": null, "Layers": ["a/layer.tar"]}]);
    let size = 40 << 30;
    let mut archive = tar::Builder::new(File::create(path).unwrap());
    for (name, document) in [("c.json", config), ("manifest.json", manifest)] {
        let text = document.to_string();
        let header = &mut tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive.append_data(header, name, text.as_bytes()).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_path("a/layer.tar").unwrap();
    header.set_size(size);
    header.set_cksum();
    let file = archive.get_mut();
    file.write_all(header.as_bytes()).unwrap();
    file.write_all(b"\x1f\x8b\x08").unwrap();
    let end = file.stream_position().unwrap() - 3 + size;
    file.set_len(end + 1024).unwrap();
    std::mem::forget(archive); // its end is written already
}

#[test]
fn stop_is_heard_while_a_base_image_is_hashed() {
    let place = Workplace::new();
    place.dockerfile("ARG base=scratch\nFROM $base\nLABEL a=b\n");
    base_of_40_gib(&place.path("base.tar"));
    let child = place.start_build(
        &json!({"context": "context", "output": "image", "image_args": ["base=base.tar"]}),
    );
    // What is staged is cleared away too.
    place.wait_for("the output to be staged", || {
        !place.names("image").is_empty()
    });
    let told = "reading the base images of `base`\n";
    place.wait_for("the wait to be told", || {
        let held = rustix::io::ioctl_fionread(child.stderr.as_ref().unwrap()).unwrap();
        usize::try_from(held).unwrap() >= told.len()
    });
    let asked = Instant::now();

    place.signal(&child, "SIGTERM");
    let run = place.finish(child).expect(143);

    // Against minutes.
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(run.stderr, format!("{told}error: stopped by SIGTERM\n"));
    assert_eq!(place.names("image"), Vec::<String>::new());
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn stop_is_heard_while_a_message_is_waited_for() {
    let place = Workplace::new();
    for (arguments, signal, status) in [
        (&["build"][..], "SIGTERM", 143),
        (&[], "SIGINT", 130),
        (&["validate"], "SIGHUP", 129),
    ] {
        let child = place.command(arguments).spawn().unwrap();
        let path = format!("/proc/{}/status", child.id());
        place.wait_for("the program to hear signals", || {
            fs::read_to_string(&path).is_ok_and(|status| catches(&status, 15))
        });

        place.signal(&child, signal);
        let run = place.finish(child).expect(status);

        assert_eq!(run.stderr, format!("error: stopped by {signal}\n"));
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn stop_is_heard_while_nobody_reads_the_answer() {
    let place = Workplace::new();
    let wrong = place.write("wrong.json", "{}");
    let files = vec![wrong.to_str().unwrap(); 400];
    let arguments = [vec!["validate", "--output-format", "json"], files].concat();
    let child = place.command(&arguments).spawn().unwrap();
    place.wait_for("the pipe to be full", || {
        let held = rustix::io::ioctl_fionread(child.stdout.as_ref().unwrap());
        held.unwrap() > 60_000
    });

    place.signal(&child, "SIGTERM");
    let run = place.finish(child).expect(143);

    assert_eq!(run.stderr, "error: stopped by SIGTERM\n");
}

/// Whether a process has a handler for a signal, by its `/proc/PID/status`.
fn catches(status: &str, signal: u32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (signal - 1) != 0)
}

#[test]
fn stop_is_heard_while_another_build_holds_the_lock_of_the_cache() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    fs::create_dir(place.path("cache")).unwrap();
    let cache = File::open(place.path("cache")).unwrap();
    cache.lock().unwrap();
    let child = place.start_build(&json!({"context": "context", "output": "image", "cache": true}));
    // Made right before the lock is tried.
    place.wait_for("the cache to be used", || {
        place.path("cache/ingest").exists()
    });
    place.signal(&child, "SIGTERM");
    let run = place.finish(child);

    assert_eq!(run.status, 143, "{}", run.stderr);
    assert_eq!(place.names("image"), Vec::<String>::new());
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn sigkill_leaves_nothing_running_after_two_seconds() {
    let place = Workplace::new();
    let (child, _) = place.start_endless_build();

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
    let (child, _) = place.start_endless_build();

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
    let (first, _) = place.start_endless_build();
    let other = Workplace::new();
    other.dockerfile("FROM scratch\nCOPY busybox /\n");
    let root = place.root();
    let mut command = other.command(&["build", "--root", root.to_str().unwrap()]);
    command.stderr(File::create(other.path("stderr")).unwrap());
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
