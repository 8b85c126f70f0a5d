//! Builders that are killed at any moment of a build, which goes on elsewhere: whatever the moment, the image is the same, and nothing of
//! it is half-written.

use std::io::Read as _;
use std::thread;
use std::time::Instant;

use oci_image_tests::attacks;
use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::workplace::Workplace;
use rustix::process::Signal;
use serde_json::json;

/// Everything in the image is dated so: what a layer is does not depend on when it was made.
const EPOCH: &str = "SOURCE_DATE_EPOCH=1";

#[test]
fn a_build_whose_builder_is_killed_at_any_moment_is_the_same_elsewhere() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nARG TURN\nRUN echo $TURN > /turn; head -c 2000000 /dev/zero > /large\nCOPY busybox /again\n");
    let sure = Builder::start();
    let build = |turn: u32, builders: &[&Builder]| {
        let object = json!({
            "context": "context", "output": "image", "output_oci": true, "build_args": [EPOCH, format!("TURN={turn}")]
        });
        build_on(&place, &object, builders).spawn().unwrap()
    };
    let started = Instant::now();
    assert!(build(0, &[&sure]).wait().unwrap().success());
    let whole = started.elapsed();

    let moments = attacks::tried("builders that are killed");
    let mut killed = 0;
    for moment in 0..moments {
        let other = Builder::start();
        let mut child = build(moment, &[&other, &sure]);
        thread::park_timeout(whole * moment * 10 / 9 / moments);
        other.signal(Signal::KILL);

        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{moment}: {said}");
        assert!(!place.path("image/.oci-image-partial").exists(), "{moment}");
        if !said.contains("was lost") {
            continue; // it was on the sure one from the beginning, or done before
        }
        killed += 1;
        let digest = place.read("image/digest");
        assert!(build(moment, &[&sure]).wait().unwrap().success());
        assert_eq!(place.read("image/digest"), digest, "{moment}: {said}");
    }
    assert!(killed > 0);
}
