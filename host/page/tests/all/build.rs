//! Builds that are made up, on the way from a daemon's reports to a page.

use std::io;
use std::time::Duration;

use oci_image_buildkit::status::{Status, Vertex};
use oci_image_page::{Fate, Page};
use oci_image_progress::record::{BuildRecord, Recorder};
use oci_image_progress::{Mode, OwnStep, Progress};
use oci_image_schema::outcome::{CacheResult, CacheState, ImageResult};

use crate::reports::{at, vertices};

/// A build, while it runs.
pub(crate) struct Build {
    recorder: Recorder,
    progress: Progress<io::Sink>,
    solves: Vec<oci_image_progress::SolveId>,
}

impl Build {
    /// Of a Dockerfile, for these targets.
    pub(crate) fn of(dockerfile: &str, targets: &[&str]) -> Self {
        let recorder = Recorder::new();
        recorder.dockerfile("Dockerfile", dockerfile.as_bytes());
        let progress = Progress::new(Mode::Plain, io::sink());
        let mut progress = progress.recorded_by(recorder.clone());
        let solves = targets
            .iter()
            .map(|target| progress.add_solve(target))
            .collect();
        Self {
            recorder,
            progress,
            solves,
        }
    }

    /// A report of the solve of a target.
    pub(crate) fn tells(&mut self, target: usize, status: Status) -> &mut Self {
        self.progress.update(self.solves[target], status).unwrap();
        self
    }

    /// A report of a vertex that builds upon others.
    pub(crate) fn ran(&mut self, target: usize, upon: &[&str], vertex: Vertex) -> &mut Self {
        let inputs = upon.iter().map(|name| format!("sha256:{name}")).collect();
        self.tells(target, vertices(&[Vertex { inputs, ..vertex }]))
    }

    /// Work of the program itself, from one millisecond to another.
    pub(crate) fn worked(&mut self, name: &'static str, from: u64, to: u64) -> &mut Self {
        let own = self.progress.own();
        let status = OwnStep::begun(name, "compressed", at(from)).ended(40_000_000, at(to));
        self.progress.update(own, status).unwrap();
        self
    }

    /// A warning of the program itself.
    pub(crate) fn warned(&mut self, message: &str) -> &mut Self {
        self.recorder.warning(message);
        self
    }

    /// What was recorded of it, when it is over.
    pub(crate) fn record(&mut self) -> BuildRecord {
        self.progress.finish().unwrap();
        self.recorder.record()
    }
}

/// The page of a build that ended so.
pub(crate) fn page(record: &BuildRecord, fate: Fate<'_>) -> String {
    let page = Page {
        fate,
        begun: at(0),
        elapsed: Duration::from_millis(8_300),
        record,
        version: "1.2.3",
    };
    page.html()
}

/// A build that is done, with an image.
pub(crate) fn built() -> Fate<'static> {
    Fate::Built {
        images: vec![ImageResult {
            image: "image/image.tar",
            target: None,
            digest: "sha256:0123456789abcdef",
            size: 183_160_000,
            layers: 12,
            new_layers: 1,
        }],
        sent: 300_310_000,
        received: 1_020,
        builders: Vec::new(),
        caches: vec![CacheResult {
            id: "/root/.cache/go-build",
            state: CacheState::Kept,
            bytes: Some(134_200_000),
            entries: Some(20_000),
            archive: Some(35_020_000),
            seconds: 0.8,
        }],
    }
}
