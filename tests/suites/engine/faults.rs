//! Deaths at any moment: the program is killed or stopped, or its daemon killed, while it builds with a cache and a root
//! filesystem. Nothing of it runs on, each result is the one before or the new one, and the next build succeeds.
//!
//! `OCI_IMAGE_KILLS=50` kills each of them 50 times, in place of 10.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use oci_image_tests::archive::{Archive, sha256};
use oci_image_tests::layout::assert_sound;
use oci_image_tests::random::Random;
use oci_image_tests::tree;
use oci_image_tests::workplace::{Run, Workplace};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// How long all that belongs to a build may outlive its program.
const END: Duration = Duration::from_secs(2);

/// After so many kills a build is left to its end.
const KILLS_TO_A_BUILD: u64 = 4;

/// What `metadata.json` is of every build here.
const METADATA: &str = "{\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"],\"user\":\"1:2\"}\n";

fn kills() -> u64 {
    let wanted = env::var("OCI_IMAGE_KILLS").ok();
    wanted.map_or(10, |wanted| wanted.parse().unwrap())
}

/// A workplace whose builds differ by one file, and whose steps are found again in the process table.
struct Scene {
    place: Workplace,
    mark: String,
    round: u64,
    random: Random,
    /// What a whole build took.
    duration: Duration,
    before: Results,
}

/// What stands under the final names.
#[derive(Debug, PartialEq, Eq)]
struct Results {
    image: String,
    digest: String,
    rootfs: Vec<(PathBuf, String)>,
}

fn object() -> Value {
    json!({"context": "context", "output": "image", "cache": true, "unpack_rootfs": true})
}

impl Scene {
    /// A scene with the results of one build. The second build gives the time: its daemon's root is warm.
    fn new(seed: u64) -> Self {
        let place = Workplace::new();
        let mark = place.mark();
        place.dockerfile(&format!(
            "BUSYBOX\nFROM busybox\nRUN mkdir -p /deep/er && head -c 200000 /dev/urandom > /deep/er/kept\nCOPY source /source\n\
             RUN : sleep {mark}; head -c 500000 /dev/urandom > /noise; cp /source /copy; ln /copy /link; sleep 0.1\nUSER 1:2\n"
        ));
        fs::create_dir(place.path("cache")).unwrap();
        let mut scene = Self {
            before: Results {
                image: String::new(),
                digest: String::new(),
                rootfs: Vec::new(),
            },
            place,
            mark,
            round: 0,
            random: Random::new(seed),
            duration: Duration::ZERO,
        };
        for _ in 0..2 {
            let started = Instant::now();
            scene.build();
            scene.duration = started.elapsed();
        }
        scene
    }

    /// A build to the end, whose results are those of the next rounds to compare with.
    fn build(&mut self) {
        self.next_round();
        let _ = self.place.build(&object()).expect(0);
        assert_eq!(self.place.leftovers(), Vec::<String>::new());
        let names = ["digest", "image.tar", "metadata.json", "rootfs"];
        assert_eq!(self.place.names("image"), names);
        self.before = self.results();
        self.assert_new();
    }

    fn next_round(&mut self) {
        self.round += 1;
        self.place.write("context/source", self.round.to_string());
    }

    /// Starts a build and waits for a moment of it.
    fn start(&mut self) -> Child {
        self.next_round();
        let child = self.place.start_build(&object());
        let moment = self.duration.mul_f64(self.random.fraction());
        pass(moment);
        child
    }

    fn results(&self) -> Results {
        Results {
            image: sha256(&fs::read(self.place.path("image/image.tar")).unwrap()),
            digest: self.place.read("image/digest"),
            rootfs: files(&self.place.path("image/rootfs")),
        }
    }

    /// Each result is the one before, or the whole new one.
    fn assert_whole(&self) {
        assert_sound(&self.place.path("cache"));
        assert_eq!(self.place.read("image/metadata.json"), METADATA);
        let now = self.results();
        if now.image != self.before.image {
            self.assert_new_image();
        }
        if now.rootfs != self.before.rootfs {
            self.assert_new_rootfs();
        }
        if now.digest != self.before.digest {
            let archive = Archive::read(&self.place.path("image/image.tar"));
            let hex = now.digest.strip_prefix("sha256:").unwrap();
            assert!(hex.len() == 64, "{hex}");
            assert!(
                now.image == self.before.image || now.digest == archive.config_digest,
                "the new digest is not that of the new image"
            );
        }
    }

    fn assert_new(&self) {
        self.assert_new_image();
        self.assert_new_rootfs();
        assert_sound(&self.place.path("cache"));
        assert_eq!(self.place.read("image/metadata.json"), METADATA);
    }

    fn assert_new_image(&self) {
        let archive = Archive::read(&self.place.path("image/image.tar"));
        assert_eq!(archive.text("copy"), self.round.to_string());
        assert_eq!(archive.entry("noise").unwrap().contents.len(), 500_000);
    }

    fn assert_new_rootfs(&self) {
        let text = |name: &str| self.place.read(&format!("image/rootfs/{name}"));
        assert_eq!(text("source"), self.round.to_string());
        assert_eq!(text("link"), self.round.to_string());
        let length = |name: &str| fs::metadata(self.place.path("image/rootfs").join(name));
        assert_eq!(length("noise").unwrap().len(), 500_000);
        assert_eq!(length("deep/er/kept").unwrap().len(), 200_000);
        let names = tree::paths(&self.place.path("image/rootfs"));
        if !self.before.rootfs.is_empty() {
            assert!(
                names
                    .iter()
                    .eq(self.before.rootfs.iter().map(|(path, _)| path))
            );
        }
    }

    /// Processes and mounts of the build, those of its steps included.
    fn remains(&self) -> Vec<String> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let home = self.place.path("..").canonicalize().unwrap();
        let ours = |line: &&str| line.contains(&*home.to_string_lossy());
        let steps = self.place.processes(&self.mark);
        let steps = steps.iter().map(|step| format!("step {step}"));
        let mounts = mounts.lines().filter(ours).map(str::to_owned);
        let running = self.place.running().into_iter();
        running.chain(mounts).chain(steps).collect()
    }
}

/// Every path below `root` with what is there, sorted.
fn files(root: &Path) -> Vec<(PathBuf, String)> {
    let content = |path: &Path| {
        let kind = fs::symlink_metadata(path).unwrap().file_type();
        if kind.is_dir() {
            "directory".to_owned()
        } else if kind.is_symlink() {
            fs::read_link(path).unwrap().display().to_string()
        } else {
            sha256(&fs::read(path).unwrap())
        }
    };
    (tree::paths(root).into_iter())
        .map(|path| (path.clone(), content(&root.join(path))))
        .collect()
}

/// Lets time go by.
#[expect(
    clippy::disallowed_methods,
    reason = "any moment is meant, and no state"
)]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

fn kill(process: u32) {
    let process = Pid::from_raw(process.cast_signed()).unwrap();
    // It may have ended by itself.
    let _ = kill_process(process, Signal::KILL);
}

/// The control groups that a daemon with one of these private directories had.
fn groups(private: &[String]) -> Vec<PathBuf> {
    let below = |name: &String| {
        ["", "pids", "memory", "unified"]
            .map(|kind| Path::new("/sys/fs/cgroup").join(kind).join(name))
    };
    let groups = private.iter().flat_map(below);
    groups.filter(|group| group.exists()).collect()
}

#[test]
fn program_that_is_killed_at_any_moment_leaves_whole_results_and_nothing_running() {
    let mut scene = Scene::new(1);
    let mut private = Vec::new();
    for round in 1..=kills() {
        let child = scene.start();

        kill(child.id());
        let run = scene.place.finish(child);

        scene.place.wait_up_to(END, "all of the build to end", || {
            scene.remains().is_empty()
        });
        assert!(run.status == 137 || run.status == 0, "{}", run.stderr);
        scene.assert_whole();
        scene.before = scene.results();
        private.extend(scene.place.names("../tmp"));
        if round % KILLS_TO_A_BUILD == 0 {
            scene.build();
        }
    }
    scene.build();
    assert_eq!(groups(&private), Vec::<PathBuf>::new());
}

#[test]
fn daemon_that_is_killed_at_any_moment_fails_the_build_and_leaves_the_results_before() {
    let mut scene = Scene::new(2);
    for round in 1..=kills() {
        let child = scene.start();

        for daemon in scene.place.processes("buildkitd") {
            kill(daemon);
        }
        let run = scene.place.finish(child);

        assert_eq!(scene.place.leftovers(), Vec::<String>::new());
        assert_eq!(scene.remains(), Vec::<String>::new());
        after_a_death(&mut scene, &run, 3);
        if round % KILLS_TO_A_BUILD == 0 {
            scene.build();
        }
    }
    scene.build();
}

#[test]
fn program_that_is_stopped_at_any_moment_leaves_the_results_before() {
    let mut scene = Scene::new(4);
    for _ in 0..kills() {
        let child = scene.start();

        scene.place.signal(&child, "SIGTERM");
        let run = scene.place.finish(child);

        assert_eq!(scene.place.leftovers(), Vec::<String>::new());
        assert_eq!(scene.remains(), Vec::<String>::new());
        after_a_death(&mut scene, &run, 143);
    }
    scene.build();
}

/// The build has failed and changed nothing but the cache, or it was over before, and has succeeded.
fn after_a_death(scene: &mut Scene, run: &Run, status: i32) {
    let names = ["digest", "image.tar", "metadata.json", "rootfs"];
    assert_eq!(scene.place.names("image"), names);
    if run.status == 0 {
        scene.assert_new();
        scene.before = scene.results();
        return;
    }
    assert_eq!(run.status, status, "{}", run.stderr);
    assert_sound(&scene.place.path("cache"));
    assert_eq!(scene.results(), scene.before);
}

#[test]
fn snapshot_that_a_killed_daemon_left_does_not_fail_the_next_build() {
    let place = Workplace::new();
    let object = json!({"context": "context", "output": "image"});
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo first\n");
    let _ = place.build(&object).expect(0);
    // As between the rename of its directory and the commit of its transaction.
    let mut workers = fs::read_dir(place.root()).unwrap();
    let snapshots = workers.find_map(|worker| {
        let snapshots = worker.unwrap().path().join("snapshots/snapshots");
        snapshots.is_dir().then_some(snapshots)
    });
    let snapshots = snapshots.unwrap();
    let numbers = fs::read_dir(&snapshots).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str().unwrap().parse::<u64>().unwrap()
    });
    let next = numbers.max().unwrap() + 1;
    fs::create_dir_all(snapshots.join(next.to_string()).join("fs/left")).unwrap();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo second; [ ! -e /left ]\n");

    let run = place.build(&object).expect(0);

    let warning = "warning: a killed daemon left a snapshot";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

/// A step whose layer takes a while to be written to the cache; what it prints shows that it ran.
fn slow_export(place: &Workplace, word: &str) {
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN echo executed {word}; head -c 6000000 /dev/urandom > /noise\n"
    ));
}

#[test]
fn cache_of_the_build_before_is_usable_after_a_kill_in_the_middle_of_an_export() {
    let place = Workplace::new();
    let object = json!({"context": "context", "output": "image", "cache": true});
    let mut random = Random::new(3);
    fs::create_dir(place.path("cache")).unwrap();
    slow_export(&place, "first");
    let _ = place.build(&object).expect(0);
    let mut in_time = 0;
    for round in 0..kills() / 3 {
        let index = place.read("cache/index.json");
        slow_export(&place, &round.to_string());
        let child = place.start_build(&object);
        let coming = place.root().join("kept-blobs/ingest");
        place.wait_for("a layer on its way into the cache", || {
            fs::read_dir(&coming).is_ok_and(|mut blobs| blobs.next().is_some())
        });
        pass(Duration::from_millis(60).mul_f64(random.fraction()));

        kill(child.id());
        let _ = place.finish(child);

        place.wait_up_to(END, "all of the build to end", || {
            place.running().is_empty()
        });
        assert_sound(&place.path("cache"));
        let was_late = place.read("cache/index.json") != index;
        slow_export(&place, "first");
        if was_late {
            let _ = place.build(&object).expect(0);
            continue;
        }
        in_time += 1;
        fs::remove_dir_all(place.root()).unwrap();
        let next = place.build(&object).expect(0);
        assert!(next.stderr.contains("CACHED"), "{}", next.stderr);
        assert!(
            !next.stderr.contains(" executed first\n"),
            "{}",
            next.stderr
        );
        assert!(!next.stderr.contains("warning: "), "{}", next.stderr);
        assert_eq!(place.names("cache/ingest"), Vec::<String>::new());
        assert_eq!(place.leftovers(), Vec::<String>::new());
    }
    assert!(in_time > 0);
}
