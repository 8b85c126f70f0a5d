//! Caches of `RUN --mount=type=cache` on builders, which others use and prune.

use std::fs;
use std::process::Command;

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::daemon::program;
use oci_image_tests::workplace::{Run, Workplace};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// A step that takes a while, and then one that says what it finds in its cache, and leaves something there.
const LATE: &str = "\
BUSYBOX
FROM busybox
ARG RUN
ARG SECONDS=0
RUN sleep $SECONDS; true
RUN --mount=type=cache,target=/c cd /c; echo found $(ls | sort -n) end; echo $RUN > $RUN
";

struct Case {
    place: Workplace,
}

impl Case {
    fn new() -> Self {
        let place = Workplace::new();
        place.dockerfile(LATE);
        fs::create_dir(place.path("cache")).unwrap();
        Self { place }
    }

    fn command(&self, arguments: &[String], builder: &Builder) -> Command {
        let object = json!({"context": "context", "output": "image", "cache": true, "build_args": arguments});
        build_on(&self.place, &object, &[builder])
    }

    fn build(&self, run: u8, builder: &Builder) -> Run {
        let command = self.command(&[format!("RUN={run}")], builder);
        self.place.run_command(command, b"").expect(0)
    }

    /// A build during whose first step somebody removes what the builder keeps for the second.
    fn build_pruned(&self, run: u8, builder: &Builder) -> Run {
        let seconds = self.place.mark();
        let arguments = [format!("RUN={run}"), format!("SECONDS={seconds}")];
        let mut command = self.command(&arguments, builder);
        let building = command.args(["--report", "report.html"]).spawn().unwrap();
        let sleeping = || self.place.processes(&format!("sleep {seconds}"));
        self.place
            .wait_for("the first step", || !sleeping().is_empty());
        let mut prune = Command::new(program("buildctl"));
        prune.args(["--addr", &builder.address(), "prune"]);
        prune.args(["--filter", "type==exec.cachemount"]);
        let pruned = prune.output().unwrap();
        assert!(pruned.status.success(), "{pruned:?}");
        for process in sleeping() {
            let process = Pid::from_raw(process.cast_signed()).unwrap();
            kill_process(process, Signal::KILL).unwrap();
        }
        self.place.finish(building).expect(0)
    }

    /// What is kept of the cache.
    fn archive(&self) -> Vec<u8> {
        let [name] = <[String; 1]>::try_from(self.place.names("cache/mounts")).unwrap();
        fs::read(self.place.path(format!("cache/mounts/{name}"))).unwrap()
    }
}

/// The file names that the step found.
fn found(run: &Run) -> &str {
    let mut lines = run.stderr.lines().filter(|line| !line.contains("$("));
    let found = lines.find_map(|line| line.split_once(" found ")?.1.strip_suffix("end"));
    found.unwrap_or_else(|| panic!("{}", run.stderr)).trim()
}

#[test]
fn what_a_cache_holds_on_one_builder_is_carried_to_another() {
    let case = Case::new();
    let [one, other] = [Builder::start(), Builder::start()];

    let first = case.build(1, &one);
    let second = case.build(2, &other);
    let third = case.build(3, &other);

    assert_eq!([&first, &second, &third].map(found), ["", "1", "1 2"]);
    let told = "cache `/c` is restored: 2B in 2 entries";
    assert!(second.stderr.contains(told), "{}", second.stderr);
    let told = "cache `/c` is still in the daemon";
    assert!(third.stderr.contains(told), "{}", third.stderr);
}

#[test]
fn what_is_kept_stays_where_the_builder_has_lost_it_before_the_steps() {
    let case = Case::new();
    let [one, other, third] = [Builder::start(), Builder::start(), Builder::start()];
    let _ = case.build(1, &one);
    let _ = case.build(2, &one);
    let kept = case.archive();

    let missing = case.build_pruned(3, &other);
    let after = case.archive();
    let next = case.build(4, &third);

    assert_eq!(found(&missing), "");
    let warning = "warning: cache `/c` is not kept: the daemon gave steps another one, which holds 2B in 2 entries, because the one that \
                   it was to be was in use or removed; what was kept before stays for the next build\n";
    assert!(missing.stderr.contains(warning), "{}", missing.stderr);
    let page = case.place.read("report.html");
    let told = "missed, and kept as it was: steps had another one";
    assert!(page.contains(told), "{page}");
    assert_eq!(after, kept);
    assert_eq!(found(&next), "1 2");
}
