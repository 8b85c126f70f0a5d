//! Keys that are only passed on to BuildKit: each in a step that shows what became of it.
//!
//! The name of a test begins with that of its key.

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

/// Builds with more keys of the object.
fn build(place: &Workplace, more: &Value) {
    let mut object = json!({"context": "context", "output": "image"});
    let keys = object.as_object_mut().unwrap();
    keys.extend(more.as_object().unwrap().clone());
    let _ = place.build(&object).expect(0);
}

#[test]
fn add_hosts_are_known_to_steps_and_not_to_the_image() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN grep -E 'database|six' /etc/hosts > /hosts\n");

    build(
        &place,
        &json!({"add_hosts": "database=10.1.2.3,six=fd00::1"}),
    );

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("hosts"), "10.1.2.3\tdatabase\nfd00::1\tsix\n");
    assert!(
        archive
            .entry("etc/hosts")
            .is_none_or(|hosts| hosts.contents.is_empty())
    );
}
