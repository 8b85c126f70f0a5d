//! Links that lose packets or are slow: a build takes its time, is right, and ends by no limit.

use std::fs;
use std::thread;

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::network::{Network, with_network};
use oci_image_tests::random::Random;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::json;

fn built(place: &Workplace, builder: &Builder) -> Run {
    let object = json!({
        "context": "context", "output": "image", "cache": true, "build_args": ["SOURCE_DATE_EPOCH=1"]
    });
    let command = build_on(place, &object, &[builder]);
    place.run_command(command, b"").expect(0)
}

/// A build with a context of so many bytes is the same on a builder as it was before the link to it became `worse`, and nothing of it is
/// done twice.
fn is_the_same(bytes: usize, worse: impl FnOnce(&Network) + Send) {
    with_network(|network| {
        let place = Workplace::new();
        place.dockerfile("BUSYBOX\nFROM busybox\nCOPY noise /noise\nRUN echo done > /done\n");
        place.write("context/noise", Random::new(2).bytes(bytes));
        fs::create_dir(place.path("cache")).unwrap();
        let _ = built(&place, &Builder::in_network(network));
        let digest = place.read("image/digest");
        let builder = Builder::in_network(network);
        worse(network);

        let run = built(&place, &builder);

        assert_eq!(place.read("image/digest"), digest);
        assert_eq!(run.stderr.matches("building on `").count(), 1);
        assert!(!run.stderr.contains("arning"), "{}", run.stderr);
    });
}

#[test]
fn a_build_is_the_same_where_packets_are_lost_and_where_a_link_is_slow() {
    thread::scope(|scope| {
        scope.spawn(|| {
            is_the_same(8 << 20, |network| {
                network.narrow(50_000);
                network.lose(50);
            });
        });
        scope.spawn(|| {
            is_the_same(1 << 20, |network| {
                network.narrow(1_000);
                network.lose(20);
            });
        });
    });
}
