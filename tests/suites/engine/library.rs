//! The library as a program of others uses it: the jobs of the crate's documentation, with a real engine.

use oci_image_tests::daemon;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::handle::{Directory, WorkingDirectory};
use oci_image::buildkit::client::Client;
use oci_image::buildkit::context::Local;
use oci_image::buildkit::endpoint::Endpoint;
use oci_image::buildkit::solve::Solve;
use oci_image::daemon::{Daemon, Options, Overrides, Programs};
use oci_image::executor::{self, Audience, Built, Host};
use oci_image::image::Image;
use oci_image::image::registry::Registry;
use oci_image::planner::{Planner, mask};
use serde_json::json;

fn programs() -> Overrides {
    Overrides {
        buildkitd: Some(daemon::program("buildkitd").into()),
        ..Overrides::default()
    }
}

/// A directory with a context, an output and a daemon's root; it is nobody's working directory.
fn work(dockerfile: &str) -> tempfile::TempDir {
    let work = tempfile::tempdir().unwrap();
    for directory in ["context", "image"] {
        fs::create_dir(work.path().join(directory)).unwrap();
    }
    fs::write(work.path().join("context/Dockerfile"), dockerfile).unwrap();
    fs::write(work.path().join("context/file"), "a file").unwrap();
    work
}

/// As the crate's documentation has it, with the engine and the root of the test.
async fn build(object: &str, directory: &Path) -> Vec<Built> {
    let directory = WorkingDirectory::open(directory).unwrap();
    build_on(Host::new(directory), object).await
}

/// The same on a host that is as the test wants it.
async fn build_on(host: Host, object: &str) -> Vec<Built> {
    let object = mask(object);
    let planner = Planner::load().unwrap();
    let plan = planner.plan(&object, &host.directory).unwrap();
    let host = Host {
        root: host.directory.path().join("root"),
        programs: programs(),
        ..host
    };
    executor::run(&plan, &host, std::future::pending())
        .await
        .unwrap()
        .images
}

#[tokio::test(flavor = "multi_thread")]
async fn image_is_built_from_an_object_and_is_the_base_of_the_next() {
    let work = work("FROM scratch\nCOPY file /base\n");
    let object = json!({"context": "context", "output": "image"});

    let first = build(&object.to_string(), work.path()).await;
    let base = work.path().join("base.tar");
    fs::rename(work.path().join(&first[0].image), &base).unwrap();
    let dockerfile = "ARG base\nFROM $base\nCOPY file /derived\n";
    fs::write(work.path().join("context/Dockerfile"), dockerfile).unwrap();
    let object = json!({"context": "context", "output": "image", "image_args": ["base=base.tar"]});
    let second = build(&object.to_string(), work.path()).await;

    let (base, derived) = (
        Image::open(&base).unwrap(),
        Image::open(&work.path().join(&second[0].image)).unwrap(),
    );
    // One layer more.
    assert_eq!(derived.blobs().count(), base.blobs().count() + 1);
    assert_eq!(
        fs::read_to_string(work.path().join("image/digest")).unwrap(),
        second[0].digest.as_ref()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn daemon_client_and_registry_work_without_a_plan() {
    let work = work("FROM scratch\nCOPY file /base\n");
    let object = json!({"context": "context", "output": "image"}).to_string();
    let built = build(&object, work.path()).await;
    let image = Image::open(&work.path().join(&built[0].image)).unwrap();
    let registry = Registry::serve(vec![("base".into(), image)]).await.unwrap();
    let from = registry.reference("base").unwrap();
    fs::write(
        work.path().join("context/Dockerfile"),
        format!("FROM {from}\nCOPY file /derived\n"),
    )
    .unwrap();

    let options = Options::new(
        work.path().join("root"),
        Programs::find(&programs()).unwrap(),
    );
    let daemon = Daemon::start(options, |_root| panic!("nobody else has it"))
        .await
        .unwrap();
    let local = |name: &str| Local {
        name: name.into(),
        directory: Directory::open(work.path().join("context")).unwrap(),
    };
    let solve = Solve {
        frontend: "dockerfile.v0".into(),
        locals: vec![local("context"), local("dockerfile")],
        ..Solve::default()
    };
    let (status, reports) = tokio::sync::mpsc::channel(1024);
    let client = Client::connect(&Endpoint::socket(daemon.socket()))
        .await
        .unwrap();
    let solved = client.solve(solve, status).await;
    drop(client);
    let socket = daemon.socket().to_owned();
    let exit = daemon.stop().await.unwrap();

    solved.unwrap();
    assert!(!reports.is_empty());
    assert_eq!(exit.warnings, []);
    assert!(!socket.exists());
}

/// An audience that remembers what it was told.
#[derive(Clone, Default)]
struct Listener {
    progress: Arc<Mutex<Vec<u8>>>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Audience for Listener {
    fn progress(&self, _unread: Cancel) -> Box<dyn Write + Send> {
        Box::new(self.clone())
    }

    fn warning(&self, warning: &str) {
        self.warnings.lock().unwrap().push(warning.to_owned());
    }
}

impl Write for Listener {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.progress.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn audience_that_the_caller_gives_hears_progress_and_warnings() {
    let work = work("FROM scratch\nCOPY file /base\n");
    let object = json!({"context": "context", "output": "image", "build_args": ["unknown=1"]});
    let listener = Listener::default();

    let host = Host {
        audience: Arc::new(listener.clone()),
        ..Host::new(WorkingDirectory::open(work.path()).unwrap())
    };
    build_on(host, &object.to_string()).await;

    let progress = String::from_utf8(listener.progress.lock().unwrap().clone()).unwrap();
    assert!(progress.contains("[1/1] COPY file /base\n"), "{progress}");
    assert!(progress.ends_with('\n'), "whole lines: {progress}");
    let warnings = listener.warnings.lock().unwrap().clone();
    let undeclared = "argument `unknown` is given, and no `ARG` of the Dockerfile declares it";
    assert_eq!(warnings, [undeclared]);
}

/// In a process of its own, whose standard error is nobody else's.
#[test]
fn a_build_writes_nothing_to_standard_error() {
    let (_, here) = module_path!().split_once("::").unwrap();
    let heard = "audience_that_the_caller_gives_hears_progress_and_warnings";
    let silent = "image_is_built_from_an_object_and_is_the_base_of_the_next";
    for test in [heard, silent] {
        let run = Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("{here}::{test}"), "--nocapture"])
            .output()
            .unwrap();

        assert!(run.status.success(), "{run:?}");
        assert!(String::from_utf8_lossy(&run.stdout).contains("1 passed"));
        assert_eq!(String::from_utf8_lossy(&run.stderr), "", "{test}");
    }
}
