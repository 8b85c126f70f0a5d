//! `cache_mounts`, `cache_mounts_limit`, `cache_mounts_read_only`: what is asked of the caches that steps mount.

use std::fs;

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX
FROM busybox
RUN --mount=type=cache,id=kept,target=/kept echo of-the-cache > /kept/file && cp /kept/file /copy
",
    );
    place.write("context/unused", "");
    place
}

fn object(keys: &Value) -> Value {
    let mut object = json!({"context": "context", "output": "image"});
    let keys = keys.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(keys);
    object
}

#[test]
fn image_is_the_same_whatever_cache_mounts_are_kept() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    let all = json!({"cache": true});
    let _ = place.build(&object(&all)).expect(0);
    let digest = place.read("image/digest");
    let image = Archive::read(&place.path("image/image.tar"));
    assert_eq!(image.text("copy"), "of-the-cache\n");
    assert!(image.entry("kept/file").is_none());

    for keys in [
        json!({"cache": true, "cache_mounts": ["kept"], "cache_mounts_limit": "1MB"}),
        json!({"cache": true, "cache_mounts_read_only": true}),
        json!({"cache": true, "cache_mounts": ["none"]}),
    ] {
        let _ = place.build(&object(&keys)).expect(0);
        assert_eq!(place.read("image/digest"), digest, "{keys}");
    }
}

#[test]
fn task_without_the_directory_cache_is_built_with_a_remark() {
    let place = place();
    let mut command = place.command(&["task"]);
    command.env("OCI_IMAGE_ROOT", place.root()).envs([
        ("CONTEXT", "context"),
        ("CACHE_MOUNTS", "none"),
        ("CACHE_MOUNTS_LIMIT", "500MB"),
        ("CACHE_MOUNTS_READ_ONLY", ""),
    ]);

    let run = place.run_command(command, b"").expect(0);

    let said = "without `cache` nothing is kept, so `CACHE_MOUNTS_LIMIT` counts for nothing";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(run.stderr.matches("ineffective-cache-mounts").count(), 1);
    assert!(place.path("image/image.tar").exists());
}

#[test]
fn plan_says_which_cache_mounts_are_kept() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    let keys = json!({"cache": true, "cache_mounts": ["kept", "/root/.cache"], "cache_mounts_limit": "1.5kB"});
    let request = object(&keys).to_string();

    let run = place.run(&["plan", "-"], request.as_bytes()).expect(0);

    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        plan["cache"]["mounts"],
        json!({"ids": ["kept", "/root/.cache"], "limit": 1500, "read_only": false})
    );
}

/// A step that says what it finds in its caches, and leaves something there; the argument makes it run anew.
const COUNT: &str = "\
BUSYBOX
FROM busybox
ARG RUN
RUN --mount=type=cache,target=/root/.cache/tool --mount=type=cache,id=locked,target=/locked,uid=7,sharing=locked \\
    echo $RUN >> /root/.cache/tool/runs && echo $RUN >> /locked/runs && \\
    echo found $(cat /root/.cache/tool/runs) and $(cat /locked/runs) && test $RUN != bad
";

fn counting() -> Workplace {
    let place = Workplace::new();
    place.dockerfile(COUNT);
    fs::create_dir(place.path("cache")).unwrap();
    place
}

/// A build on an empty root, as each is in Concourse.
fn afresh(place: &Workplace, run: &str, keys: &Value) -> Run {
    let _ = fs::remove_dir_all(place.root());
    let mut object = object(&json!({"cache": true, "build_args": [format!("RUN={run}")]}));
    let keys = keys.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(keys);
    place.build(&object)
}

fn found(run: &Run) -> &str {
    // The step's name has these words too.
    let mut lines = run.stderr.lines().filter(|line| !line.contains("$("));
    let line = lines.find_map(|line| line.split_once(" found "));
    line.unwrap_or_else(|| panic!("{}", run.stderr)).1
}

#[test]
fn caches_are_there_again_on_an_empty_root_and_what_became_of_each_is_said() {
    let place = counting();

    let first = afresh(&place, "1", &json!({})).expect(0);
    let second = afresh(&place, "2", &json!({})).expect(0);
    // Nothing runs, so nothing changes.
    let third = afresh(&place, "2", &json!({})).expect(0);

    assert_eq!(found(&first), "1 and 1");
    assert_eq!(found(&second), "1 2 and 1 2");
    for id in ["/root/.cache/tool", "locked"] {
        let kept = format!("cache `{id}` is kept for the next build: 2B in 2 entries, as ");
        let restored = format!("cache `{id}` is restored: 2B in 2 entries, in ");
        let unchanged = format!("cache `{id}` has not changed: 4B in 2 entries");
        assert!(first.stderr.contains(&kept), "{}", first.stderr);
        assert!(!first.stderr.contains("restored"), "{}", first.stderr);
        assert!(second.stderr.contains(&restored), "{}", second.stderr);
        assert!(third.stderr.contains(&unchanged), "{}", third.stderr);
    }
    let names = place.names("cache/mounts");
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("locked-") && names[1].starts_with("root-.cache-tool-"));
    let listed = place.output(
        "tar",
        &["--zstd", "-tf", &format!("cache/mounts/{}", names[0])],
    );
    assert_eq!(listed, ".\nruns\n");
}

#[test]
fn a_failed_step_keeps_its_caches_and_a_build_that_may_not_write_keeps_none() {
    let place = counting();

    let failed = afresh(&place, "bad", &json!({})).expect(1);
    let untrusted = afresh(&place, "2", &json!({"cache_mounts_read_only": true})).expect(0);
    let after = afresh(&place, "3", &json!({})).expect(0);

    assert_eq!(found(&failed), "bad and bad");
    assert_eq!(found(&untrusted), "bad 2 and bad 2");
    assert_eq!(found(&after), "bad 3 and bad 3");
}

#[test]
fn only_caches_that_are_asked_for_are_kept_and_one_that_no_step_mounts_is_told() {
    let place = counting();
    let asked = json!({"cache_mounts": ["locked", "/root/.cache/tol"]});

    let first = afresh(&place, "1", &asked).expect(0);
    let second = afresh(&place, "2", &asked).expect(0);

    let told = "`cache_mounts` names `/root/.cache/tol`, and no step mounts a cache of that id: mounted are `/root/.cache/tool`, `locked`";
    assert!(first.stderr.contains(told), "{}", first.stderr);
    assert_eq!(found(&second), "2 and 1 2");
}

#[test]
fn two_targets_that_share_an_id_share_what_is_kept() {
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX
FROM busybox AS first
ARG RUN
RUN --mount=type=cache,id=both,target=/a,sharing=locked echo first-$RUN >> /a/runs; sort /a/runs > /copy; echo found $(cat /copy)
FROM busybox AS second
ARG RUN
RUN --mount=type=cache,id=both,target=/b,sharing=locked echo second-$RUN >> /b/runs
",
    );
    for output in ["cache", "first"] {
        fs::create_dir(place.path(output)).unwrap();
    }
    let targets = json!({"target": "second", "additional_targets": ["first"]});

    let first = afresh(&place, "1", &targets).expect(0);
    let _ = afresh(&place, "2", &targets).expect(0);
    let third = afresh(&place, "3", &json!({"target": "first"})).expect(0);

    let kept = "cache `both` is kept";
    assert_eq!(first.stderr.matches(kept).count(), 1, "{}", first.stderr);
    assert_eq!(found(&third), "first-1 first-2 first-3 second-1 second-2");
    assert_eq!(place.names("cache/mounts").len(), 1);
}

#[test]
fn a_cache_that_nothing_was_written_to_is_told() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN --mount=type=cache,target=/c true\n");
    fs::create_dir(place.path("cache")).unwrap();

    let run = afresh(&place, "1", &json!({})).expect(0);

    let told = "cache `/c` holds nothing that could be kept";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(
        run.stderr.contains("  cache mounts: 1 empty\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_larger_than_the_limit_is_named_and_the_rest_is_kept() {
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX
FROM busybox
RUN --mount=type=cache,target=/small --mount=type=cache,target=/large --mount=type=cache,target=/huge \\
    head -c 1000 /dev/urandom > /small/x; head -c 900000 /dev/urandom > /large/x; head -c 3000000 /dev/urandom > /huge/x
",
    );
    fs::create_dir(place.path("cache")).unwrap();

    let run = place.build(&object(
        &json!({"cache": true, "cache_mounts_limit": "900kB"}),
    ));

    let run = run.expect(0);
    for (id, least) in [("/large", "9"), ("/huge", "9")] {
        let told = format!("cache `{id}` is not kept: it takes {least}");
        assert!(run.stderr.contains(&told), "{}", run.stderr);
    }
    assert!(
        run.stderr.contains("cache `/small` is kept"),
        "{}",
        run.stderr
    );
    let names = place.names("cache/mounts");
    assert!(
        names.len() == 1 && names[0].starts_with("small-"),
        "{names:?}"
    );
}

#[test]
fn a_damaged_archive_is_told_and_the_build_goes_on_without_it() {
    let place = counting();
    let _ = afresh(&place, "1", &json!({})).expect(0);
    let names = place.names("cache/mounts");
    let archive = place.path(format!("cache/mounts/{}", names[0]));
    let mut bytes = fs::read(&archive).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&archive, bytes).unwrap();

    let second = afresh(&place, "2", &json!({})).expect(0);
    let third = afresh(&place, "3", &json!({})).expect(0);

    let told = "cache `locked` is not restored, and begins anew: the archive `locked-";
    assert!(second.stderr.contains(told), "{}", second.stderr);
    assert_eq!(found(&second), "1 2 and 2");
    assert_eq!(found(&third), "1 2 3 and 2 3");
}

/// A daemon measures a second after its start what the build before has left, and that takes a while.
#[test]
fn a_cache_on_a_root_that_is_kept_is_there_whenever_a_step_begins() {
    let place = Workplace::new();
    let moments = ["0.6", "0.7", "0.8", "0.9", "1.0", "1.1", "1.2"];
    let (stages, copies): (Vec<_>, Vec<_>) = (moments.iter())
        .map(|moment| {
            (
                step_after(moment),
                format!("COPY --from=at-{moment} /many /{moment}\n"),
            )
        })
        .unzip();
    let (stages, copies) = (stages.concat(), copies.concat());
    place.dockerfile(&format!("BUSYBOX\n{stages}FROM scratch\n{copies}"));
    let build = |run: u8| {
        let keys = json!({"build_args": [format!("RUN={run}")]});
        let _ = place.build(&object(&keys)).expect(0);
        let image = Archive::read(&place.path("image/image.tar"));
        moments.map(|moment| image.text(moment).trim().to_owned())
    };

    let first = build(1);
    let second = build(2);

    assert_eq!(first, moments.map(|_| "0"));
    assert_eq!(second, moments.map(|_| "30000"));
}

/// A stage with a step that, at a moment of the build, counts what a cache has, and fills it if that is nothing.
fn step_after(moment: &str) -> String {
    format!(
        "FROM busybox AS at-{moment}
ARG RUN
RUN sleep {moment}
RUN --mount=type=cache,target=/{moment} cd /{moment}; ls | wc -l > /many; [ -e 1 ] || seq 30000 | xargs touch; touch 1
"
    )
}
