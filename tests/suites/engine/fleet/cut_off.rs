//! Builders that a build does not reach any more, in the middle of it: it ends on another one, and says so in one line.
//!
//! Each case has a network of its own with two builders, and all of them happen at the same time: most of it is waiting.

use std::fs;
use std::io::Read as _;
use std::process::Child;
use std::thread;

use oci_image_tests::archive::Archive;
use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::network::{Network, Trouble, carried, with_network};
use oci_image_tests::random::Random;
use oci_image_tests::workplace::Workplace;
use rustix::process::Signal;
use serde_json::json;

/// What it is called that nothing is heard of a builder, by us or by the system.
const SILENT: &[&str] = &[
    "it does not answer within 45 s",
    "Connection timed out",
    "No route to host",
];
/// What a builder is said to have done that hears of us too late.
const GIVEN_UP: &[&str] = &["it has given up the session"];
/// How much a context has to carry, in bytes; how fast that goes, in kilobits a second; and how much of it is the middle.
const NOISE: usize = 24 << 20;
const NARROW: u32 = 60_000;
const MIDDLE: u64 = 6 << 20;
/// As slow as that, nothing is heard for longer than a builder waits for it, in kilobits a second.
const STARVED: u32 = 200;

/// A build on two builders of a network.
struct Case {
    builders: [Builder; 2],
    place: Workplace,
}

impl Case {
    fn of(network: &Network, place: Workplace) -> (Self, Child) {
        let builders = [(); 2].map(|()| Builder::in_network(network));
        let object = json!({"context": "context", "output": "image"});
        let [one, other] = &builders;
        let child = build_on(&place, &object, &[one, other]).spawn();
        (Self { builders, place }, child.unwrap())
    }

    /// Waits until that is so of a builder.
    fn find(&self, what: &str, is_it: impl Fn(&Builder) -> bool) -> &Builder {
        let mut found = None;
        self.place.wait_for(what, || {
            found = self.builders.iter().find(|builder| is_it(builder));
            found.is_some()
        });
        found.unwrap()
    }

    /// That the build ends well, and tells in one line that `lost` was lost, for one of these reasons; its image.
    fn ends_elsewhere(&self, mut child: Child, lost: &Builder, reasons: &[&str]) -> Archive {
        let mut said = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
        let loss = format!("the builder `{}` was lost: ", lost.address());
        let told: Vec<&str> = said.lines().filter(|line| line.contains(&loss)).collect();
        let [line] = told[..] else {
            panic!("{told:?} in {said}");
        };
        assert!(line.ends_with(": building elsewhere"), "{line}");
        let is_it = |reason: &&str| line.contains(reason);
        assert!(reasons.iter().any(is_it), "{line}, and not {reasons:?}");
        assert_eq!(said.matches("building on `").count(), 2, "{said}");
        assert!(!self.place.path("image/.oci-image-partial").exists());
        Archive::read(&self.place.path("image/image.tar"))
    }
}

/// The step of a build runs when trouble comes.
fn in_a_step(network: &Network, trouble: Trouble, reasons: &[&str]) {
    let place = Workplace::new();
    let step = format!("sleep {}", place.mark());
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN : {step}; sleep 2; echo done > /done\n"
    ));
    let (case, child) = Case::of(network, place);
    let runs_it = |builder: &Builder| {
        let root = builder.root().to_string_lossy().into_owned();
        let mounts = |process| fs::read_to_string(format!("/proc/{process}/mountinfo"));
        let processes = case.place.processes(&step);
        let mut mounts = processes.into_iter().map(mounts);
        mounts.any(|mounts| mounts.is_ok_and(|mounts| mounts.contains(&root)))
    };
    let lost = case.find("the step to run", runs_it);

    network.trouble(lost.host(), trouble);

    let image = case.ends_elsewhere(child, lost, reasons);
    assert_eq!(image.text("done"), "done\n");
}

/// A build carries much, and something befalls its builder when so much was received and sent.
fn while_much_is_carried(
    network: &Network,
    is_time: impl Fn((u64, u64)) -> bool,
    befall: impl FnOnce(&Builder),
    reasons: &[&str],
) {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY noise /noise\n");
    let noise = Random::new(1).bytes(NOISE);
    place.write("context/noise", &noise);
    network.narrow(NARROW);
    let (case, child) = Case::of(network, place);
    let lost = case.find("the middle", |builder| is_time(carried(builder.process())));

    befall(lost);

    let image = case.ends_elsewhere(child, lost, reasons);
    assert!(image.entry("noise").unwrap().contents == noise);
}

/// The builder stands still.
fn frozen(network: &Network, is_time: impl Fn((u64, u64)) -> bool) {
    let freeze = |builder: &Builder| builder.signal(Signal::STOP);
    while_much_is_carried(network, is_time, freeze, SILENT);
}

/// What the builder sends has to wait for so long that it takes our answers to be missing.
fn starved(network: &Network) {
    let starve = |builder: &Builder| network.starve(builder.process(), STARVED);
    let is_time = |carried: (u64, u64)| carried.1 > MIDDLE;
    while_much_is_carried(network, is_time, starve, GIVEN_UP);
}

/// Our answers have to wait for so long.
fn starved_there(network: &Network) {
    let starve = |builder: &Builder| network.starve_there(builder.host(), STARVED / 4);
    let is_time = |carried: (u64, u64)| carried.0 > MIDDLE;
    while_much_is_carried(network, is_time, starve, GIVEN_UP);
}

#[test]
fn a_build_ends_elsewhere_whatever_becomes_of_its_builder_or_of_the_way_there() {
    thread::scope(|scope| {
        for (trouble, reasons) in [
            (Trouble::Silence, SILENT),
            (Trouble::NoWayThere, SILENT),
            (Trouble::NoWayBack, SILENT),
            (Trouble::Unreachable, SILENT),
            (Trouble::Unplugged, SILENT),
            (Trouble::Refusal, &["Connection reset by peer"]),
        ] {
            let case = move || {
                with_network(|network| in_a_step(network, trouble, reasons));
            };
            let named = thread::Builder::new().name(format!("{trouble:?}"));
            named.spawn_scoped(scope, case).unwrap();
        }
        scope.spawn(|| with_network(|network| frozen(network, |carried| carried.0 > MIDDLE)));
        scope.spawn(|| with_network(|network| frozen(network, |carried| carried.1 > MIDDLE)));
        scope.spawn(|| with_network(starved));
        scope.spawn(|| with_network(starved_there));
    });
}
