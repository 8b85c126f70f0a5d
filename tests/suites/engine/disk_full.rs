//! Full disks: a build that finds no room is the machine's failure. It says where, and leaves nothing half-written.

use std::fs;
use std::path::Path;

use oci_image_tests::disk::{Disk, with_own_mounts};
use oci_image_tests::random::Random;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// 4 MiB that do not compress.
const COPY: &str = "FROM scratch\nCOPY noise /noise\n";
/// 8 MiB that compress to nothing.
const ZEROS: &str = "BUSYBOX\nFROM busybox\nRUN head -c 8388608 /dev/zero > /zeros\n";

/// The same with content that is no hole in a file system.
const LINES: &str = "BUSYBOX\nFROM busybox\nRUN yes | head -c 8388608 > /lines\n";

fn object() -> Value {
    json!({"context": "context", "output": "image"})
}

fn with_rootfs() -> Value {
    json!({"context": "context", "output": "image", "unpack_rootfs": true})
}

fn with_cache() -> Value {
    json!({"context": "context", "output": "image", "cache": true})
}

fn place(dockerfile: &str) -> Workplace {
    let place = Workplace::new();
    place.write("context/noise", Random::new(1).bytes(4 << 20));
    place.dockerfile(dockerfile);
    place
}

/// The run ended with the status of a machine's failure, and said all this.
fn says(run: &Run, parts: &[&str]) {
    assert_eq!(run.status, 3, "{}", run.stderr);
    for part in parts.iter().chain(&["  hint: free some space"]) {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}

fn fill(disk: &Path) {
    // It fails when the disk is full.
    let _ = fs::write(disk.join("ballast"), vec![0; 16 << 20]);
}

#[test]
fn full_output_names_the_image_and_keeps_the_one_before() {
    with_own_mounts(|| {
        let place = place("FROM scratch\nCOPY Dockerfile /\n");
        let _disk = Disk::mount(&place.path("image"), 2048);
        let _ = place.build(&object()).expect(0);
        let before = fs::read(place.path("image/image.tar")).unwrap();
        place.dockerfile(COPY);

        let run = place.build(&object());

        let image = place.path("image/.oci-image-partial/image.tar");
        says(&run, &[&format!("cannot write `{}`", image.display())]);
        assert_eq!(place.names("image"), ["digest", "image.tar"]);
        assert!(fs::read(place.path("image/image.tar")).unwrap() == before);
        assert_eq!(place.leftovers(), Vec::<String>::new());
    });
}

#[test]
fn full_output_leaves_no_rootfs() {
    with_own_mounts(|| {
        let place = place(LINES);
        let _disk = Disk::mount(&place.path("image"), 6 * 1024);

        let run = place.build(&with_rootfs());

        // Whichever of the two writes first when there is no room: the image, or a file of the tree.
        says(&run, &["cannot write `", "/image/.oci-image-partial/"]);
        assert_eq!(place.names("image"), Vec::<String>::new());
        assert_eq!(place.leftovers(), Vec::<String>::new());
    });
}

#[test]
fn full_cache_is_named_and_the_cache_before_stays_usable() {
    with_own_mounts(|| {
        let place = place("BUSYBOX\nFROM busybox\nRUN echo executed\n");
        fs::create_dir(place.path("cache")).unwrap();
        let _disk = Disk::mount(&place.path("cache"), 3 * 1024);
        let _ = place.build(&with_cache()).expect(0);
        let index = place.read("cache/index.json");
        place.dockerfile(COPY);

        let run = place.build(&with_cache()).expect(0);

        let cache = place.path("cache");
        let unwritten = format!("cannot write `{}/blobs/sha256/", cache.display());
        assert!(
            run.stderr
                .contains("warning: the build's cache is not up to date: "),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(&unwritten), "{}", run.stderr);
        oci_image_tests::layout::assert_sound(&cache);
        assert_eq!(place.names("cache/ingest"), Vec::<String>::new());
        assert_eq!(place.read("cache/index.json"), index);
        assert_eq!(place.leftovers(), Vec::<String>::new());
        place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo executed\n");
        fs::remove_dir_all(place.root()).unwrap();
        let next = place.build(&with_cache()).expect(0);
        assert!(next.stderr.contains("CACHED"), "{}", next.stderr);
    });
}

/// A build with so many KiB for the daemon's root fails for that, and succeeds with the same root when there is room.
fn fails_in_a_root_of(size: u32, dockerfile: &str, parts: &[&str]) {
    with_own_mounts(|| {
        let place = place(dockerfile);
        fs::create_dir(place.root()).unwrap();
        let disk = Disk::mount(&place.root(), size);

        let run = place.build(&object());

        let root = format!(
            "error: no space is left for the daemon in `{}`",
            place.root().display()
        );
        says(&run, &[&root]);
        says(&run, parts);
        assert_eq!(place.names("image"), Vec::<String>::new());
        assert_eq!(place.leftovers(), Vec::<String>::new());
        disk.resize(65536);
        let _ = place.build(&object()).expect(0);
        assert_eq!(place.names("image"), ["digest", "image.tar"]);
    });
}

#[test]
fn full_root_while_the_context_is_sent() {
    fails_in_a_root_of(2048, COPY, &["load build context"]);
}

#[test]
fn full_root_while_a_file_is_copied() {
    fails_in_a_root_of(6 * 1024, COPY, &["COPY noise /noise"]);
}

#[test]
fn full_root_while_layers_are_exported() {
    fails_in_a_root_of(10 * 1024, COPY, &["exporting to oci image format"]);
}

#[test]
fn full_root_that_a_step_filled_shows_the_step() {
    fails_in_a_root_of(6 * 1024, ZEROS, &["RUN head -c 8388608", "exit code: 1"]);
}

#[test]
fn full_root_while_the_daemon_starts() {
    with_own_mounts(|| {
        let place = place(COPY);
        fs::create_dir(place.root()).unwrap();
        let _disk = Disk::mount(&place.root(), 512);
        fill(&place.root());

        let run = place.build(&object());

        let root = place.root().display().to_string();
        says(&run, &["no space is left for the daemon", &root]);
        assert_eq!(place.leftovers(), Vec::<String>::new());
    });
}

#[test]
fn full_temporary_directory_is_named() {
    with_own_mounts(|| {
        let place = place(COPY);
        let _disk = Disk::mount(&place.temporary(), 64);
        fill(&place.temporary());

        let run = place.build(&object());

        let private = place.temporary().join("oci-image-run-");
        says(&run, &[&format!("cannot write `{}", private.display())]);
        fs::remove_file(place.temporary().join("ballast")).unwrap();
        assert_eq!(fs::read_dir(place.temporary()).unwrap().count(), 0);
    });
}

#[test]
fn full_disk_of_the_response_is_named() {
    with_own_mounts(|| {
        let place = place("FROM scratch\nCOPY Dockerfile /\n");
        fs::create_dir(place.path("small")).unwrap();
        let _disk = Disk::mount(&place.path("small"), 64);
        fill(&place.path("small"));
        let message = json!({"object": object(), "response_path": "small/response"});
        let root = place.root().display().to_string();

        let run = place.run(&["build", "--root", &root], message.to_string().as_bytes());

        says(&run, &["cannot write the response to `small/response`"]);
    });
}

#[test]
fn step_that_fills_a_disk_of_its_own_is_a_failed_build() {
    let place = place(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=tmpfs,target=/small,size=65536 dd if=/dev/zero of=/small/file bs=1k\n",
    );

    let run = place.build(&object());

    assert_eq!(run.status, 1, "{}", run.stderr);
    let said = run.stderr.contains("No space left on device");
    assert!(said && !run.stderr.contains("hint: free"), "{}", run.stderr);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}
