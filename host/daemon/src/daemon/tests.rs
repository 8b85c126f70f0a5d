//! What only the inside of a daemon shows.

#![allow(
    clippy::unwrap_used,
    reason = "what surrounds a test fails it like the test itself"
)]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;
use crate::programs::{Overrides, Programs};

fn engine(name: &str) -> PathBuf {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/engine/bin");
    Path::new(&std::env::var_os("OCI_IMAGE_ENGINE").unwrap_or(built.into())).join(name)
}

/// A build by `buildctl` with that one step.
fn build(daemon: &Daemon, context: &Path, step: &str) -> Child {
    let head = "FROM scratch\nCOPY busybox /busybox\nSHELL [\"/busybox\", \"sh\", \"-c\"]\n";
    fs::copy("/bin/busybox", context.join("busybox")).unwrap();
    fs::write(
        context.join("Dockerfile"),
        format!("{head}RUN /busybox {step}\n"),
    )
    .unwrap();
    let locals =
        ["context", "dockerfile"].map(|local| format!("--local={local}={}", context.display()));
    Command::new(engine("buildctl"))
        .args([
            "--addr",
            &format!("unix://{}", daemon.socket().display()),
            "build",
            "--frontend=dockerfile.v0",
        ])
        .args(locals)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn runs(command: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut lines =
        processes.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
    lines.any(|line| line.replace('\0', " ").contains(command))
}

/// Whether the machine's mounts, its cgroups or the state of its runc name the root or the private directory.
fn left_of(root: &Path, private: &Path) -> [bool; 3] {
    let root = root.to_str().unwrap();
    let group = private.file_name().unwrap();
    let mut states = fs::read_dir("/run/runc").into_iter().flatten().flatten();
    [
        fs::read_to_string("/proc/self/mountinfo")
            .unwrap()
            .contains(root),
        ["", "pids"].iter().any(|hierarchy| {
            Path::new("/sys/fs/cgroup")
                .join(hierarchy)
                .join(group)
                .exists()
        }),
        states.any(|state| {
            fs::read_to_string(state.path().join("state.json"))
                .is_ok_and(|text| text.contains(root))
        }),
    ]
}

/// Where the kernel refuses namespaces, which this one does not: the private way in is the only one.
#[tokio::test]
async fn without_namespaces_a_killed_daemon_leaves_no_step_no_mount_no_cgroup_and_no_state() {
    let named = Overrides {
        buildkitd: Some(engine("buildkitd").into()),
        ..Overrides::default()
    };
    let (Ok(programs), true) = (Programs::find(&named), rustix::process::geteuid().is_root())
    else {
        println!("skipped: there is no engine, or this is not root");
        return;
    };
    let (root, context) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = Options::new(root.path(), programs);
    let daemon = Daemon::start_within(Isolation::None, options, |_| ())
        .await
        .unwrap();
    let private = daemon.socket().parent().unwrap().to_owned();
    let step = format!("sleep {}", 9_000_000 + std::process::id());
    let mut building = build(&daemon, context.path(), &step);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !runs(&step) {
        assert!(Instant::now() < deadline, "{}", daemon.log_tail());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        left_of(root.path(), &private),
        [true; 3],
        "all of it is the machine's"
    );

    daemon.process.signal(Signal::KILL);
    let exit = daemon.exited().await;

    assert_eq!((exit.warnings, runs(&step)), (vec![], false));
    assert_eq!(left_of(root.path(), &private), [false; 3]);
    building.wait().unwrap();
}
