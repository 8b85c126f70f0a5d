//! Progress of builds by a real daemon, beside `buildctl`.
//!
//! With `RECORD=1` the builds below `host/progress/tests/fixtures` are built again and their reports replace the recordings.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::recording::{Recording, assert_same_lines, nanoseconds, parse, recorded, show};
use oci_image::progress::Mode;
use oci_image_tests::engine::{busybox, checkout};
use oci_image_tests::rival::Rival;
use serde_json::Value;

/// Where the recordings are.
fn fixtures() -> PathBuf {
    checkout().join("host/progress/tests/fixtures")
}

/// A daemon that shows all of a step's log, and where its builds are.
struct Daemon {
    rival: Rival,
    directory: tempfile::TempDir,
}

impl Daemon {
    fn start() -> Self {
        let unlimited = ["BUILDKIT_STEP_LOG_MAX_SIZE", "BUILDKIT_STEP_LOG_MAX_SPEED"];
        Self {
            rival: Rival::start_with(&unlimited.map(|limit| (limit, "-1"))),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// Starts a build of which every report is sent to `reports`; the second value is where its ref will be.
    fn build(&self, build: &Build, reports: &Sender<(String, String)>) -> (Child, PathBuf) {
        let reference = self.directory.path().join(format!("{}.ref", build.solve));
        let context = self.directory.path().join("context");
        fs::create_dir_all(&context).unwrap();
        fs::copy(busybox(), context.join("busybox")).unwrap();
        fs::write(context.join("hello.txt"), "hello from the context\n").unwrap();
        let local = |name: &str, path: &Path| format!("--local={name}={}", path.display());
        let mut child = self
            .rival
            .command(&["build", "--frontend=dockerfile.v0", "--progress=rawjson"])
            .args([
                local("context", &context),
                local("dockerfile", &build.dockerfile),
            ])
            .arg("--ref-file")
            .arg(&reference)
            .arg("--output")
            .arg(format!(
                "type=docker,dest={}",
                self.directory.path().join(&build.solve).display()
            ))
            .args(&build.args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (solve, reports) = (build.solve.clone(), reports.clone());
        thread::spawn(move || {
            for line in stderr
                .lines()
                .map_while(Result::ok)
                .filter(|line| line.starts_with('{'))
            {
                let _ = reports.send((solve.clone(), line)); // the receiver lives as long as the test needs reports
            }
        });
        (child, reference)
    }

    /// What the daemon has kept of a build, in the given format.
    fn history(&self, reference: &Path, format: &str) -> Vec<u8> {
        let reference = fs::read_to_string(reference).unwrap();
        let output = self
            .rival
            .command(&[
                "debug",
                "logs",
                &format!("--progress={format}"),
                reference.trim(),
            ])
            .output()
            .unwrap();
        [output.stdout, output.stderr].concat()
    }
}

/// One build to record.
struct Build {
    solve: String,
    dockerfile: PathBuf,
    args: Vec<&'static str>,
}

impl Build {
    fn of(case: &str, solve: &str, args: &[&'static str]) -> Self {
        Self {
            solve: solve.into(),
            dockerfile: fixtures().join(case),
            args: args.into(),
        }
    }
}

/// Runs builds at once and returns their reports in the order of arrival, as lines of a recording, and what
/// `buildctl` prints for the first.
fn record(daemon: &Daemon, builds: &[Build]) -> (String, Vec<u8>) {
    let (sender, receiver) = channel();
    let mut running: Vec<_> = builds
        .iter()
        .map(|build| daemon.build(build, &sender))
        .collect();
    drop(sender);
    wait_for_all(&mut running);
    let reports: Vec<(String, String)> = receiver.into_iter().collect();

    let shifts: Vec<i64> = (builds.iter().zip(&running))
        .map(|(build, (_, reference))| {
            let own = reports
                .iter()
                .filter(|(solve, _)| *solve == build.solve)
                .map(|(_, raw)| raw.as_str());
            let kept = daemon.history(reference, "rawjson");
            let kept = String::from_utf8(kept).unwrap();
            first_start(kept.lines()) - first_start(own)
        })
        .collect();
    let mut text = String::new();
    for (solve, raw) in &reports {
        let build = builds
            .iter()
            .position(|build| build.solve == *solve)
            .unwrap();
        text.push_str(&format!("{}\n", recorded(solve, raw, shifts[build])));
    }
    (text, daemon.history(&running[0].1, "plain"))
}

/// Waits for builds; when one fails the others are interrupted, as one who built them all would do.
fn wait_for_all(running: &mut [(Child, PathBuf)]) {
    let mut open: Vec<usize> = (0..running.len()).collect();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !open.is_empty() {
        assert!(Instant::now() < deadline, "a build takes too long");
        let mut failed = false;
        open.retain(|index| match running[*index].0.try_wait().unwrap() {
            Some(status) => {
                failed |= !status.success();
                false
            }
            None => true,
        });
        if failed {
            for index in &open {
                let pid = rustix::process::Pid::from_child(&running[*index].0);
                rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
            }
        }
        thread::park_timeout(Duration::from_millis(5));
    }
}

fn first_start<'a>(reports: impl Iterator<Item = &'a str>) -> i64 {
    reports
        .filter_map(|raw| serde_json::from_str::<Value>(raw).ok())
        .flat_map(|report| report["vertexes"].as_array().cloned().unwrap_or_default())
        .filter_map(|vertex| vertex["started"].as_str().map(nanoseconds))
        .min()
        .unwrap()
}

/// A build whose Dockerfile is written for the test, with an image of busybox to run things in.
fn run_step(daemon: &Daemon, command: &str) -> Build {
    let directory = daemon.directory.path().join("dockerfile");
    fs::create_dir_all(&directory).unwrap();
    let dockerfile = format!(
        "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\nRUN {command}\n"
    );
    fs::write(directory.join("Dockerfile"), dockerfile).unwrap();
    Build {
        solve: "image".into(),
        dockerfile: directory,
        args: vec![],
    }
}

#[test]
fn the_same_lines_are_shown_as_buildctl_shows() {
    let daemon = Daemon::start();
    for (case, args) in [
        ("hello", ["--no-cache"].as_slice()),
        ("cached", &[]),
        ("fails", &["--no-cache"]),
        ("warns", &["--no-cache"]),
    ] {
        let (reports, theirs) = record(&daemon, &[Build::of(case, "image", args)]);

        let ours = show(&parse(&reports), Mode::Plain).text;

        let theirs = String::from_utf8(theirs).unwrap();
        assert_same_lines(&ours, &theirs);
    }
}

#[test]
fn a_log_of_megabytes_arrives_whole_and_in_order() {
    let daemon = Daemon::start();
    let build = run_step(&daemon, "seq 1 400000; printf 'no line break'");

    let (reports, _) = record(&daemon, &[build]);

    let recording: Recording = parse(&reports);
    let bytes: usize = recording
        .iter()
        .flat_map(|(_, status)| &status.logs)
        .map(|log| log.message.len())
        .sum();
    assert!(bytes > 2 * 1024 * 1024, "{bytes}");
    let text = show(&recording, Mode::Plain).text;
    let mut printed = text.lines().filter_map(|line| {
        let (_, line) = line.strip_prefix("#6 ")?.split_once(' ')?;
        line.parse::<u32>().ok()
    });
    assert!(printed.by_ref().take(400_000).eq(1..=400_000));
    assert_eq!(
        text.lines()
            .filter(|line| line.ends_with(" no line break"))
            .count(),
        1
    );
}

#[test]
fn recordings_are_renewed_on_request() {
    if std::env::var_os("RECORD").is_none() {
        return;
    }
    let daemon = Daemon::start();
    let fresh = ["--no-cache"].as_slice();
    for case in ["hello", "cached", "fails", "noisy", "warns"] {
        let args = if case == "cached" { &[] } else { fresh };
        let (reports, theirs) = record(&daemon, &[Build::of(case, "image", args)]);
        fs::write(fixtures().join(case).join("reports.jsonl"), reports).unwrap();
        fs::write(fixtures().join(case).join("buildctl.txt"), theirs).unwrap();
    }
    for case in ["targets", "targets_fail"] {
        let builds = [
            Build::of(case, "server", &["--no-cache", "--opt=target=server"]),
            Build::of(case, "client", &["--no-cache", "--opt=target=client"]),
        ];
        fs::write(
            fixtures().join(case).join("reports.jsonl"),
            record(&daemon, &builds).0,
        )
        .unwrap();
    }
}
