//! Builders whose disk is full: the next one builds in their place, and without another one it is told whose disk that is.

use std::fs;

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::disk::{Disk, with_own_mounts};
use oci_image_tests::random::Random;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::json;

/// A builder on a small disk, and a build for which it is the first of two.
struct Case {
    place: Workplace,
    small: Builder,
    large: Builder,
    context: String,
    _disk: Disk,
}

impl Case {
    /// One of a disk of so many KiB, and of 4 MiB that do not compress.
    fn of(size: u32) -> Self {
        let place = Workplace::new();
        let root = place.path("small");
        fs::create_dir(&root).unwrap();
        let disk = Disk::mount(&root, size);
        let mut case = Self {
            small: Builder::with_root(&root),
            large: Builder::start(),
            context: String::new(),
            place,
            _disk: disk,
        };
        let is_first = |context: &String| {
            let dockerfile = "FROM scratch\nLABEL a=b\n";
            case.place
                .write(&format!("{context}/Dockerfile"), dockerfile);
            let run = case.build(context, &[&case.small, &case.large]).expect(0);
            run.stderr
                .contains(&format!("building on `{}`", case.small.address()))
        };
        let mut contexts = (0..).map(|number| format!("context-{number}"));
        case.context = contexts.find(is_first).unwrap();
        let write = |name: &str, bytes: &[u8]| {
            case.place.write(&format!("{}/{name}", case.context), bytes);
        };
        write("noise", &Random::new(1).bytes(4 << 20));
        write("Dockerfile", b"FROM scratch\nCOPY noise /noise\n");
        case
    }

    fn build(&self, context: &str, builders: &[&Builder]) -> Run {
        let object = json!({"context": context, "output": "image"});
        let command = build_on(&self.place, &object, builders);
        self.place.run_command(command, b"")
    }
}

/// What a build comes to whose builder has so many KiB.
fn is_built_elsewhere(size: u32) {
    with_own_mounts(|| {
        let case = Case::of(size);
        let name = format!("no space is left on the builder `{}`", case.small.address());

        let run = case
            .build(&case.context, &[&case.small, &case.large])
            .expect(0);

        let told = format!("warning: {name}: building elsewhere");
        assert_eq!(run.stderr.matches(&told).count(), 1, "{}", run.stderr);
        assert_eq!(case.place.names("image"), ["digest", "image.tar"]);

        fs::remove_dir_all(case.place.path("image")).unwrap();
        fs::create_dir(case.place.path("image")).unwrap();
        let run = case.build(&case.context, &[&case.small]).expect(3);

        for part in [
            &*format!("error: {name}\n"),
            "no space left on device\n",
            "  hint: free some space there",
        ] {
            assert!(run.stderr.contains(part), "no {part:?} in {}", run.stderr);
        }
        assert!(!run.stderr.contains("elsewhere"), "{}", run.stderr);
        assert_eq!(case.place.names("image"), Vec::<String>::new());
    });
}

#[test]
fn a_builder_whose_disk_is_full_while_the_context_is_sent() {
    is_built_elsewhere(2048);
}

#[test]
fn a_builder_whose_disk_is_full_while_a_file_is_copied() {
    is_built_elsewhere(6 * 1024);
}

#[test]
fn a_builder_whose_disk_is_full_while_layers_are_exported() {
    is_built_elsewhere(10 * 1024);
}
