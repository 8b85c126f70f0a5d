//! What steps of a client's own send and receive by the real daemon.

use std::fs;
use std::io;
use std::process::Command;

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::Solve;
use oci_image::buildkit::conduit::{Conduit, ConduitReader, ConduitWriter};
use oci_image::buildkit::context::Local;
use oci_image::buildkit::llb::{ExecMount, ExecOp};
use oci_image_tests::daemon::{Daemon, Outcome, solve};
use oci_image_tests::engine;
use oci_image_tests::random::Random;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A step with a conduit at its socket, and the ends of that.
struct Dialled {
    solve: Solve,
    reader: ConduitReader,
    writer: ConduitWriter,
    /// What the step runs; there until the solve is over.
    _programs: TempDir,
}

/// A step that runs a command of busybox by `dial`.
fn dialled(how: &str, command: &[&str]) -> Dialled {
    let (programs, loader) = programs();
    let (conduit, reader, writer) = Conduit::new().unwrap();
    let dial = format!(
        "/programs/{loader} --library-path /programs /programs/dial {how} /socket /programs/busybox"
    );
    let arguments = dial.split(' ').chain(command.iter().copied());
    let mounts = vec![
        ExecMount::Local {
            name: "programs".to_owned(),
            target: "/programs".to_owned(),
        },
        ExecMount::Socket {
            id: conduit.id().to_owned(),
            target: "/socket".to_owned(),
            uid: 0,
            gid: 0,
            mode: 0o600,
        },
    ];
    let step = ExecOp {
        name: how.to_owned(),
        arguments: arguments.map(str::to_owned).collect(),
        mounts,
    };
    let solve = Solve {
        exec: Some(step),
        conduits: vec![conduit],
        locals: vec![Local {
            name: "programs".to_owned(),
            directory: Directory::open(programs.path()).unwrap(),
        }],
        ..Solve::default()
    };
    Dialled {
        solve,
        reader,
        writer,
        _programs: programs,
    }
}

/// `dial`, what it is linked with, and busybox; and the name of the linker.
fn programs() -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let dial = env!("CARGO_BIN_EXE_dial");
    let listed = Command::new("ldd").arg(dial).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let mut loader = None;
    let copy = |path: &str| {
        let name = path.rsplit('/').next().unwrap().to_owned();
        fs::copy(path, directory.path().join(&name)).unwrap();
        name
    };
    for path in text.split_whitespace().filter(|word| word.starts_with('/')) {
        let name = copy(path);
        if name.starts_with("ld-") {
            loader = Some(name);
        }
    }
    copy(dial);
    copy(engine::busybox().to_str().unwrap());
    (directory, loader.unwrap())
}

/// Runs a step to its end that is sent these bytes.
async fn given(daemon: &Daemon, step: Dialled, bytes: &[u8]) -> Outcome {
    let mut writer = step.writer;
    let writing = async {
        // A command that knows the end of its input may be gone before all is written: the step's own end counts.
        if writer.write_all(bytes).await.is_ok() {
            let _ = writer.shutdown().await;
        }
    };
    tokio::join!(solve(daemon, step.solve), writing).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_sends_all_and_is_answered_after_it_has_shut_down_its_half() {
    let daemon = Daemon::start("").await;
    let mut step = dialled("send", &["seq", "1000000"]);

    let talking = async {
        let mut text = String::new();
        step.reader.read_to_string(&mut text).await.unwrap();
        step.writer.write_all(b"thank you\n").await.unwrap();
        step.writer.shutdown().await.unwrap();
        text
    };
    let (outcome, text) = tokio::join!(solve(&daemon, step.solve), talking);

    outcome.result.as_ref().unwrap();
    assert_eq!(outcome.logs(), "thank you\n");
    let numbers = text.lines().map(|line| line.parse::<u32>().unwrap());
    assert!(numbers.eq(1..=1_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_receives_all_and_its_end() {
    let daemon = Daemon::start("").await;
    let bytes = Random::new(1).bytes(8 << 20);

    let outcome = given(&daemon, dialled("receive", &["sha256sum"]), &bytes).await;

    outcome.result.as_ref().unwrap();
    let digest = oci_image_tests::archive::sha256(&bytes);
    let digest = digest.strip_prefix("sha256:").unwrap();
    assert_eq!(outcome.logs(), format!("{digest}  -\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_dropped_ends_what_the_step_reads() {
    let daemon = Daemon::start("").await;
    let step = dialled("receive", &["cat"]);
    let mut writer = step.writer;
    let dropped = async move { writer.write_all(b"some\n").await.unwrap() };

    let (outcome, ()) = tokio::join!(solve(&daemon, step.solve), dropped);

    outcome.result.as_ref().unwrap();
    assert_eq!(outcome.logs(), "some\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_does_not_wait_is_cut_off_and_that_is_no_end() {
    let daemon = Daemon::start("").await;
    // More than is held between the step and whoever does not read, and less than with the socket's own buffer.
    let mut step = dialled("hasty", &["seq", "180000"]);

    let outcome = solve(&daemon, step.solve).await;
    let mut bytes = Vec::new();
    let read = step.reader.read_to_end(&mut bytes).await;

    outcome.result.as_ref().unwrap();
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert!(bytes.starts_with(b"1\n2\n") && !bytes.ends_with(b"180000\n"));
}
