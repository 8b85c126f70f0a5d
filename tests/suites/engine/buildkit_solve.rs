//! Solves by the real daemon: what comes out, and what a failure says.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::failure::{LineRange, SolveFailure};
use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::sink::{ChunkReader, Received, Sink, SinkError};
use oci_image::buildkit::solve::{Exporter, OfferedLayout, SolveError};
use oci_image_tests::archive::sha256;
use oci_image_tests::daemon::{Context, Daemon, docker, files, solve, tar};
use tokio::sync::mpsc;

fn failure(result: Result<impl std::fmt::Debug, SolveError>) -> SolveFailure {
    match result.unwrap_err() {
        SolveError::Failed {
            failure,
            cause: None,
            ..
        } => *failure,
        other => panic!("{other:?}"),
    }
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_says_who_it_is() {
    let daemon = Daemon::start("").await;

    let info = daemon.client.info().await.unwrap();

    // Its build may have left the number out; the answer is there all the same.
    assert!(info.version.starts_with('v'), "{info:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_and_its_tree_leave_in_one_solve_with_the_digest_of_the_config() {
    let daemon = Daemon::start("").await;
    let context = Context::new("RUN echo made > /made\nLABEL a=b\n");
    let out = tempfile::tempdir().unwrap();
    let (image, rootfs) = (out.path().join("image.tar"), out.path().join("rootfs.tar"));

    let mut asked = context.solve();
    asked.exporters = vec![docker(&image), tar(&rootfs)];
    let outcome = solve(&daemon, asked).await;

    let solved = outcome.result.unwrap();
    let blobs = files(&image);
    let config = solved
        .config_digest()
        .unwrap()
        .strip_prefix("sha256:")
        .unwrap();
    let text = &blobs[&format!("blobs/sha256/{config}")];
    assert_eq!(sha256(text), format!("sha256:{config}"));
    let json: serde_json::Value = serde_json::from_slice(text).unwrap();
    assert_eq!(json["config"]["Labels"]["a"], "b");
    let manifest = solved
        .manifest_digest()
        .unwrap()
        .strip_prefix("sha256:")
        .unwrap();
    assert!(
        blobs.contains_key(&format!("blobs/sha256/{manifest}")),
        "{:?}",
        blobs.keys()
    );
    assert_eq!(files(&rootfs)["made"], b"made\n");
    let mut left = names(out.path());
    left.sort();
    assert_eq!(left, ["image.tar", "rootfs.tar"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_leaves_blob_by_blob_and_replaces_the_old_one() {
    let daemon = Daemon::start("").await;
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("image");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("old"), "old").unwrap();

    let context = Context::new("RUN echo made > /made\n");
    let mut asked = context.solve();
    let attributes = BTreeMap::new();
    asked.exporters = vec![Exporter::OciLayout {
        attributes,
        directory: Directory::open(out.path()).unwrap(),
        name: "image".into(),
    }];
    let solved = solve(&daemon, asked).await.result.unwrap();

    let mut left = names(&directory);
    left.sort();
    assert_eq!(left, ["blobs", "index.json", "oci-layout"]);
    assert_eq!(names(out.path()), ["image"]);
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(directory.join("index.json")).unwrap()).unwrap();
    assert_eq!(
        index["manifests"][0]["digest"],
        solved.manifest_digest().unwrap()
    );
    for blob in names(&directory.join("blobs/sha256")) {
        assert_eq!(
            sha256(&fs::read(directory.join("blobs/sha256").join(&blob)).unwrap()),
            format!("sha256:{blob}")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_tells_its_exit_code_its_vertex_and_its_line_and_leaves_no_image() {
    let daemon = Daemon::start("").await;
    let context = Context::new("RUN echo before\nRUN echo reason >&2; exit 7\n");
    let out = tempfile::tempdir().unwrap();

    let mut asked = context.solve();
    asked.exporters = vec![docker(&out.path().join("image.tar"))];
    let outcome = solve(&daemon, asked).await;

    assert!(outcome.logs().contains("reason"));
    let failed = outcome
        .reports
        .iter()
        .flat_map(|report| &report.vertices)
        .find(|vertex| !vertex.error.is_empty());
    let vertex = failed.unwrap().digest.clone();
    let failure = failure(outcome.result);
    assert!(
        failure
            .message
            .ends_with("did not complete successfully: exit code: 7"),
        "{}",
        failure.message
    );
    assert_eq!(failure.exit_code, Some(7));
    assert_eq!(failure.vertex, Some(vertex));
    assert_eq!(failure.sources[0].filename, "Dockerfile");
    assert_eq!(failure.sources[0].ranges, [LineRange { start: 5, end: 5 }]);
    assert_eq!(
        failure.sources[0].data,
        fs::read(context.path().join("Dockerfile")).unwrap()
    );
    assert_eq!(names(out.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerfile_that_does_not_parse_tells_its_line_even_where_it_is_large() {
    let daemon = Daemon::start("").await;
    let comment = format!("# {}\n", "x".repeat(100));
    let context =
        Context::with_dockerfile(&format!("FROM scratch\n{}RUM x\n", comment.repeat(270)));

    let started = Instant::now();
    let failure = failure(solve(&daemon, context.solve()).await.result);

    assert!(
        failure.message.contains("unknown instruction: RUM"),
        "{}",
        failure.message
    );
    assert_eq!(
        failure.sources[0].ranges,
        [LineRange {
            start: 272,
            end: 272
        }]
    );
    assert_eq!(failure.sources[0].data.len(), 13 + 270 * comment.len() + 6);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_takes_the_headers_of_a_long_dockerignore() {
    let daemon = Daemon::start("").await;
    let context = Context::new("COPY kept /kept\n");
    let lines: String = (0..400)
        .map(|line| {
            format!(
                "some/longer/path/that/is/not/here/{line}/{}\n",
                "y".repeat(40)
            )
        })
        .collect();
    fs::write(context.path().join(".dockerignore"), lines).unwrap();
    fs::write(context.path().join("kept"), "").unwrap();

    solve(&daemon, context.solve()).await.result.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solve_that_is_dropped_ends_its_step() {
    let daemon = Daemon::start("").await;
    let context = Context::new("RUN echo up; sleep 1000.125\n");
    let (sender, _reports) = mpsc::channel(64);
    let client = daemon.client.clone();
    let asked = context.solve();
    let solving = tokio::spawn(async move { client.solve(asked, sender).await });
    wait_for(|| runs("1000.125")).await;

    solving.abort();

    wait_for(|| !runs("1000.125")).await;
    let next = Context::new("RUN true\n");
    solve(&daemon, next.solve()).await.result.unwrap();
}

async fn wait_for(state: impl Fn() -> bool) {
    let reached = async {
        while !state() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached)
        .await
        .unwrap();
}

/// Whether a process has this argument.
fn runs(argument: &str) -> bool {
    let processes = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok());
    processes.into_iter().any(|line| {
        line.split(|byte| *byte == 0)
            .any(|word| word == argument.as_bytes())
    })
}

/// A sink that takes one chunk and fails.
struct Full;

#[derive(Debug, thiserror::Error)]
#[error("no space left")]
struct NoSpace;

impl Sink for Full {
    fn receive(&self, mut chunks: ChunkReader) -> Result<Received, SinkError> {
        chunks.next_chunk()?;
        Err(Box::new(NoSpace))
    }
}

/// A sink that reads no further than it must, as a reader of a tar does.
struct Hasty(Arc<std::sync::Mutex<Vec<u8>>>);

impl Sink for Hasty {
    fn receive(&self, mut chunks: ChunkReader) -> Result<Received, SinkError> {
        let first = chunks
            .next_chunk()?
            .ok_or_else(|| io::Error::other("nothing came"))?;
        let taken = Arc::clone(&self.0);
        Ok(Received::new(move || {
            Ok(taken.lock().map_err(|_| "poisoned")?.write_all(&first)?)
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_of_a_sink_is_the_cause_of_the_failure_and_the_other_exporter_leaves_nothing() {
    let daemon = Daemon::start("").await;
    let context = Context::new("");
    let out = tempfile::tempdir().unwrap();

    let mut asked = context.solve();
    let full = Exporter::Tar {
        attributes: BTreeMap::new(),
        sink: Arc::new(Full),
    };
    asked.exporters = vec![docker(&out.path().join("image.tar")), full];
    let error = solve(&daemon, asked).await.result.unwrap_err();

    let SolveError::Failed {
        cause: Some(cause), ..
    } = error
    else {
        panic!("{error:?}")
    };
    let Fault::Sink { exporter, source } = &*cause else {
        panic!("{cause:?}")
    };
    assert_eq!(*exporter, "tar");
    assert!(source.is::<NoSpace>());
    assert_eq!(names(out.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_may_return_before_its_stream_is_at_its_end() {
    let daemon = Daemon::start("").await;
    let context = Context::new("");
    let taken = Arc::new(std::sync::Mutex::new(Vec::new()));

    let mut asked = context.solve();
    let hasty = Exporter::Tar {
        attributes: BTreeMap::new(),
        sink: Arc::new(Hasty(Arc::clone(&taken))),
    };
    asked.exporters = vec![hasty];
    solve(&daemon, asked).await.result.unwrap();

    assert!(!taken.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_dies_is_told_from_a_build_that_fails() {
    let daemon = Daemon::start("").await;
    let context = Context::new("RUN echo up; sleep 1000.250\n");
    let (sender, _reports) = mpsc::channel(64);
    let client = daemon.client.clone();
    let asked = context.solve();
    let solving = tokio::spawn(async move { client.solve(asked, sender).await });
    wait_for(|| runs("1000.250")).await;

    daemon.kill();

    let result = tokio::time::timeout(Duration::from_secs(5), solving)
        .await
        .unwrap()
        .unwrap();
    assert!(
        matches!(result, Err(SolveError::Connection { .. })),
        "{result:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solve_that_is_dropped_during_its_export_leaves_nothing() {
    let daemon = Daemon::start("").await;
    let context = Context::new("RUN head -c 300000000 /dev/zero > /large\n");
    let out = tempfile::tempdir().unwrap();
    let (sender, _reports) = mpsc::channel(64);
    let client = daemon.client.clone();
    let mut asked = context.solve();
    asked.exporters = vec![tar(&out.path().join("rootfs.tar"))];
    let solving = tokio::spawn(async move { client.solve(asked, sender).await });
    wait_for(|| !names(out.path()).is_empty()).await;
    assert_ne!(names(out.path()), ["rootfs.tar"]);

    solving.abort();

    wait_for(|| names(out.path()).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_stops_at_once_after_solves_of_every_end() {
    let daemon = Daemon::start("").await;
    let context = Context::new("RUN sleep 1000.375\n");
    let (sender, _reports) = mpsc::channel(64);
    let client = daemon.client.clone();
    let asked = context.solve();
    let solving = tokio::spawn(async move { client.solve(asked, sender).await });
    wait_for(|| runs("1000.375")).await;
    solving.abort();
    let (good, bad) = (Context::new("RUN true\n"), Context::new("RUN false\n"));
    solve(&daemon, good.solve()).await.result.unwrap();
    solve(&daemon, bad.solve()).await.result.unwrap_err();

    let took = daemon.stop().await;

    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_that_is_offered_is_a_base_image_without_a_registry() {
    let daemon = Daemon::start("").await;
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("base");
    let base = Context::new("RUN echo of-the-base > /base\n");
    let mut asked = base.solve();
    asked.exporters = vec![Exporter::OciLayout {
        attributes: BTreeMap::new(),
        directory: Directory::open(out.path()).unwrap(),
        name: "base".into(),
    }];
    let digest = solve(&daemon, asked)
        .await
        .result
        .unwrap()
        .manifest_digest()
        .unwrap()
        .to_owned();

    let fresh = Daemon::start("").await;
    let context =
        Context::with_dockerfile("FROM base\nRUN [\"/bin/busybox\", \"cat\", \"/base\"]\n");
    let mut asked = context.solve();
    asked.layouts = vec![OfferedLayout {
        name: "preloaded".into(),
        directory: Directory::open(directory).unwrap(),
    }];
    asked.frontend_attributes.insert(
        "context:base".into(),
        format!("oci-layout://preloaded@{digest}"),
    );
    let outcome = solve(&fresh, asked).await;

    outcome.result.as_ref().unwrap();
    assert!(outcome.logs().contains("of-the-base"), "{}", outcome.logs());
}
