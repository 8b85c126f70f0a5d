//! `target`, `additional_targets`, `target_file`: several images of one build.

use std::collections::BTreeSet;
use std::fs;

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// Two targets and a last stage but one, over one shared step whose result is different each time it is executed.
const STAGES: &str = "\
BUSYBOX
FROM busybox AS shared
ARG GREETING=none
RUN echo shared step; cat /proc/sys/kernel/random/uuid > /uuid

FROM shared AS one
RUN --mount=type=secret,id=token,required=true echo \"$GREETING $(md5sum < /run/secrets/token)\" > /made; \\
    grep database /etc/hosts >> /made; echo one > /name

FROM shared AS two
RUN --mount=type=secret,id=token,required=true echo \"$GREETING $(md5sum < /run/secrets/token)\" > /made; \\
    grep database /etc/hosts >> /made; echo two > /name

FROM shared AS final
RUN --mount=type=secret,id=token,required=true echo \"$GREETING $(md5sum < /run/secrets/token)\" > /made; \\
    grep database /etc/hosts >> /made; echo final > /name

FROM busybox AS never
RUN exit 9
";

fn stages() -> (Workplace, Value) {
    let place = Workplace::new();
    place.dockerfile(STAGES);
    place.write("secrets/token", "hunter2");
    for output in ["one", "two", "cache"] {
        fs::create_dir(place.path(output)).unwrap();
    }
    let object = json!({
        "context": "context", "output": "image", "cache": true,
        "target": "final", "additional_targets": ["one", "two"],
        "build_args": ["GREETING=hello"], "labels": ["a=b"],
        "buildkit_secrets": {"token": "secrets/token"}, "add_hosts": "database=10.1.2.3",
    });
    (place, object)
}

fn responses(run: &Run) -> Vec<Value> {
    let text = run.response.as_deref().unwrap();
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn every_target_gets_every_setting_and_its_own_directory_and_shared_steps_run_once() {
    let (place, object) = stages();

    let run = place.build(&object).expect(0);

    let mut uuids = Vec::new();
    for (output, name) in [("one", "one"), ("two", "two"), ("image", "final")] {
        assert_eq!(place.names(output), ["digest", "image.tar"], "{output}");
        let archive = Archive::read(&place.path(output).join("image.tar"));
        assert_eq!(
            archive.text("made"),
            "hello 2ab96390c7dbe3439de74d0c9b0b1767  -\n10.1.2.3\tdatabase\n",
            "{output}"
        );
        assert_eq!(archive.text("name"), format!("{name}\n"));
        assert_eq!(archive.config["config"]["Labels"], json!({"a": "b"}));
        assert_eq!(
            place.read(&format!("{output}/digest")),
            archive.config_digest
        );
        uuids.push(archive.text("uuid"));
    }
    assert_eq!(uuids[0], uuids[1]);
    assert_eq!(uuids[0], uuids[2]);
    // A step that is slow is announced again; it has one number, and prints once.
    let announced = run
        .stderr
        .lines()
        .filter(|line| line.contains("RUN echo shared step"));
    let numbers: BTreeSet<_> = announced
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(numbers.len(), 1, "{}", run.stderr);
    let printed = run
        .stderr
        .lines()
        .filter(|line| line.ends_with(" shared step"));
    assert_eq!(printed.count(), 1, "{}", run.stderr);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn shared_steps_that_are_cached_are_listed_once() {
    let (place, object) = stages();
    let _ = place.build(&object).expect(0);

    let run = place.build(&object).expect(0);

    // What has come of it may name steps again.
    let (steps, _) = run.stderr.split_once("\nbuilt in ").unwrap();
    let shared = count(steps, "RUN echo shared step");
    assert_eq!(shared, 1, "{}", run.stderr);
    for own in ["[one 1/1] RUN", "[two 1/1] RUN", "[final 1/1] RUN"] {
        // One whose layers are fetched meanwhile is announced again.
        let announced = steps.lines().filter(|line| line.contains(own));
        let numbers: BTreeSet<_> = announced
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(numbers.len(), 1, "{own}:\n{}", run.stderr);
    }
}

#[test]
fn response_has_a_document_for_every_image() {
    let (place, object) = stages();

    let run = place.build(&object).expect(0);

    let answered: Vec<Value> = responses(&run)
        .into_iter()
        .map(|response| response["object"].clone())
        .collect();
    let image = |target: &str, output: &str| json!({"target": target, "image": format!("{output}/image.tar"), "digest": place.read(&format!("{output}/digest"))});
    assert_eq!(
        answered,
        [
            image("one", "one"),
            image("two", "two"),
            image("final", "image")
        ]
    );
}

#[test]
fn cache_holds_what_every_target_needs() {
    let (place, object) = stages();
    let _ = place.build(&object).expect(0);
    fs::remove_dir_all(place.root()).unwrap();

    let run = place.build(&object).expect(0);

    let executed: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.ends_with(" shared step"))
        .collect();
    assert_eq!(executed, Vec::<&str>::new());
    // The shared step and one of each target.
    assert!(count(&run.stderr, " CACHED") >= 4, "{}", run.stderr);
}

#[test]
fn target_without_a_directory_is_built_and_not_exported() {
    let (place, object) = stages();
    fs::remove_dir(place.path("one")).unwrap();

    let run = place.build(&object).expect(0);

    assert!(
        run.stderr.contains("the directory `one` does not exist"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("echo one > /name"), "{}", run.stderr);
    assert_eq!(responses(&run).len(), 2);
    assert!(!place.path("one").exists());
    assert_eq!(place.names("two"), ["digest", "image.tar"]);
}

#[test]
fn target_that_fails_ends_the_others_and_nothing_is_exported() {
    let place = Workplace::new();
    let mark = place.mark();
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox AS slow\nRUN sleep {mark}\nFROM busybox AS bad\nRUN sleep 1; echo the reason; exit 3\n\
         FROM scratch AS quick\nCOPY busybox /\n"
    ));
    for output in ["slow", "bad"] {
        fs::create_dir(place.path(output)).unwrap();
    }

    let run = place
        .build(&json!({"context": "context", "output": "image", "target": "quick", "additional_targets": ["slow", "bad"]}))
        .expect(1);

    for part in ["target: `bad`", "the reason", "exit code: 3"] {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
    for output in ["slow", "bad", "image"] {
        assert_eq!(place.names(output), Vec::<String>::new());
    }
    assert_eq!(run.response.as_deref(), Some(""));
    assert_eq!(place.processes(&format!("sleep {mark}")), Vec::<u32>::new());
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn target_file_is_trimmed_and_wins_over_target() {
    let place = Workplace::new();
    place.dockerfile(
        "FROM scratch AS one\nCOPY one /one\nFROM scratch AS two\nCOPY two /two\nFROM nothing-that-exists\n",
    );
    place.write("context/one", "1");
    place.write("context/two", "2");
    place.write("settings/target", "\n  two \n\n");

    let run = place
        .build(&json!({"context": "context", "output": "image", "target": "one", "target_file": "settings/target"}))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("two"), "2");
    assert_eq!(archive.entry("one"), None);
    assert!(
        run.stderr.contains("`target_file` wins over `target`"),
        "{}",
        run.stderr
    );
}

#[test]
fn target_file_with_a_mistake_is_shown_with_its_line() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    place.write("settings/target", "\n\nno target\n");

    let run = place
        .build(&json!({"context": "context", "output": "image", "target_file": "settings/target"}))
        .expect(2);

    for part in ["settings/target:3:", "no target"] {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
    assert!(!place.root().exists());
}

#[test]
fn target_that_the_dockerfile_lacks_is_named() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch AS one\nCOPY busybox /\n");

    let run = place
        .build(&json!({"context": "context", "output": "image", "additional_targets": ["other"]}))
        .expect(1);

    assert!(
        run.stderr
            .contains("target stage \"other\" could not be found"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("target: `other`"), "{}", run.stderr);
    assert_eq!(place.names("image"), Vec::<String>::new());
}
