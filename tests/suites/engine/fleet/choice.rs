//! Which builder is taken.

use oci_image_tests::builder::{Builder, free_port};
use oci_image_tests::workplace::{Run, Workplace};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A build of a context of this name on the builders of a file.
fn built(place: &Workplace, builders: &Value, context: &str, more: &Value) -> Run {
    place.write("builders.yml", builders.to_string());
    place.write(
        &format!("{context}/Dockerfile"),
        format!("FROM scratch\nLABEL of={context}\n"),
    );
    let mut object = json!({"context": context, "output": "image"});
    let entries = more.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(entries);
    place.write("object.json", object.to_string());
    let mut command = place.command(&["build", "object.json"]);
    command.arg("--root").arg(place.root());
    // As a task of Concourse would say it.
    command
        .env("OCI_IMAGE_BUILDERS", "builders.yml")
        .env("OCI_IMAGE_BUILDER_WAIT", "0s")
        .env("BUILDKIT_HOST", "");
    place.run_command(command, b"")
}

/// On which builder it was built.
fn taken(run: &Run) -> String {
    let line = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("building on `"));
    line.unwrap().split('`').next().unwrap().to_owned()
}

fn listed(addresses: &[String]) -> Value {
    let entries = addresses.iter().map(|address| json!({"address": address}));
    json!({"builders": entries.collect::<Vec<_>>()})
}

#[test]
fn the_same_build_goes_to_the_same_builder_as_long_as_that_is_there() {
    let mut builders = vec![Builder::start(), Builder::start(), Builder::start()];
    let place = Workplace::new();
    let addresses =
        |builders: &[Builder]| builders.iter().map(Builder::address).collect::<Vec<_>>();
    let all = addresses(&builders);
    let contexts: Vec<String> = (0..8).map(|number| format!("context-{number}")).collect();
    let place_of = |addresses: &[String]| -> Vec<String> {
        let built = |context: &String| {
            taken(&built(&place, &listed(addresses), context, &json!({})).expect(0))
        };
        contexts.iter().map(built).collect()
    };
    let before = place_of(&all);
    let reversed: Vec<String> = all.iter().rev().cloned().collect();
    assert_eq!(place_of(&reversed), before);

    // It is listed still.
    let gone = builders.remove(1).address();
    let after = place_of(&all);

    for (before, after) in before.iter().zip(&after) {
        assert!(before == after || *before == gone, "{before} -> {after}");
        assert_ne!(*after, gone);
    }
}

#[test]
fn one_that_says_nothing_is_passed_over() {
    let (one, other) = (Builder::start(), Builder::start());
    let place = Workplace::new();
    let both = [one.address(), other.address()];
    let first = taken(&built(&place, &listed(&both), "app", &json!({})).expect(0));
    let (stopped, going) = match first == one.address() {
        true => (&one, &other),
        false => (&other, &one),
    };

    stopped.signal(Signal::STOP);
    let run = built(&place, &listed(&both), "app", &json!({})).expect(0);
    stopped.signal(Signal::CONT);

    assert_eq!(taken(&run), going.address());
}

#[test]
fn why_none_is_taken_is_told_of_each() {
    let builder = Builder::start();
    let place = Workplace::new();
    let gone = format!("tcp://127.0.0.1:{}", free_port());
    let builders = json!({"builders": [
        {"address": builder.address(), "platforms": ["linux/s390x"]},
        {"address": gone},
    ]});

    let run = built(
        &place,
        &builders,
        "app",
        &json!({"image_platform": "linux/riscv64"}),
    )
    .expect(3);

    assert!(
        run.stderr
            .contains("it builds for `linux/s390x`, and not for `linux/riscv64`"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("Connection refused"), "{}", run.stderr);
    assert!(!run.stderr.contains("#1"), "{}", run.stderr);
}

#[test]
fn secrets_are_told_to_nobody_who_is_not_verified() {
    let place = Workplace::new();
    let address = "tcp://192.0.2.1:1234"; // nobody's: RFC 5737
    let builders = json!({"builders": [{"address": address}]});
    let cache = "type=s3,bucket=b,region=r,access_key_id=i,secret_access_key=hunter2";
    for object in [
        json!({"buildkit_secrets": {"token": {"text": "hunter2"}}}),
        json!({"cache_from": [cache]}),
    ] {
        let run = built(&place, &builders, "app", &object).expect(3);

        let told = "secrets would be told to whoever answers there";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert!(!run.stderr.contains("hunter2"));
    }
}

#[test]
fn a_label_selects_builders() {
    let (one, other) = (Builder::start(), Builder::start());
    let place = Workplace::new();
    let builders = json!({"builders": [
        {"address": one.address(), "labels": {"team": "red"}},
        {"address": other.address(), "labels": {"team": "blue"}},
    ]});
    place.write("builders.yml", builders.to_string());
    place.write(
        "object.json",
        r#"{"context": "context", "output": "image"}"#,
    );
    place.dockerfile("FROM scratch\nLABEL a=b\n");
    let run = |label: &str| {
        let mut command = place.command(&[
            "build",
            "object.json",
            "--builders",
            "builders.yml",
            "--builder-label",
            label,
        ]);
        command.arg("--root").arg(place.root());
        place.run_command(command, b"")
    };

    assert_eq!(taken(&run("team=red").expect(0)), one.address());
    assert_eq!(taken(&run("team=blue").expect(0)), other.address());
    let none = run("team=green").expect(2);
    assert!(
        none.stderr
            .contains("no builder in `builders.yml` has the labels `team=green`"),
        "{}",
        none.stderr
    );
}
