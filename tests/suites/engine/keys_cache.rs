//! `cache`: build cache that outlives the daemon's root.

use std::fs;
use std::path::PathBuf;

use oci_image_tests::archive::sha256;
use oci_image_tests::layout;
use oci_image_tests::rival::Rival;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// A step that prints what cannot be guessed, so that its execution shows.
const STEPS: &str = "\
BUSYBOX
FROM busybox
RUN echo executed; head -c 100000 /dev/urandom > /noise
COPY source /source
RUN cat /source/file > /copy
";

fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile(STEPS);
    place.write("context/source/file", "first");
    fs::create_dir(place.path("cache")).unwrap();
    place
}

fn object() -> Value {
    json!({"context": "context", "output": "image", "cache": true})
}

fn executed(run: &Run) -> bool {
    run.stderr.lines().any(|line| line.ends_with(" executed"))
}

fn count(run: &Run, end: &str) -> usize {
    let steps = run.stderr.lines().filter(|line| line.starts_with('#'));
    steps.filter(|line| line.ends_with(end)).count()
}

fn build(place: &Workplace) -> Run {
    place.build(&object()).expect(0)
}

/// A build that has nothing but the cache to reuse.
fn build_afresh(place: &Workplace) -> Run {
    fs::remove_dir_all(place.root()).unwrap();
    build(place)
}

fn blobs(place: &Workplace) -> Vec<PathBuf> {
    let directory = place.path("cache/blobs/sha256");
    let mut blobs: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    blobs.sort();
    blobs
}

fn size(place: &Workplace) -> u64 {
    let length = |path: &PathBuf| fs::metadata(path).unwrap().len();
    blobs(place).iter().map(length).sum()
}

/// The largest blob: the layer of noise, or that of busybox.
fn largest(place: &Workplace) -> PathBuf {
    let length = |path: &PathBuf| fs::metadata(path).unwrap().len();
    blobs(place).into_iter().max_by_key(length).unwrap()
}

fn assert_sound(place: &Workplace) {
    layout::assert_sound(&place.path("cache"));
    assert!(place.path("cache/index.json").exists());
}

/// How `buildctl` is told of the cache, and of no tag.
fn import(place: &Workplace) -> String {
    let cache = place.path("cache");
    format!("--import-cache=type=local,src={}", cache.display())
}

/// The tags in the cache with their manifests, sorted.
fn tagged(place: &Workplace) -> Vec<(String, String)> {
    let index: Value = serde_json::from_str(&place.read("cache/index.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tagged = |manifest: &Value| {
        let tag = &manifest["annotations"]["org.opencontainers.image.ref.name"];
        (text(tag), text(&manifest["digest"]))
    };
    let manifests = index["manifests"].as_array().unwrap();
    let mut tagged: Vec<_> = manifests.iter().map(tagged).collect();
    tagged.sort();
    tagged
}

fn tags(place: &Workplace) -> Vec<String> {
    tagged(place).into_iter().map(|(tag, _)| tag).collect()
}

fn digest(place: &Workplace, tag: &str) -> String {
    let mut tagged = tagged(place).into_iter();
    tagged.find(|(known, _)| known == tag).unwrap().1
}

fn warns(run: &Run, what: &str) {
    let warned = |line: &str| line.starts_with("warning: ") && line.contains(what);
    assert!(
        run.stderr.lines().any(warned),
        "no {what:?} in:\n{}",
        run.stderr
    );
}

#[test]
fn cache_of_one_build_spares_the_next_its_steps_on_a_fresh_root() {
    let place = place();
    let first = build(&place);
    assert!(executed(&first), "{}", first.stderr);
    assert_sound(&place);

    let second = build_afresh(&place);

    assert!(!executed(&second), "{}", second.stderr);
    assert!(second.stderr.contains("CACHED"), "{}", second.stderr);
    assert_sound(&place);
    assert_eq!(place.names("cache/ingest"), Vec::<String>::new());
    assert_eq!(
        place.names("cache"),
        ["blobs", "index.json", "ingest", "oci-layout"]
    );
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn cache_is_one_that_buildctl_imports_without_being_told_of_a_tag() {
    let place = place();
    let _ = build(&place);

    let printed = Rival::start().build(&place.path("context"), &[&import(&place)]);

    assert!(printed.contains("CACHED"), "{printed}");
    assert!(
        !printed.lines().any(|line| line.ends_with(" executed")),
        "{printed}"
    );
}

#[test]
fn cache_that_buildctl_left_is_imported_and_replaced() {
    let place = place();
    let export = format!(
        "--export-cache=type=local,mode=max,dest={}",
        place.path("cache").display()
    );
    let rival = Rival::start();
    rival.build(&place.path("context"), &[&export]);
    assert_eq!(tags(&place), ["latest"]);

    let run = build(&place);

    assert!(!executed(&run), "{}", run.stderr);
    assert!(!run.stderr.contains("warning: "), "{}", run.stderr);
    assert_eq!(tags(&place), ["image", "latest"]);
    // And it goes on from what we left.
    let printed = rival.build(&place.path("context"), &[&import(&place), &export]);
    assert!(printed.contains("CACHED"), "{printed}");
    let run = build_afresh(&place);
    assert!(!executed(&run), "{}", run.stderr);
    assert_sound(&place);
}

/// The one that is tagged `latest` is that of the image, not that of another target.
#[test]
fn of_several_targets_the_cache_of_the_image_is_the_latest() {
    let place = place();
    fs::create_dir(place.path("busybox")).unwrap();
    let mut object = object();
    object["additional_targets"] = json!(["busybox"]);

    for _ in 0..2 {
        let _ = place.build(&object).expect(0);

        assert_eq!(tags(&place), ["busybox", "image", "latest"]);
        assert_eq!(digest(&place, "latest"), digest(&place, "image"));
        assert_ne!(digest(&place, "latest"), digest(&place, "busybox"));
        assert_sound(&place);
    }
    let printed = Rival::start().build(&place.path("context"), &[&import(&place)]);
    assert!(
        !printed.lines().any(|line| line.ends_with(" executed")),
        "{printed}"
    );
}

#[test]
fn ten_rebuilds_with_a_changing_file_do_not_grow_the_cache() {
    let place = place();
    let mut sizes = Vec::new();
    for round in 0..10 {
        // 200 KB of noise that does not compress.
        let noise: Vec<u8> = (0..6400_u32)
            .flat_map(|part| {
                let digest = sha256(format!("{round} {part}").as_bytes());
                digest.into_bytes().into_iter().skip(7).step_by(2)
            })
            .collect();
        place.write("context/source/file", noise);

        let run = build(&place);

        assert!(!run.stderr.contains("warning: "), "{}", run.stderr);
        assert_eq!(tags(&place), ["image", "latest"]);
        sizes.push(size(&place));
    }

    let (first, last) = (sizes[0], sizes[9]);
    assert!(last < first + first / 10, "{sizes:?}");
    assert_sound(&place);
}

#[test]
fn nothing_is_unpacked_of_an_image_that_the_cache_has_whole_and_the_next_step_finds_what_it_needs()
{
    let place = place();
    let first = build(&place);
    let digest = place.read("image/digest");

    let again = build_afresh(&place);
    assert!(!again.stderr.contains(" extracting "), "{}", again.stderr);
    assert_eq!(count(&again, "CACHED"), 5, "{}", again.stderr);
    assert_eq!(place.read("image/digest"), digest, "{}", first.stderr);

    // On the root that has it packed, and without the cache.
    fs::remove_dir_all(place.path("cache")).unwrap();
    place.dockerfile(&format!("{STEPS}RUN cat /copy /noise > /more\n"));
    let more = json!({"context": "context", "output": "image"});
    let next = place.build(&more).expect(0);
    assert!(!executed(&next), "{}", next.stderr);
    assert!(next.stderr.contains(" extracting "), "{}", next.stderr);
}

#[test]
fn result_that_is_not_exported_stays_packed_and_is_built_anew_where_it_is_gone() {
    let place = place();
    let _ = build(&place);
    fs::remove_dir_all(place.path("image")).unwrap();

    let again = build_afresh(&place);
    fs::remove_dir_all(place.path("cache")).unwrap();
    fs::create_dir(place.path("image")).unwrap();
    let without = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);

    assert!(!executed(&again), "{}", again.stderr);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    assert!(executed(&without), "{}", without.stderr);
}

#[test]
fn damaged_layer_is_reported_and_the_build_goes_on_and_repairs_the_cache() {
    let place = place();
    let _ = build(&place);
    let layer = largest(&place);
    let mut bytes = fs::read(&layer).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&layer, bytes).unwrap();

    let run = build_afresh(&place);

    warns(&run, "the build's cache is ignored");
    warns(&run, "is damaged");
    assert!(executed(&run), "{}", run.stderr);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    assert_sound(&place);
    let next = build_afresh(&place);
    assert!(!executed(&next), "{}", next.stderr);
    assert!(!next.stderr.contains("warning: "), "{}", next.stderr);
}

#[test]
fn damaged_lists_are_reported_and_the_build_goes_on_and_repairs_the_cache() {
    type Damage = fn(&Workplace);
    let damages: [Damage; 3] = [
        |place| fs::remove_file(largest(place)).unwrap(),
        |place| drop(place.write("cache/index.json", "{\"manifests\": 1}")),
        |place| {
            let index: Value = serde_json::from_str(&place.read("cache/index.json")).unwrap();
            let digest = index["manifests"][0]["digest"].as_str().unwrap();
            place.write(&format!("cache/blobs/{}", digest.replace(':', "/")), "{}");
        },
    ];
    let place = place();
    let _ = build(&place);
    for damage in damages {
        damage(&place);

        let run = build_afresh(&place);

        warns(&run, "the build's cache is ignored");
        assert!(executed(&run), "{}", run.stderr);
        assert_sound(&place);
    }
    let next = build_afresh(&place);
    assert!(!executed(&next), "{}", next.stderr);
}

#[test]
fn cache_without_its_directory_is_a_warning_and_no_cache() {
    let place = place();
    fs::remove_dir(place.path("cache")).unwrap();

    let run = build(&place);

    assert!(
        run.stderr.contains("the directory `cache` does not exist"),
        "{}",
        run.stderr
    );
    assert!(!place.path("cache").exists());
}

#[test]
fn failed_build_leaves_the_cache_of_the_build_before() {
    let place = place();
    let _ = build(&place);
    let before = (place.read("cache/index.json"), blobs(&place));
    place.dockerfile(&format!("{STEPS}RUN exit 1\n"));

    let _ = place.build(&object()).expect(1);

    assert_eq!((place.read("cache/index.json"), blobs(&place)), before);
    assert_sound(&place);
}
