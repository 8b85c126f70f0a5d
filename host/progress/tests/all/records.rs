//! What is recorded of a build, beside what is shown of it.

use std::io;
use std::time::Duration;

use oci_image_buildkit::status::{Status, Vertex};
use oci_image_progress::record::{BuildRecord, KeptLog, Recorder, StepEnd};
use oci_image_progress::{Mode, OwnStep, Progress};

use crate::recording::{Recording, parse};
use crate::reports::{at, cached, done, failed, log, part, started, vertex, vertices};

/// Records reports of solves of these targets; each says which.
fn record(targets: &[&str], reports: &[(usize, Status)]) -> BuildRecord {
    let recorder = Recorder::new();
    let mut progress = Progress::new(Mode::Plain, io::sink()).recorded_by(recorder.clone());
    let solves: Vec<_> = targets
        .iter()
        .map(|name| progress.add_solve(name))
        .collect();
    for (solve, status) in reports {
        progress.update(solves[*solve], status.clone()).unwrap();
    }
    progress.finish().unwrap();
    recorder.record()
}

/// The same of one solve.
fn record_of(reports: &[Status]) -> BuildRecord {
    let reports: Vec<_> = reports.iter().map(|status| (0, status.clone())).collect();
    record(&["image"], &reports)
}

fn upon(inputs: &[&str], vertex: Vertex) -> Status {
    vertices(&[Vertex {
        inputs: inputs.iter().map(|name| format!("sha256:{name}")).collect(),
        ..vertex
    }])
}

fn path(record: &BuildRecord) -> Vec<&str> {
    let legs = record.slow_path();
    let name = |place: usize| record.steps[place].name.as_str();
    legs.iter().map(|leg| name(leg.step)).collect()
}

fn recorded(case: &str, mode: Mode) -> BuildRecord {
    let file = format!(
        "{}/tests/fixtures/{case}/reports.jsonl",
        env!("CARGO_MANIFEST_DIR")
    );
    let recording: Recording = parse(&std::fs::read_to_string(file).unwrap());
    let recorder = Recorder::new();
    let mut progress = Progress::new(mode, io::sink()).recorded_by(recorder.clone());
    let (server, client) = (progress.add_solve("server"), progress.add_solve("client"));
    for (solve, status) in recording {
        let solve = if solve == "client" { client } else { server };
        progress.update(solve, status).unwrap();
    }
    progress.finish().unwrap();
    recorder.record()
}

fn texts(log: &KeptLog) -> Vec<&str> {
    log.first()
        .chain(log.last())
        .map(|line| line.text.as_str())
        .collect()
}

#[test]
fn a_record_is_the_same_whatever_shows_the_build() {
    for case in ["targets", "targets_fail", "noisy"] {
        let plain = recorded(case, Mode::Plain);
        assert_eq!(recorded(case, Mode::Json), plain, "{case}");
        assert_eq!(recorded(case, Mode::Coloured), plain, "{case}");
    }
}

#[test]
fn a_real_build_of_two_targets_waited_for_what_they_share_and_the_slower_one() {
    let record = recorded("targets", Mode::Plain);

    assert_eq!(record.targets, ["server", "client"]);
    assert_eq!(record.steps.len(), 13);
    assert_eq!((record.unrecorded, record.account.steps), (0, 13));
    let shared = &record.steps[8];
    assert_eq!(shared.targets, [0, 1]);
    assert_eq!(texts(&shared.log), ["shared step", "shared step ends"]);
    let context = &record.steps[3];
    assert_eq!(context.transfers[0].current, 1_982_653);
    assert!(context.transfers[0].done);
    assert_eq!(
        path(&record),
        [
            "[internal] load .dockerignore",
            "[internal] load build context",
            "[base 1/3] COPY busybox /bin/busybox",
            "[base 2/3] RUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]",
            "[base 3/3] RUN echo shared step; sleep 1; echo shared step ends",
            "[client 1/1] RUN echo client builds; sleep 0.7; echo client built",
            "exporting to docker image format",
        ]
    );
}

#[test]
fn the_end_waited_for_the_input_that_ended_last_and_for_what_ran_before_an_export() {
    let record = record_of(&[
        done("definition", 0, 100),
        done("base", 100, 5_000),
        done("context", 100, 900),
        upon(
            &["base", "context"],
            vertex("copy", Some(5_000), Some(5_100)),
        ),
        upon(&["copy"], vertex("make", Some(5_100), Some(9_000))),
        upon(&["base"], vertex("beside", Some(5_000), Some(5_800))),
        upon(
            &["beside", "make"],
            vertex("last", Some(9_000), Some(9_010)),
        ),
        done("export", 9_015, 9_900),
    ]);

    // `last` took next to no time.
    assert_eq!(
        path(&record),
        ["definition", "base", "copy", "make", "export"]
    );
    let export = record.slow_path().pop().unwrap();
    assert_eq!(export.duration, Duration::from_millis(885));
}

#[test]
fn work_of_the_program_counts_from_where_nothing_else_was_waited_for() {
    let recorder = Recorder::new();
    let mut progress = Progress::new(Mode::Plain, io::sink()).recorded_by(recorder.clone());
    let (one, other) = (progress.add_solve("one"), progress.add_solve("other"));
    let own = |progress: &mut Progress<_>, name, from, to| {
        let status = OwnStep::begun(name, "compressed", at(from)).ended(5, at(to));
        progress.update(progress.own(), status).unwrap();
    };
    progress.update(one, done("fast", 0, 1_000)).unwrap();
    progress
        .update(one, done("export of the one", 1_000, 9_000))
        .unwrap();
    progress.update(other, done("slow", 0, 6_000)).unwrap();
    progress
        .update(other, done("export of the other", 6_000, 9_000))
        .unwrap();
    own(&mut progress, "compressing layers", 600, 9_100);
    own(&mut progress, "writing images", 9_000, 9_900);
    progress.finish().unwrap();

    let record = recorder.record();

    assert_eq!(
        path(&record),
        ["slow", "compressing layers", "writing images"]
    );
    let waited: Vec<_> = record
        .slow_path()
        .iter()
        .map(|leg| leg.duration.as_millis())
        .collect();
    assert_eq!(waited, [6_000, 3_100, 800]);
}

#[test]
fn work_of_the_program_waited_for_a_step_that_ended_just_before() {
    let recorder = Recorder::new();
    let mut progress = Progress::new(Mode::Plain, io::sink()).recorded_by(recorder.clone());
    let image = progress.add_solve("image");
    let slow = upon(&["base"], vertex("slow", Some(1_000), Some(9_000)));
    for status in [done("base", 0, 1_000), slow, done("export", 9_010, 9_090)] {
        progress.update(image, status).unwrap();
    }
    // It had begun with the layer of another image.
    let own = OwnStep::begun("compressing layers", "compressed", at(600)).ended(5, at(9_100));
    progress.update(progress.own(), own).unwrap();
    progress.finish().unwrap();

    let record = recorder.record();

    assert_eq!(path(&record), ["base", "slow", "compressing layers"]);
}

#[test]
fn a_build_that_failed_waited_for_the_step_that_failed() {
    let record = record_of(&[
        done("a", 0, 1_000),
        upon(&["a"], failed("b", 1_000, 3_000, "exit code: 7")),
        upon(&["a"], failed("c", 1_000, 3_050, "context canceled")),
        upon(&["a"], vertex("d", Some(1_000), None)),
    ]);

    assert_eq!(path(&record), ["a", "b"]);
    let ends: Vec<_> = record
        .steps
        .iter()
        .map(|step| step.end.clone().unwrap())
        .collect();
    assert_eq!(
        ends,
        [
            StepEnd::Done,
            StepEnd::Failed("exit code: 7".into()),
            StepEnd::Canceled,
            StepEnd::Interrupted
        ]
    );
}

#[test]
fn inputs_that_turn_in_a_circle_or_lead_nowhere_end_the_path() {
    let record = record_of(&[
        upon(&["b", "gone"], vertex("a", Some(0), Some(1_000))),
        upon(&["a", "b"], vertex("b", Some(1_000), Some(2_000))),
    ]);

    assert_eq!(path(&record), ["a", "b"]);
    assert_eq!(BuildRecord::default().slow_path(), []);
}

#[test]
fn a_build_that_is_cut_off_has_a_record_without_any_end() {
    let recorder = Recorder::new();
    let mut progress = Progress::new(Mode::Plain, io::sink()).recorded_by(recorder.clone());
    let solve = progress.add_solve("image");
    progress.update(solve, started("a", 0)).unwrap();
    progress.update(solve, log("a", 2_500, "said\n")).unwrap();
    progress.idle().unwrap();
    drop(progress);

    let record = recorder.record();

    let step = &record.steps[0];
    assert_eq!(
        (&step.end, step.duration),
        (&None, Duration::from_millis(2_500))
    );
    assert_eq!(texts(&step.log), ["said"]);
    assert_eq!(record.end(), Some(at(2_500)));
}

#[test]
fn another_attempt_begins_a_new_record_of_the_same_dockerfile() {
    let recorder = Recorder::new();
    recorder.dockerfile("Dockerfile", b"FROM a\xff\n");
    for name in ["first", "second"] {
        let mut progress = Progress::new(Mode::Plain, io::sink()).recorded_by(recorder.clone());
        let solve = progress.add_solve("image");
        progress.update(solve, done(name, 0, 10)).unwrap();
        progress.finish().unwrap();
    }

    let record = recorder.record();

    assert_eq!((record.attempts, record.steps.len()), (2, 1));
    assert_eq!(record.steps[0].name, "second");
    assert_eq!(record.dockerfile.unwrap().text, "FROM a\u{fffd}\n");
}

#[test]
fn a_million_lines_and_endless_names_cost_no_more_than_some_megabytes() {
    let recorder = Recorder::new();
    let mut progress = Progress::new(Mode::Plain, io::sink()).recorded_by(recorder.clone());
    let solve = progress.add_solve("image");
    let lines = "<a line of a log & more>\n".repeat(1_000);
    for step in 0..100_u64 {
        let name = format!("{step} {}", "n".repeat(100_000));
        progress.update(solve, started(&name, 0)).unwrap();
        for n in 0..10 {
            let time = step * 100 + n;
            progress
                .update(solve, log(&name, time, lines.clone()))
                .unwrap();
        }
        let status = part(&name, step, 1_000, false);
        progress.update(solve, status).unwrap();
        progress.update(solve, vertices(&[cached("x", 0)])).unwrap();
    }
    progress.finish().unwrap();

    let record = recorder.record();

    let log_bytes = |log: &KeptLog| texts(log).iter().map(|line| line.len()).sum::<usize>();
    let seen: u64 = record.steps.iter().map(|step| step.log.seen()).sum();
    let kept: usize = record.steps.iter().map(|step| log_bytes(&step.log)).sum();
    assert_eq!(seen, 1_000_000);
    assert!((500_000..4 << 20).contains(&kept), "{kept}");
    assert!(record.steps.iter().all(|step| step.name.len() < 1_100));
}

#[test]
fn more_steps_and_parts_than_any_build_has_are_counted() {
    let mut reports: Vec<Status> = (0..2_500).map(|n| done(&n.to_string(), n, n + 1)).collect();
    reports.push(failed_part());
    let record = record_of(&reports);

    assert_eq!((record.steps.len(), record.unrecorded), (2_000, 500));
    assert_eq!(record.account.steps, 2_500);
    assert_eq!(record.steps[0].transfers.len(), 100);
}

/// A step of many parts.
fn failed_part() -> Status {
    let parts = (0..500).map(|n| {
        let mut status = part("0", 3_000, 5, true);
        status.progress[0].id = format!("part {n}");
        status.progress.remove(0)
    });
    Status {
        progress: parts.collect(),
        ..Status::default()
    }
}
