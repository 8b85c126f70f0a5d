//! Links that lose packets, are slow or long: a build takes its time, is right, and ends by no limit.

use std::fs;
use std::thread;
use std::time::Duration;

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::far_link::Way;
use oci_image_tests::network::{Network, carried, with_network};
use oci_image_tests::random::Random;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::json;

fn built(place: &Workplace, builder: &Builder) -> Run {
    let object = json!({
        "context": "context", "output": "image", "build_args": ["SOURCE_DATE_EPOCH=1"]
    });
    let command = build_on(place, &object, &[builder]);
    place.run_command(command, b"").expect(0)
}

/// A build with a context of so many bytes is the same on a builder as it was before the link to it became `worse`, if that can be
/// done; and nothing of it is done twice.
fn is_the_same(bytes: usize, worse: impl FnOnce(&Network) -> bool + Send) {
    with_network(|network| {
        let place = Workplace::new();
        place.dockerfile("FROM scratch\nCOPY noise busybox /\n");
        place.write("context/noise", Random::new(2).bytes(bytes));
        let _ = built(&place, &Builder::in_network(network));
        let digest = place.read("image/digest");
        fs::remove_dir_all(place.root()).unwrap(); // what has come once would not come again
        let builder = Builder::in_network(network);
        if !worse(network) {
            return;
        }

        let run = built(&place, &builder);

        assert_eq!(place.read("image/digest"), digest);
        assert_eq!(run.stderr.matches("building on `").count(), 1);
        assert!(!run.stderr.contains("arning"), "{}", run.stderr);
        let (received, sent) = carried(builder.process());
        assert!(received.min(sent) > bytes as u64, "{received}, {sent}");
    });
}

#[test]
fn a_build_is_the_same_where_packets_are_lost_and_where_a_link_is_slow_or_long() {
    thread::scope(|scope| {
        scope.spawn(|| {
            is_the_same(8 << 20, |network| {
                network.narrow(50_000);
                network.lose(50);
                true
            });
        });
        scope.spawn(|| {
            is_the_same(1 << 20, |network| {
                network.narrow(2_000);
                network.lose(20);
                true
            });
        });
        scope.spawn(|| {
            let delay = Duration::from_millis(20);
            is_the_same(1 << 20, |network| network.distance(Way { delay, lost: 20 }));
        });
    });
}
