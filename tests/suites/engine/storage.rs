//! What builds keep, told and removed by the program: as many bytes go as were told, a build afterwards finds a root that is whole, and
//! nothing goes while a build uses it.

use std::fs;
use std::path::PathBuf;

use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// A place whose root holds what a build with a base, a step and a layer of some size has left.
fn built() -> Workplace {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nCOPY noise /noise\nRUN echo made >/made\n");
    // No disk makes less of it, and no codec.
    let noise: Vec<u8> = (0..1_000_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    place.write("context/noise", noise);
    build(&place);
    place
}

fn build(place: &Workplace) {
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
}

/// A command about this place's root.
fn ask(place: &Workplace, command: &str, arguments: &[&str]) -> Run {
    let root = place.root();
    let root = root.to_str().unwrap();
    // What is not written yet has other blocks later.
    let _ = place.output("sync", &["-f", root]);
    place.run(&[&[command, "--root", root], arguments].concat(), b"")
}

fn answer(place: &Workplace, command: &str, arguments: &[&str]) -> Value {
    let run = ask(place, command, &[&["--json"], arguments].concat()).expect(0);
    serde_json::from_str(&run.stdout).unwrap()
}

fn bytes(answer: &Value, name: &str) -> u64 {
    answer[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} in {answer}"))
}

fn snapshots(place: &Workplace) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.root()).unwrap();
    let workers = entries.map(|entry| entry.unwrap().path());
    let snapshots = workers.map(|worker| worker.join("snapshots/snapshots"));
    let lists = snapshots.filter_map(|snapshots| fs::read_dir(snapshots).ok());
    lists.flatten().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn parts_of_a_root_are_told_and_all_of_them_go_as_they_were_told() {
    let place = built();

    let used = answer(&place, "du", &[]);
    let parts =
        ["snapshots", "content", "kept_blobs", "programs", "other"].map(|part| bytes(&used, part));
    assert_eq!(bytes(&used, "total"), parts.iter().sum::<u64>(), "{used}");
    assert!(bytes(&used, "snapshots") > 4_000_000, "{used}");
    assert!(bytes(&used, "kept_blobs") > 1_000_000, "{used}");
    assert_eq!(used["unread_directories"], 0);
    let digest = used["largest_blobs"][0]["digest"].as_str().unwrap();
    assert!(digest.starts_with("sha256:"), "{used}");
    let text = ask(&place, "du", &[]).expect(0).stdout;
    assert!(
        text.contains("MB    snapshots: ") && text.contains("largest blobs:\n"),
        "{text}"
    );

    let freed = answer(&place, "prune", &["--all"]);

    assert_eq!(
        bytes(&freed, "freed"),
        bytes(&used, "total"),
        "{used} {freed}"
    );
    assert_eq!(bytes(&freed, "after"), 0);
    assert_eq!(bytes(&answer(&place, "du", &[]), "total"), 0);
    let left: Vec<_> = fs::read_dir(place.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["oci-image.lock"]);
    build(&place);
    assert!(bytes(&answer(&place, "du", &[]), "snapshots") > 4_000_000);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn daemon_and_kept_blobs_are_pruned_to_what_is_to_stay() {
    let place = built();
    let before = answer(&place, "du", &[]);

    let nothing = answer(&place, "prune", &["--keep", "10GB", "--older-than", "7d"]);
    // What stays is of use: a daemon that starts tidies away what is not.
    assert!(bytes(&nothing, "freed") < 200_000, "{nothing}");
    let object = json!({"context": "context", "output": "image"});
    let cached = place.build(&object).expect(0).stderr;
    assert!(
        cached.contains("RUN echo made") && cached.matches(" CACHED").count() >= 3,
        "{cached}"
    );
    let count = snapshots(&place).len();
    let freed = answer(&place, "prune", &["--keep", "0"]);

    let after = answer(&place, "du", &[]);
    assert!(snapshots(&place).len() < count, "{:?}", snapshots(&place));
    for part in ["snapshots", "kept_blobs"] {
        assert!(
            bytes(&after, part) < 500_000,
            "{part} of {after}, {before} before"
        );
    }
    assert_eq!(bytes(&freed, "after"), bytes(&after, "total"));
    assert_eq!(
        bytes(&freed, "freed"),
        bytes(&freed, "before") - bytes(&freed, "after")
    );
    build(&place);
    assert_eq!(place.leftovers(), Vec::<String>::new());

    let _ = answer(&place, "prune", &["--older-than", "0s"]);
    assert!(bytes(&answer(&place, "du", &[]), "snapshots") < 500_000);
    build(&place);
}

#[test]
fn usual_pruning_leaves_what_is_new_and_the_daemons_cache_and_says_so() {
    let place = built();
    let before = answer(&place, "du", &[]);

    let run = ask(&place, "prune", &[]).expect(0);

    let root = fs::canonicalize(place.root()).unwrap();
    assert!(run.stdout.starts_with("freed 0B; `"), "{}", run.stdout);
    assert!(
        run.stdout.contains(&format!("`{}` has ", root.display())),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("the daemon's own cache is left to its garbage collection; `--keep`, `--older-than` and `--all` prune it too\n"), "{}", run.stdout);
    assert_eq!(
        answer(&place, "du", &[])["kept_blobs"],
        before["kept_blobs"]
    );
}

#[test]
fn nothing_goes_while_a_build_uses_the_root_and_who_that_is_is_told() {
    let place = Workplace::new();
    let (mut child, step) = place.start_endless_build();

    let runs =
        [&[][..], &["--all"], &["--keep", "0"]].map(|arguments| ask(&place, "prune", arguments));
    let still = place.processes(&step);
    let used = answer(&place, "du", &[]);

    place.signal(&child, "SIGTERM");
    let _ = child.wait();
    for run in runs {
        let run = run.expect(3);
        let said = format!("error: process {} (`", child.id());
        assert!(run.stderr.starts_with(&said), "{}", run.stderr);
        assert!(
            run.stderr.contains("wait until it has ended"),
            "{}",
            run.stderr
        );
        assert_eq!(run.stdout, "");
    }
    assert!(!still.is_empty(), "the build went on");
    assert!(bytes(&used, "snapshots") > 0);
}

#[test]
fn root_that_is_not_there_has_nothing_to_lose() {
    let place = Workplace::new();

    for arguments in [&[][..], &["--all"], &["--keep", "1GB"]] {
        let run = place.run(
            &[
                &["prune", "--json", "--root", place.root().to_str().unwrap()],
                arguments,
            ]
            .concat(),
            b"",
        );
        let freed: Value = serde_json::from_str(&run.expect(0).stdout).unwrap();
        assert_eq!(bytes(&freed, "freed"), 0);
    }
    assert!(!place.root().exists());
    let wrong = place.run(&["prune", "--keep", "much"], b"").expect(2);
    assert!(
        wrong
            .stderr
            .contains("write a number of bytes, such as `500MB` or `2GiB`"),
        "{}",
        wrong.stderr
    );
}
