//! The library as a program of others uses it: the jobs of the crate's documentation, with a real engine.

use oci_image_tests::daemon;
use std::fs;
use std::path::Path;

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::client::Client;
use oci_image::buildkit::local::Local;
use oci_image::buildkit::solve::Solve;
use oci_image::daemon::{Daemon, Options, Overrides, Programs};
use oci_image::executor::{self, Built, Host};
use oci_image::image::Image;
use oci_image::image::registry::Registry;
use oci_image::planner::{Planner, inline_secrets, workspace::NativeWorkspace};
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
    let masked = inline_secrets::mask(object);
    let workspace = NativeWorkspace::open(directory, &masked.object).unwrap();
    let planned = Planner::load()
        .unwrap()
        .plan(&masked.object, workspace)
        .unwrap();
    let plan = planned.result.unwrap();
    let host = Host {
        root: directory.join("root"),
        programs: programs(),
        ..Host::new(directory)
    };
    executor::run(&plan, masked.secrets, &host, std::future::pending())
        .await
        .unwrap()
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
    let client = Client::connect(daemon.socket()).await.unwrap();
    let solved = client.solve(solve, status).await;
    drop(client);
    let socket = daemon.socket().to_owned();
    let exit = daemon.stop().await.unwrap();

    solved.unwrap();
    assert!(!reports.is_empty());
    assert_eq!(exit.warnings, []);
    assert!(!socket.exists());
}
