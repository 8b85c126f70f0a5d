//! A daemon, and what is built with it from contexts under their identities.

use std::process::Command;
use std::sync::Arc;

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::client::Client;
use oci_image::buildkit::context::{Identity, IdentityKey, Sent};
use oci_image::buildkit::contexts::Contexts;
use oci_image::buildkit::endpoint::Endpoint;
use oci_image::buildkit::solve::{Exporter, Solve, SolveError, Solved};
use oci_image::daemon::{Daemon, Options, Overrides, Programs};
use oci_image_tests::archive::Archive;
use oci_image_tests::daemon::{docker, program};
use tempfile::TempDir;

use crate::engine::known_context::tree::Tree;

/// Everything in an image is dated so: what a layer is does not depend on when it was made.
const EPOCH: &str = "1";

/// A daemon on a root that stays when it is stopped and started again.
pub(super) struct Engine {
    pub(super) root: TempDir,
    running: Option<(Daemon, Client)>,
}

impl Engine {
    pub(super) async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut engine = Self {
            root,
            running: None,
        };
        engine.restart().await;
        engine
    }

    pub(super) async fn restart(&mut self) {
        self.stop().await;
        let programs = Overrides {
            buildkitd: Some(program("buildkitd").into()),
            ..Overrides::default()
        };
        let options = Options::new(self.root.path(), Programs::find(&programs).unwrap());
        let daemon = Daemon::start(options, |_root| panic!("nobody else has it"));
        let daemon = daemon.await.unwrap();
        let client = Client::connect(&Endpoint::socket(daemon.socket()))
            .await
            .unwrap();
        self.running = Some((daemon, client));
    }

    pub(super) async fn stop(&mut self) {
        if let Some((daemon, client)) = self.running.take() {
            drop(client);
            daemon.stop().await.unwrap();
        }
    }

    pub(super) fn prune(&self, arguments: &[&str]) {
        let (daemon, _) = self.running.as_ref().unwrap();
        let mut command = Command::new(program("buildctl"));
        let address = format!("unix://{}", daemon.socket().display());
        let pruned = command.args(["--addr", &address, "prune"]).args(arguments);
        assert!(pruned.output().unwrap().status.success());
    }

    pub(super) fn client(&self) -> &Client {
        &self.running.as_ref().unwrap().1
    }

    /// The key that identities are made with here.
    pub(super) fn key(&self) -> IdentityKey {
        IdentityKey::kept_in(Directory::open(self.root.path()).unwrap()).unwrap()
    }

    pub(super) async fn offer(&self, tree: &Tree, identity: Identity) -> Arc<Contexts> {
        let offered = self.client().offer(tree.locals(), identity).await;
        Arc::new(offered.unwrap())
    }

    pub(super) async fn solve(&self, solve: Solve) -> Result<Solved, SolveError> {
        let (status, mut reports) = tokio::sync::mpsc::channel(8);
        let taken = async { while reports.recv().await.is_some() {} };
        tokio::join!(self.client().solve(solve, status), taken).0
    }

    /// Builds what is offered: the image, and what was sent for it.
    pub(super) async fn build(&self, contexts: Arc<Contexts>) -> (Archive, Sent) {
        let (built, sent) = self.try_build(contexts).await;
        (built.unwrap(), sent)
    }

    /// The same of what may not be built: a file that is copied may not be there.
    pub(super) async fn try_build(
        &self,
        contexts: Arc<Contexts>,
    ) -> (Result<Archive, SolveError>, Sent) {
        let out = tempfile::tempdir().unwrap();
        let archive = out.path().join("image.tar");
        let mut exporter = docker(&archive);
        if let Exporter::Docker { attributes, .. } = &mut exporter {
            attributes.insert("rewrite-timestamp".into(), "true".into());
        }
        let asked = Solve {
            exporters: vec![exporter],
            ..asked(&contexts)
        };
        let solved = self.solve(asked).await;
        let built = solved.map(|_solved| Archive::read(&archive));
        (built, contexts.sent())
    }

    /// A tree under the identity that it has here.
    pub(super) async fn known(&self, tree: &Tree) -> Arc<Contexts> {
        let identity = self.key().identify(tree.known());
        self.offer(tree, identity).await
    }

    pub(super) async fn build_known(&self, tree: &Tree) -> (Archive, Sent) {
        self.build(self.known(tree).await).await
    }
}

pub(super) fn asked(contexts: &Arc<Contexts>) -> Solve {
    let epoch = ("build-arg:SOURCE_DATE_EPOCH".into(), EPOCH.into());
    Solve {
        frontend: "dockerfile.v0".into(),
        frontend_attributes: [epoch].into(),
        contexts: Some(Arc::clone(contexts)),
        ..Solve::default()
    }
}

pub(super) fn layers(archive: &Archive) -> &serde_json::Value {
    &archive.config["rootfs"]["diff_ids"]
}
