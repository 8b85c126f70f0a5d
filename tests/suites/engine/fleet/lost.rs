//! Builders that are lost in the middle of a build.

use std::fs;
use std::io::Read as _;
use std::process::Child;

use oci_image_tests::archive::Archive;
use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::workplace::Workplace;
use rustix::process::Signal;
use serde_json::json;

/// A build whose step takes so many seconds, on one of the builders; it runs.
fn started(place: &Workplace, builders: &[&Builder], seconds: u32) -> (Child, String) {
    let step = format!("sleep {}", place.mark());
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN : {step}; sleep {seconds}; echo done > /done\n"
    ));
    let object = json!({"context": "context", "output": "image"});
    let child = build_on(place, &object, builders).spawn().unwrap();
    place.wait_for("the step to run", || !place.processes(&step).is_empty());
    (child, step)
}

/// Its status, and what it said.
fn ended(mut child: Child) -> (i32, String) {
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (child.wait().unwrap().code().unwrap_or(-1), said)
}

/// Whose step that is: the builder below whose root it runs.
fn runs<'b>(place: &Workplace, step: &str, builders: &[&'b Builder]) -> &'b Builder {
    let process = place.processes(step)[0];
    let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap();
    let is_of = |builder: &&&Builder| mounts.contains(&*builder.root().to_string_lossy());
    builders.iter().find(is_of).expect("it is one of them")
}

#[test]
fn a_build_goes_on_where_its_builder_is_killed() {
    let (one, other) = (Builder::start(), Builder::start());
    let place = Workplace::new();
    let builders = [&one, &other];
    let (child, step) = started(&place, &builders, 3);
    let lost = runs(&place, &step, &builders);

    lost.signal(Signal::KILL);

    let (status, said) = ended(child);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains(&format!("the builder `{}` was lost", lost.address())),
        "{said}"
    );
    assert_eq!(said.matches("building elsewhere").count(), 1, "{said}");
    let image = Archive::read(&place.path("image/image.tar"));
    assert_eq!(image.text("done"), "done\n");
}

#[test]
fn a_builder_that_is_told_to_end_ends_after_the_build() {
    let builder = Builder::start();
    let place = Workplace::new();
    let (child, _) = started(&place, &[&builder], 3);

    builder.signal(Signal::TERM);

    let (status, said) = ended(child);
    assert_eq!(status, 0, "{said}");
    let image = Archive::read(&place.path("image/image.tar"));
    assert_eq!(image.text("done"), "done\n");
}

#[test]
fn without_another_builder_a_lost_one_is_told() {
    let builder = Builder::start();
    let place = Workplace::new();
    let (child, _) = started(&place, &[&builder], 600);

    builder.signal(Signal::KILL);

    let (status, said) = ended(child);
    assert_eq!(status, 3, "{said}");
    assert!(said.contains("was lost"), "{said}");
    assert!(!place.path("image/image.tar").exists());
    assert!(!place.path("image/.oci-image-partial").exists());
}

#[test]
fn a_step_that_fails_is_not_tried_elsewhere() {
    let (one, other) = (Builder::start(), Builder::start());
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo tried; exit 3\n");
    let object = json!({"context": "context", "output": "image"});
    let command = build_on(&place, &object, &[&one, &other]);

    let run = place.run_command(command, b"").expect(1);

    assert_eq!(
        run.stderr.matches("building on `").count(),
        1,
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("elsewhere"), "{}", run.stderr);
}

#[test]
fn a_stop_leaves_nothing_on_the_builder() {
    let builder = Builder::start();
    let place = Workplace::new();
    let (child, step) = started(&place, &[&builder], 600);
    let pid = rustix::process::Pid::from_child(&child);

    rustix::process::kill_process(pid, Signal::TERM).unwrap();

    let (status, said) = ended(child);
    assert_eq!(status, 128 + 15, "{said}");
    place.wait_for("the step to end", || place.processes(&step).is_empty());
}
