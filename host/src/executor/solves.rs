//! The plan's solves as the client's, run at the same time over one daemon.
//!
//! The first solve that fails ends the others. Equal steps of several solves are executed once by the daemon, and shown
//! once.
//!
//! Writes: staged outputs. Unknown here: what is in the build's cache (`cache`).

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use oci_image_schema::plan::{self, AttributeValue, ImageFormat};
use oci_spec::image::{Digest, DigestAlgorithm};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::boundary::cancel::{Cancel, Cancelled};
use crate::boundary::handle::Directory;
use crate::buildkit::cache::{CacheExport, CacheImport};
use crate::buildkit::client::Client;
use crate::buildkit::local::Local;
use crate::buildkit::logins::Logins;
use crate::buildkit::registries::Registries;
use crate::buildkit::solve::{Exporter, Solve, SolveError, Solved};
use crate::buildkit::status::Status;
use crate::executor::conversion::Conversion;
use crate::executor::failure::failed;
use crate::executor::outputs::Staging;
use crate::executor::work::Work;
use crate::executor::{BuildError, Engine, Host, cache, dockerfile, exports, snapshot};
use crate::image::registry::Registry;
use crate::image::sources;
use crate::outlet::Outlet;
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::{self, Progress, SolveId};

/// Reports on their way to whoever shows them; the daemon waits while they are not taken.
const REPORTS_IN_FLIGHT: usize = 2;

/// An image that was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The solve's name.
    pub solve: String,
    /// The stage that was built; absent: the last one.
    pub target: Option<String>,
    /// Where the image is, relative to the working directory.
    pub image: String,
    /// Digest of its config, or of its manifest or index where it is an OCI layout.
    pub digest: Digest,
    /// The solve's place in the plan.
    index: usize,
}

/// The outputs of a plan's solves while none has its final name, by the solve's place in the plan.
pub struct Outputs(Vec<Option<Output>>);

/// The output of one solve.
struct Output {
    export: plan::ImageExport,
    staging: Arc<Staging>,
}

/// Prepares every output of the plan in a working directory. Blocking.
///
/// # Errors
/// [`BuildError::Open`], [`BuildError::Output`].
pub(super) fn stage(plan: &CheckedPlan, work: &mut Work) -> Result<Outputs, BuildError> {
    let stage = |solve: &plan::Solve| {
        let Some(export) = solve.export.clone() else {
            return Ok(None);
        };
        let output = work.directory("output", &export.directory)?;
        let staging = Arc::new(Staging::begin(output)?);
        Ok(Some(Output { export, staging }))
    };
    plan.solves()
        .iter()
        .map(stage)
        .collect::<Result<_, _>>()
        .map(Outputs)
}

impl Outputs {
    /// Where archives are staged.
    fn archives(&self) -> Vec<Arc<Staging>> {
        let outputs = self.0.iter().flatten();
        outputs
            .filter(|output| output.export.format == ImageFormat::DockerArchive)
            .map(|output| Arc::clone(&output.staging))
            .collect()
    }

    /// Checks that each image is the one that the daemon names, writes what describes it beside it, and gives all results their
    /// names, unless it is called off before the first. Blocking.
    ///
    /// # Errors
    /// [`BuildError::NotTheImage`], [`BuildError::Output`], [`BuildError::Metadata`], [`BuildError::Cancelled`].
    pub fn publish(self, built: &[Built], cancelled: &Cancel) -> Result<(), BuildError> {
        for image in built {
            if let Some(output) = &self.0[image.index] {
                output.describe(image)?;
            }
        }
        if cancelled.is_cancelled() {
            return Err(BuildError::Cancelled(Cancelled));
        }
        Ok(self
            .0
            .into_iter()
            .flatten()
            .try_for_each(|output| output.staging.publish())?)
    }
}

impl Output {
    fn describe(&self, image: &Built) -> Result<(), BuildError> {
        let failed = |source| BuildError::Metadata {
            path: image.image.clone().into(),
            source,
        };
        let format = self.export.format;
        let staged = exports::staged(format, &self.staging, &image.digest);
        let staged = staged.map_err(|source| BuildError::NotTheImage {
            path: image.image.clone().into(),
            source,
        })?;
        self.staging
            .write("digest", image.digest.as_ref().as_bytes())?;
        if format == ImageFormat::DockerArchive {
            let archive = self.staging.file(exports::name(format));
            let archive = archive.map_err(|error| failed(error.into()))?;
            sources::add(&archive, &staged).map_err(|error| failed(error.into()))?;
        }
        if self.export.rootfs {
            let metadata = exports::metadata(&staged).map_err(failed)?;
            self.staging.write("metadata.json", &metadata)?;
        }
        Ok(())
    }
}

/// Runs every solve of the plan.
///
/// # Errors
/// That of the first solve that fails.
pub(super) async fn all(
    plan: &CheckedPlan,
    registry: Option<&Registry>,
    outputs: &Outputs,
    engine: Engine<'_>,
) -> Result<Vec<Built>, BuildError> {
    let client = Client::connect(engine.socket).await?;
    let mut shared = Shared {
        plan,
        imports: cache::imports(plan, engine).await,
        registry,
        engine,
        logins: Arc::new(logins(plan, engine.host)),
        conversion: Conversion::new(engine.host),
        snapshot_was_left: false,
    };
    let archives = outputs.archives();
    if !archives.is_empty() && registry.is_some_and(|registry| !registry.is_gzip()) {
        shared.conversion.turn_on();
    }
    let mut attempt = shared.attempt(&client, outputs).await;
    while match &attempt.outcome {
        Ok(_) => {
            shared
                .conversion
                .remedy(archives.clone(), engine.host)
                .await
        }
        Err((_, error)) => shared.remedy(error).await,
    } {
        attempt = shared.attempt(&client, outputs).await;
    }
    match attempt.outcome {
        Ok(solved) => {
            cache::keep(plan, &solved, engine).await;
            solved
                .iter()
                .filter_map(|(index, solved)| built(plan, *index, solved))
                .collect()
        }
        Err((index, error)) => Err(failed(plan, index, error, &attempt.progress, engine)),
    }
}

/// What became of the solves when they all ran at once.
struct Attempt {
    outcome: Result<BTreeMap<usize, Solved>, (usize, SolveError)>,
    progress: Progress<Outlet>,
}

/// One solve, its reports marked as its own.
async fn run(
    client: &Client,
    solve: Solve,
    id: SolveId,
    reports: mpsc::Sender<(SolveId, Status)>,
) -> Result<Solved, SolveError> {
    let (sender, mut receiver) = mpsc::channel(REPORTS_IN_FLIGHT);
    let forward = async {
        while let Some(status) = receiver.recv().await {
            // Progress takes every report until all senders are gone.
            let _ = reports.send((id, status)).await;
        }
    };
    let (solved, ()) = tokio::join!(client.solve(solve, sender), forward);
    solved
}

/// Waits for all solves, or for the first that fails.
async fn join(
    running: &mut JoinSet<(usize, Result<Solved, SolveError>)>,
) -> Result<BTreeMap<usize, Solved>, (usize, SolveError)> {
    let mut solved = BTreeMap::new();
    while let Some(joined) = running.join_next().await {
        let (index, result) =
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        solved.insert(index, result.map_err(|error| (index, error))?);
    }
    Ok(solved)
}

/// What all solves of a plan have in common.
struct Shared<'run> {
    plan: &'run CheckedPlan,
    imports: Vec<CacheImport>,
    registry: Option<&'run Registry>,
    engine: Engine<'run>,
    logins: Arc<Logins>,
    conversion: Conversion,
    snapshot_was_left: bool,
}

/// The machine's logins, for registries that are reached as the plan's daemon reaches them.
fn logins(plan: &CheckedPlan, host: &Host) -> Logins {
    let on_notice = host.on_notice;
    Logins::new(Arc::clone(&host.credentials))
        .with_registries(Registries::of_configuration(
            plan.daemon_config(),
            &host.directory,
        ))
        .telling(move |login| on_notice(&login.to_string()))
}

impl Shared<'_> {
    /// Whether another attempt is worth its time, after what the last one failed for is out of its way. True for each
    /// reason once.
    async fn remedy(&mut self, error: &SolveError) -> bool {
        if cache::forget_damage(error, self.engine).await {
            let had_imports = !self.imports.is_empty();
            self.imports.clear();
            return had_imports;
        }
        let is_new = !std::mem::replace(&mut self.snapshot_was_left, true);
        is_new && snapshot::was_left(error, self.engine.host)
    }

    /// Runs every solve at the same time, and shows their progress.
    async fn attempt(&self, client: &Client, outputs: &Outputs) -> Attempt {
        let unread = Cancel::default();
        // Whoever is dropped here does not wait for a reader of the progress.
        let _unread = unread.on_drop();
        let mut progress = Progress::new(self.engine.host.progress, Outlet::new(unread));
        for image in self.plan.base_images() {
            progress.add_base_argument(&image.argument);
        }
        let (reports, shown) = mpsc::channel(REPORTS_IN_FLIGHT);
        let mut running = JoinSet::new();
        for (index, (solve, output)) in self.plan.solves().iter().zip(&outputs.0).enumerate() {
            let id = progress.add_solve(&solve.name);
            let asked = self.solve(solve, output.as_ref());
            let (client, reports) = (client.clone(), reports.clone());
            running.spawn(async move { (index, run(&client, asked, id, reports).await) });
        }
        drop(reports);
        let showing = progress::run(progress, shown);
        let outcome = join(&mut running).await;
        // Cancelled solves report until they have ended.
        running.shutdown().await;
        let (progress, _unread) = showing
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        Attempt { outcome, progress }
    }

    fn solve(&self, solve: &plan::Solve, output: Option<&Output>) -> Solve {
        let Engine { opened, .. } = self.engine;
        let local = |local: &plan::Local| {
            let directory = opened.local(solve, &local.name);
            Local {
                name: local.name.clone(),
                directory: directory.expect("every local of a plan is open").clone(),
            }
        };
        let attribute = |attribute: &plan::FrontendAttribute| {
            let value = match &opened.dockerfile {
                Some(dockerfile) if attribute.key == dockerfile::ATTRIBUTE => {
                    dockerfile.name.clone()
                }
                _ => self.value(&attribute.value),
            };
            (attribute.key.clone(), value)
        };
        Solve {
            frontend: "dockerfile.v0".to_owned(),
            frontend_attributes: solve.attributes.iter().map(attribute).collect(),
            locals: solve.locals.iter().map(local).collect(),
            exporters: output
                .into_iter()
                .flat_map(|to| self.exporters(to))
                .collect(),
            secrets: opened.lent.secrets.clone(),
            ssh: opened.lent.agents.clone(),
            logins: Arc::clone(&self.logins),
            cache_imports: self.imports.clone(),
            cache_exports: (opened.cache.iter())
                .map(|cache| self.cache_export(cache, solve))
                .collect(),
            ..Solve::default()
        }
    }

    fn exporters(&self, to: &Output) -> Vec<Exporter> {
        let attributes = self.conversion.of_image(to.export.format);
        exports::exporters(
            &to.export,
            attributes,
            &to.staging,
            self.engine.host.on_warning,
        )
    }

    fn cache_export(&self, cache: &Directory, solve: &plan::Solve) -> CacheExport {
        let mut attributes = self.conversion.of_cache();
        attributes.insert("mode".to_owned(), "max".to_owned());
        CacheExport::Local {
            directory: cache.clone(),
            tag: solve.name.clone(),
            attributes,
        }
    }

    fn value(&self, value: &AttributeValue) -> String {
        match value {
            AttributeValue::Text(text) => text.clone(),
            AttributeValue::BaseImage(argument) => self
                .registry
                .and_then(|registry| registry.reference(argument))
                .expect("a checked plan names only base images that it loads")
                .to_owned(),
        }
    }
}

/// The image of a solve; `None` where the plan exports none.
fn built(plan: &CheckedPlan, index: usize, solved: &Solved) -> Option<Result<Built, BuildError>> {
    let solve = &plan.solves()[index];
    let export = solve.export.as_ref()?;
    let digest = match export.format {
        ImageFormat::DockerArchive => solved.config_digest(),
        ImageFormat::OciLayout => solved.manifest_digest(),
    };
    let target = solve
        .attributes
        .iter()
        .find(|attribute| attribute.key == "target");
    let digest = match told(solve, digest) {
        Ok(digest) => digest,
        Err(error) => return Some(Err(error)),
    };
    Some(Ok(Built {
        solve: solve.name.clone(),
        target: target.and_then(|target| text(&target.value)),
        image: format!("{}/{}", export.directory, exports::name(export.format)),
        digest,
        index,
    }))
}

/// The digest by which the daemon names the image of a solve.
fn told(solve: &plan::Solve, digest: Option<&str>) -> Result<Digest, BuildError> {
    let solve = solve.name.clone();
    let Some(digest) = digest else {
        return Err(BuildError::NoDigest { solve });
    };
    let parsed = Digest::from_str(digest).ok();
    parsed
        .filter(|digest| *digest.algorithm() == DigestAlgorithm::Sha256)
        .ok_or_else(|| BuildError::OddDigest {
            solve,
            digest: digest.to_owned(),
        })
}

fn text(value: &AttributeValue) -> Option<String> {
    match value {
        AttributeValue::Text(text) => Some(text.clone()),
        AttributeValue::BaseImage(_) => None,
    }
}
