//! What doctor says of builders: each that is named is asked, and the machine is not held to what only a daemon of its own would need.

use oci_image_tests::builder::{Builder, client_certificates, free_port};
use oci_image_tests::certificates::Certificates;
use oci_image_tests::engine;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

fn doctor(place: &Workplace, arguments: &[&str]) -> Run {
    let command = place.command(&[&["doctor"], arguments].concat());
    place.run_command(command, b"")
}

/// The findings of a topic.
fn about(run: &Run, topic: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap().iter();
    let about = findings.filter(|finding| finding["topic"] == topic);
    about.cloned().collect()
}

fn nobody() -> String {
    format!("tcp://127.0.0.1:{}", free_port())
}

#[test]
fn builder_says_who_it_is_and_a_machine_without_an_engine_will_do() {
    let (place, builder) = (Workplace::new(), Builder::start());
    let without_engine = |arguments: &[&str]| {
        let mut command = place.command(&[&["doctor"], arguments].concat());
        command.env("PATH", "/usr/bin:/bin");
        command.env("BUILDKIT_HOST", builder.address());
        place.run_command(command, b"").expect(0)
    };

    let told = without_engine(&[]);
    let known = without_engine(&["--json"]);

    let who = format!(
        "fine    builder            `{}` is BuildKit {}, for `linux/",
        builder.address(),
        engine::version()
    );
    assert!(told.stdout.contains(&who), "{}", told.stdout);
    let last = told.stdout.lines().last().unwrap();
    assert!(last.starts_with("a build would start ("), "{}", told.stdout);
    for foreign in ["privileges", "buildkitd", "snapshots", "cgroups"] {
        assert_eq!(about(&known, foreign), Vec::<Value>::new(), "{foreign}");
    }
    let facts = &about(&known, "builder")[0]["facts"];
    assert_eq!(facts["version"], engine::version());
    assert_eq!(facts["active_solves"], 0);
    assert_eq!(facts["verified"], true);
    assert!(!about(&known, "logins").is_empty() && !about(&known, "temporary_disk").is_empty());
}

#[test]
fn one_builder_that_is_well_will_do_and_the_others_are_named() {
    let (place, builder) = (Workplace::new(), Builder::start());
    let (gone, other) = (nobody(), nobody());
    let well = builder.address();

    let some = doctor(&place, &["--builder", &well, "--builder", &gone]).expect(3);
    let none = doctor(&place, &["--builder", &other, "--builder", &gone, "--json"]).expect(3);

    let fault = format!("fault   builder            `{gone}`: ");
    assert!(some.stdout.contains(&fault), "{}", some.stdout);
    assert!(
        some.stdout.contains("to do: look whether it runs"),
        "{}",
        some.stdout
    );
    let last = some.stdout.lines().last().unwrap();
    assert!(
        last.starts_with("a build would start, but 1 builder cannot be used ("),
        "{last}"
    );
    let document: Value = serde_json::from_str(&none.stdout).unwrap();
    assert_eq!(document["starts"], false);
    assert_eq!(about(&none, "builder").len(), 2);
}

#[test]
fn builder_with_another_authority_is_a_fault_and_one_that_nobody_verifies_a_remark() {
    let place = Workplace::new();
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let builder = Builder::verified(&certificates);
    client_certificates(&certificates, &place.path("ours"));
    client_certificates(&others, &place.path("others"));
    let asked = |address: &str, tls: Value| {
        let entry = json!({"address": address, "tls": tls});
        place.write("builders.json", json!({"builders": [entry]}).to_string());
        doctor(&place, &["--json", "--builders", "builders.json"])
    };
    let by = |name: &str| json!({"directory": name, "server_name": "registry.test"});

    let known = asked(&builder.address(), by("ours")).expect(0);
    let unknown = asked(&builder.address(), by("others")).expect(3);
    let unverified = asked("tcp://builder.invalid:1", Value::Null).expect(3);

    assert_eq!(about(&known, "builder")[0]["state"], "fine");
    let fault = &about(&unknown, "builder")[0];
    assert_eq!(fault["state"], "fault");
    assert!(
        fault["said"].as_str().unwrap().contains("certificate"),
        "{fault}"
    );
    let remark = &about(&unverified, "builder_trust")[0];
    assert_eq!(remark["state"], "remark");
    assert!(
        remark["remedy"].as_str().unwrap().contains("--builder-tls"),
        "{remark}"
    );
}
