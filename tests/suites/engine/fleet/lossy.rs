//! Networks that lose packets and are slow: a build takes its time, is right, and ends by no limit.

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

/// A context of so many bytes, with a step above it.
fn place(bytes: usize) -> Workplace {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nCOPY noise /noise\nRUN echo done > /done\n");
    place.write("context/noise", Random::new(2).bytes(bytes));
    std::fs::create_dir(place.path("cache")).unwrap();
    place
}

/// That a build is the same on a builder of this network as on one beside us, and is lost for nothing.
fn is_the_same(network: &Network, bytes: usize, worsen: impl FnOnce()) {
    let place = place(bytes);
    let near = Builder::in_network(network);
    let _ = built(&place, &near);
    let digest = place.read("image/digest");
    let far = Builder::in_network(network);
    worsen();

    let run = built(&place, &far);

    assert_eq!(place.read("image/digest"), digest);
    assert_eq!(run.stderr.matches("building on `").count(), 1);
    assert!(!run.stderr.contains("arning"), "{}", run.stderr);
}

#[test]
fn a_build_is_the_same_where_packets_are_lost() {
    with_network(|network| {
        is_the_same(network, 8 << 20, || {
            network.narrow(50_000);
            network.lose(50);
        });
    });
}

#[test]
fn a_build_is_the_same_where_a_link_is_slow() {
    with_network(|network| {
        is_the_same(network, 4 << 20, || network.narrow(700));
    });
}
