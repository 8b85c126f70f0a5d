//! Builders that are lost in the middle of a build.

use std::fs;
use std::io::Read as _;
use std::process::Child;

use oci_image_tests::archive::Archive;
use oci_image_tests::builder::{Builder, build_on, free_port};
use oci_image_tests::workplace::Workplace;
use rustix::process::Signal;
use serde_json::json;

/// A build whose step takes so many seconds, on one of the builders; it runs.
fn started(place: &Workplace, builders: &[&Builder], seconds: u32) -> (Child, String) {
    started_with(place, builders, &[], seconds)
}

/// The same with more arguments.
fn started_with(
    place: &Workplace,
    builders: &[&Builder],
    more: &[&str],
    seconds: u32,
) -> (Child, String) {
    let step = format!("sleep {}", place.mark());
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN : {step}; sleep {seconds}; echo done > /done\n"
    ));
    let object = json!({"context": "context", "output": "image"});
    let child = build_on(place, &object, builders).args(more).spawn();
    let child = child.unwrap();
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
    let is_of = |builder: &&&Builder| is_below(process, builder);
    builders.iter().find(is_of).expect("it is one of them")
}

/// Whether a process is one of a step on this builder.
fn is_below(process: u32, builder: &Builder) -> bool {
    let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo"));
    let root = builder.root();
    mounts.is_ok_and(|mounts| mounts.contains(&*root.to_string_lossy()))
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
    let error = format!("error: the builder `{}` was lost: ", builder.address());
    assert!(said.contains(&error), "{said}");
    assert!(!said.contains("elsewhere"), "{said}");
    assert!(!place.path("image/image.tar").exists());
    assert!(!place.path("image/.oci-image-partial").exists());
}

#[test]
fn of_builders_that_are_all_lost_the_last_one_ends_the_build() {
    let builders = [(); 2].map(|()| Builder::start());
    let place = Workplace::new();
    let (child, step) = started(&place, &builders.each_ref(), 600);
    let first = runs(&place, &step, &builders.each_ref());
    let is_on = |builder: &Builder| {
        let mut processes = place.processes(&step).into_iter();
        processes.any(|process| is_below(process, builder))
    };
    let second = builders.iter().find(|builder| !is_on(builder)).unwrap();

    first.signal(Signal::KILL);
    place.wait_for("the step on the other", || is_on(second));
    second.signal(Signal::KILL);

    let (status, said) = ended(child);
    assert_eq!(status, 3, "{said}");
    assert_eq!(said.matches("building elsewhere").count(), 1, "{said}");
    for (kind, builder) in [("warning", first), ("error", second)] {
        let told = format!("{kind}: the builder `{}` was lost: ", builder.address());
        assert!(said.contains(&told), "no {told:?} in {said}");
    }
}

#[test]
fn where_no_other_builder_answers_it_is_told_why_one_was_lost() {
    let builder = Builder::start();
    let place = Workplace::new();
    let gone = format!("tcp://127.0.0.1:{}", free_port());
    let more = ["--builder", &gone, "--builder-wait", "0s"];
    let (child, _) = started_with(&place, &[&builder], &more, 600);

    builder.signal(Signal::KILL);

    let (status, said) = ended(child);
    assert_eq!(status, 3, "{said}");
    let told = said.split("error: no builder can be used\n").nth(1);
    let told = told.unwrap_or_else(|| panic!("{said}"));
    let name = builder.address();
    let lost =
        format!("`{name}`: it was lost in the middle of the build: its connection has ended");
    for part in [&lost, "Connection refused"] {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
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
