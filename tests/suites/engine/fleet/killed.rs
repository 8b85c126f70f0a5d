//! Builders that are killed at any moment of a build, which goes on elsewhere: whatever the moment, the image is the same, and nothing of
//! it is half-written. Half of the moments are those of builders on machines of their own.

use std::io::Read as _;
use std::process::Child;
use std::thread;
use std::time::Instant;

use oci_image_tests::attacks;
use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::network::with_network;
use oci_image_tests::workplace::Workplace;
use rustix::process::Signal;
use serde_json::json;

/// Everything in the image is dated so: what a layer is does not depend on when it was made.
const EPOCH: &str = "SOURCE_DATE_EPOCH=1";

const DOCKERFILE: &str = "BUSYBOX
FROM busybox
ARG TURN
RUN echo $TURN > /turn; head -c 2000000 /dev/zero > /large
COPY busybox /again
";

/// A build which differs from those of other turns.
fn build(place: &Workplace, turn: u32, builders: &[&Builder]) -> Child {
    let object = json!({
        "context": "context", "output": "image", "output_oci": true, "build_args": [EPOCH, format!("TURN={turn}")]
    });
    build_on(place, &object, builders).spawn().unwrap()
}

/// Kills builders at half of the moments; `new` makes one.
fn at_half_of_the_moments(new: impl Fn() -> Builder) {
    let place = Workplace::new();
    place.dockerfile(DOCKERFILE);
    let sure = new();
    let started = Instant::now();
    let moments = attacks::tried("builders that are killed") / 2;
    assert!(build(&place, moments, &[&sure]).wait().unwrap().success());
    let whole = started.elapsed();

    let mut killed = 0;
    for moment in 0..moments {
        let other = new();
        let mut child = build(&place, moment, &[&other, &sure]);
        thread::park_timeout(whole * moment * 10 / 9 / moments);
        other.signal(Signal::KILL);

        let mut said = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success(), "{moment}: {said}");
        assert!(!place.path("image/.oci-image-partial").exists(), "{moment}");
        if !said.contains("was lost") {
            continue; // it was on the sure one from the beginning, or done before
        }
        killed += 1;
        let digest = place.read("image/digest");
        assert!(build(&place, moment, &[&sure]).wait().unwrap().success());
        assert_eq!(place.read("image/digest"), digest, "{moment}: {said}");
    }
    assert!(killed > 0);
}

#[test]
fn a_build_whose_builder_is_killed_at_any_moment_is_the_same_elsewhere() {
    at_half_of_the_moments(Builder::start);
}

#[test]
fn a_build_whose_machine_is_left_by_its_builder_at_any_moment_is_the_same_elsewhere() {
    with_network(|network| at_half_of_the_moments(|| Builder::in_network(network)));
}
