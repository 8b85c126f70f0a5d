//! Builders that have as much to do as they may: the next one builds, and doctor says so.

use std::process::{Child, Command};

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// A builder with a build under way that does not end, and a file that lists it with a limit of one solve.
struct Busy {
    place: Workplace,
    builder: Builder,
    endless: Child,
}

impl Busy {
    fn new(others: &[&Builder]) -> Self {
        let (place, builder) = (Workplace::new(), Builder::start());
        let step = format!("sleep {}", place.mark());
        place.dockerfile(&format!("BUSYBOX\nFROM busybox\nRUN {step}\n"));
        let object = json!({"context": "context", "output": "image"});
        let endless = build_on(&place, &object, &[&builder]).spawn().unwrap();
        place.wait_for("the step to run", || !place.processes(&step).is_empty());
        let all = [&builder].into_iter().chain(others.iter().copied());
        let entry = |builder: &Builder| json!({"address": builder.address(), "most_solves": 1});
        let entries: Vec<Value> = all.map(entry).collect();
        place.write("builders.json", json!({"builders": entries}).to_string());
        Self {
            place,
            builder,
            endless,
        }
    }

    /// Runs a command in a place about those in the file.
    fn run(&self, place: &Workplace, arguments: &[&str]) -> Run {
        let mut command: Command = place.command(arguments);
        let file = self.place.path("builders.json");
        command.arg("--builders").arg(file);
        place.run_command(command, b"")
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.place.signal(&self.endless, "SIGTERM");
        let _ = self.endless.wait();
    }
}

#[test]
fn doctor_tells_what_a_builder_has_under_way() {
    let busy = Busy::new(&[]);

    let run = busy.run(&busy.place, &["doctor", "--json"]).expect(0);

    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let finding = &document["findings"][0];
    assert_eq!(finding["topic"], "builder", "{finding}");
    assert_eq!(finding["state"], "remark", "{finding}");
    assert!(
        finding["facts"]["active_solves"].as_u64() > Some(0),
        "{finding}"
    );
}

#[test]
fn what_belongs_to_a_busy_builder_is_built_by_another() {
    let other = Builder::start();
    let busy = Busy::new(&[&other]);
    let place = Workplace::new();
    // Whose it is depends on the name of the context: some are the busy one's.
    for index in 0..6 {
        let context = format!("context-{index}");
        place.write(
            &format!("{context}/Dockerfile"),
            "FROM scratch\nCOPY Dockerfile /\n",
        );
        let object = json!({"context": context, "output": "image"});
        place.write("object.json", object.to_string());
        let root = place.root();

        let run = busy.run(
            &place,
            &["build", "object.json", "--root", root.to_str().unwrap()],
        );

        let run = run.expect(0);
        let named = format!("building on `{}`", other.address());
        assert!(run.stderr.contains(&named), "{}", run.stderr);
        assert!(
            !run.stderr.contains(&busy.builder.address()),
            "{}",
            run.stderr
        );
    }
}
