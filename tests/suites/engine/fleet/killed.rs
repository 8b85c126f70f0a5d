//! Builders that are killed at any moment of a build, which goes on elsewhere: whatever the moment, the image is the same, and nothing of
//! it is half-written. Half of the moments are those of builders on machines of their own.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::Child;
use std::thread;
use std::time::Instant;

use oci_image_tests::archive::{Archive, Entry};
use oci_image_tests::attacks;
use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::network::with_network;
use oci_image_tests::workplace::Workplace;
use rustix::process::Signal;
use serde_json::{Value, json};

/// What the image says of when it was made.
const EPOCH: &str = "SOURCE_DATE_EPOCH=1";

const DOCKERFILE: &str = "BUSYBOX
FROM busybox
ARG TURN
RUN echo $TURN > /turn; head -c 2000000 /dev/zero > /large
COPY busybox /again
";

/// A build which differs from those of other turns.
fn build(place: &Workplace, turn: u32, builders: &[Builder]) -> Child {
    let object = json!({
        "context": "context", "output": "image", "build_args": [EPOCH, format!("TURN={turn}")]
    });
    let builders: Vec<&Builder> = builders.iter().collect();
    build_on(place, &object, &builders).spawn().unwrap()
}

/// What it says, when it has ended well.
fn said(mut build: Child) -> String {
    let mut said = String::new();
    let mut stderr = build.stderr.take().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    assert!(build.wait().unwrap().success(), "{said}");
    said
}

/// The image but for the times at which its files were made, which are those of the builder.
fn image(place: &Workplace) -> (Value, Vec<BTreeMap<String, Entry>>) {
    let mut image = Archive::read(&place.path("image/image.tar"));
    for entry in image.layers.iter_mut().flat_map(BTreeMap::values_mut) {
        entry.modified = 0;
    }
    image.config["rootfs"].take();
    (image.config, image.layers)
}

/// Kills builders at half of the moments; `new` makes one.
fn at_half_of_the_moments(new: impl Fn() -> Builder) {
    let place = Workplace::new();
    place.dockerfile(DOCKERFILE);
    let moments = attacks::tried("builders that are killed") / 2;
    let judge = [new()];
    let judged = |turn| {
        let started = Instant::now();
        let _ = said(build(&place, turn, &judge));
        started.elapsed()
    };
    let _ = judged(moments);
    let mut whole = judged(moments + 1);

    let mut pair = [new(), new()];
    let mut lost = 0;
    for moment in 0..moments {
        // It is where that goes which is the same but for an argument.
        let told = said(build(&place, moments, &pair));
        let taken = |builder: &Builder| told.contains(&format!("on `{}`", builder.address()));
        let taken = pair.iter().position(taken).expect("one of them");

        let building = build(&place, moment, &pair);
        thread::park_timeout(whole * moment * 10 / 9 / moments);
        pair[taken].signal(Signal::KILL);

        let told = said(building);
        lost += u32::from(told.contains("was lost"));
        assert!(!place.path("image/.oci-image-partial").exists(), "{moment}");
        let made = image(&place);
        whole = judged(moment);
        assert!(made == image(&place), "{moment}: {told}");
        pair[taken] = new();
    }
    // At the first moments none is taken yet, and at the last ones the build is done.
    assert!(lost > moments / 2, "{lost}");
}

#[test]
fn a_build_whose_builder_is_killed_at_any_moment_is_the_same_elsewhere() {
    at_half_of_the_moments(Builder::start);
}

#[test]
fn a_build_whose_machine_is_left_by_its_builder_at_any_moment_is_the_same_elsewhere() {
    with_network(|network| at_half_of_the_moments(|| Builder::in_network(network)));
}
