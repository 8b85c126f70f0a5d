//! Steps of a client's own by the real daemon, in place of a frontend's.

use std::fs;

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::Solve;
use oci_image::buildkit::cache_mount::{CacheOrigin, Sharing};
use oci_image::buildkit::context::Local;
use oci_image::buildkit::llb::{ExecMount, ExecOp};
use oci_image::buildkit::solve::SolveError;
use oci_image_tests::daemon::{Daemon, Outcome, solve};
use oci_image_tests::engine;

/// What a script says as a step with a busybox, and with a cache at `/c`.
async fn run(daemon: &Daemon, script: &str) -> Outcome {
    let programs = tempfile::tempdir().unwrap();
    fs::copy(engine::busybox(), programs.path().join("busybox")).unwrap();
    let step = ExecOp {
        name: "look around".to_owned(),
        arguments: ["/programs/busybox", "sh", "-ec", script]
            .map(str::to_owned)
            .to_vec(),
        mounts: vec![
            ExecMount::Local {
                name: "programs".to_owned(),
                target: "/programs".to_owned(),
            },
            ExecMount::Cache {
                id: "//c".to_owned(),
                target: "/c".to_owned(),
                sharing: Sharing::Shared,
                origin: CacheOrigin::Empty,
            },
        ],
    };
    let asked = Solve {
        exec: Some(step),
        locals: vec![Local {
            name: "programs".to_owned(),
            directory: Directory::open(programs.path()).unwrap(),
        }],
        ..Solve::default()
    };
    solve(daemon, asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_runs_on_an_empty_root_and_what_it_mounts_is_as_it_says() {
    let daemon = Daemon::start("").await;
    let alias = "ls() { /programs/busybox ls \"$@\"; }\n";
    let look = format!(
        "{alias}ls /; ls /programs; (echo x > /programs/y) 2>/dev/null || echo refused; echo kept > /c/kept"
    );

    let first = run(&daemon, &look).await;
    let second = run(&daemon, "read line < /c/kept; echo \"found $line\"; exit 3").await;

    first.result.as_ref().unwrap();
    assert_eq!(
        first.logs(),
        "c\ndev\netc\nproc\nprograms\nsys\nbusybox\nrefused\n"
    );
    let named = |vertex: &oci_image::buildkit::status::Vertex| vertex.name == "look around";
    let mut vertices = first.reports.iter().flat_map(|report| &report.vertices);
    assert!(vertices.any(named), "{:?}", first.reports);
    assert_eq!(second.logs(), "found kept\n");
    let Err(SolveError::Failed { failure, .. }) = second.result else {
        panic!("{:?}", second.result)
    };
    assert_eq!(failure.exit_code, Some(3));
}
