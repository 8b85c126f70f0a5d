//! Builds that are killed at a hundred moments of their life, one after the other on one root and one cache: whatever the
//! moment, nothing runs on, nothing is mounted, no half of a result has a name, and the next build succeeds. The same of caches that a build
//! carries, on an empty root each time.

use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use oci_image_tests::archive::Archive;
use oci_image_tests::attacks;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// What a build leaves in its output.
const WHOLE: [&str; 4] = ["digest", "image.tar", "metadata.json", "rootfs"];
/// After how many kills a build is let through.
const BETWEEN: u32 = 10;
/// How many signals end builds.
const SIGNALS: u32 = 2;
/// How long a stop may take; two seconds are promised, and the machine has other tests to run.
const DEADLINE: Duration = Duration::from_secs(20);

fn object() -> Value {
    json!({"context": "context", "output": "image", "cache": true, "unpack_rootfs": true})
}

/// A build with a step, files and a layer of noise, other ones each time.
fn dockerfile(place: &Workplace, turn: u32) {
    place.dockerfile(&format!(
        "BUSYBOX\nRUN echo {turn} > /turn\nFROM busybox\nCOPY --from=busybox /turn /turn\nRUN head -c 3000000 /dev/urandom > /noise\n"
    ));
}

#[test]
fn build_that_is_stopped_at_any_moment_leaves_nothing() {
    ended_at_any_moment("SIGTERM");
}

#[test]
fn build_that_is_killed_at_any_moment_leaves_nothing_that_the_next_one_minds() {
    ended_at_any_moment("SIGKILL");
}

fn ended_at_any_moment(signal: &str) {
    let place = Workplace::new();
    std::fs::create_dir(place.path("cache")).unwrap();
    dockerfile(&place, 0);
    let _ = place.build(&object()).expect(0); // the root is warm from here on
    dockerfile(&place, 1);
    let started = Instant::now();
    let _ = place.build(&object()).expect(0);
    let whole = started.elapsed();

    let moments = attacks::tried("kills") / SIGNALS;
    for moment in 0..moments {
        dockerfile(&place, moment + 2);
        clear(&place);
        let child = place.start_build(&object());
        // The last tenth comes when most builds are done.
        thread::park_timeout(whole * moment * 10 / 9 / moments);
        place.signal(&child, signal);
        let asked = Instant::now();
        let run = place.finish(child);
        assert!(asked.elapsed() < DEADLINE, "{signal} {moment}");
        nothing_is_left(&place, &run, signal);
        if moment % BETWEEN == BETWEEN - 1 {
            next_build_succeeds(&place);
        }
    }
}

/// A step that finds out whether its cache is torn, and leaves another one.
const CARRYING: &str = "\
BUSYBOX
FROM busybox
ARG RUN
RUN --mount=type=cache,target=/c cd /c && if [ -e sums ]; then sha256sum -c -s sums; fi && echo found $(cat run) && \\
    head -c 5000000 /dev/urandom > noise && for i in $(seq 100); do echo $RUN-$i > $i; done && echo $RUN > run && \\
    sha256sum noise run $(seq 100) > sums
";

#[test]
fn caches_of_a_build_that_is_killed_are_the_old_ones_or_the_new_ones() {
    let place = Workplace::new();
    place.dockerfile(CARRYING);
    std::fs::create_dir(place.path("cache")).unwrap();
    let mut kept = "before".to_owned();
    let started = Instant::now();
    let _ = place.build(&carrying(&kept)).expect(0);
    let whole = started.elapsed();

    let moments = attacks::tried("carrying");
    for moment in 0..moments {
        std::fs::remove_dir_all(place.root()).unwrap();
        let killed = format!("killed{moment}");
        let mut child = place.start_build(&carrying(&killed));
        match moment % 4 {
            1 => kill_step(&place, &mut child, "courier restore"),
            3 => kill_step(&place, &mut child, "courier save"),
            _ => {
                thread::park_timeout(whole * moment / moments);
                place.signal(&child, "SIGKILL");
            }
        }
        let run = place.finish(child);
        // What carries caches costs no build.
        assert!(moment % 2 == 0 || run.status == 0, "{}", run.stderr);
        place.wait_up_to(DEADLINE, "everything to end", || place.running().is_empty());

        let _ = std::fs::remove_dir_all(place.root()); // a build that was killed at once made none
        let next = format!("after{moment}");
        let run = place.build(&carrying(&next)).expect(0);
        let said = &run.stderr;
        let mut lines = said.lines().filter(|line| !line.contains("$("));
        let found = lines.find_map(|line| Some(line.split_once(" found ")?.1));
        assert!(
            [Some(&*kept), Some(&*killed)].contains(&found),
            "{killed}: {said}"
        );
        assert_eq!(place.leftovers(), Vec::<String>::new(), "{said}");
        let archives = place.names("cache/mounts");
        assert!(
            archives.len() == 1 && archives[0].ends_with(".tar.zst"),
            "{archives:?}"
        );
        kept = next;
    }
}

fn carrying(run: &str) -> Value {
    let arguments = [format!("RUN={run}")];
    json!({"context": "context", "output": "image", "cache": true, "build_args": arguments})
}

/// Kills a step of a build, if it is seen before the build has ended.
fn kill_step(place: &Workplace, build: &mut Child, part: &str) {
    let mut steps = Vec::new();
    place.wait_for("the step to run, or the build to end", || {
        steps = place.steps(part);
        !steps.is_empty() || build.try_wait().unwrap().is_some()
    });
    for step in steps {
        // It may have ended meanwhile.
        let _ = Command::new("kill")
            .args(["-s", "KILL", &step.to_string()])
            .status();
    }
}

fn clear(place: &Workplace) {
    std::fs::remove_dir_all(place.path("image")).unwrap();
    std::fs::create_dir(place.path("image")).unwrap();
    let _ = std::fs::remove_file(place.path("../response"));
}

fn nothing_is_left(place: &Workplace, run: &Run, signal: &str) {
    let said = &run.stderr;
    let ended = [0, if signal == "SIGTERM" { 143 } else { 137 }];
    assert!(ended.contains(&run.status), "{}: {said}", run.status);
    place.wait_up_to(DEADLINE, "everything to end", || place.running().is_empty());
    let names = place.names("image");
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    if signal == "SIGTERM" {
        assert_eq!(place.leftovers(), Vec::<String>::new(), "{said}");
        let whole = ["digest", "image.tar", "metadata.json", "rootfs"];
        // It is opened before the build, so that one that cannot be written is known then.
        let responded = run.response.as_ref().is_some_and(|text| !text.is_empty());
        assert!(named.is_empty() || named == whole, "{named:?}: {said}");
        // Past the first name a stop is too late.
        assert_eq!(run.status == 0, responded, "{}: {said}", run.status);
    }
    // What has its name is whole, also where the rest has none yet.
    if named.contains(&"image.tar") {
        let _ = Archive::read(&place.path("image/image.tar"));
    }
}

fn next_build_succeeds(place: &Workplace) {
    let run = place.build(&object()).expect(0);
    assert_eq!(place.leftovers(), Vec::<String>::new(), "{}", run.stderr);
    assert_eq!(place.names("image"), WHOLE, "{}", run.stderr);
}
