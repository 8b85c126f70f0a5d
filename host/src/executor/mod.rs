//! The executor: runs a checked plan, and is the only room that knows every engine.
//!
//! A build either leaves all its outputs or none. Whatever ends it, the daemon is stopped and waited for before this
//! room returns; if it is dropped in the middle, the daemon is killed.
//!
//! - [`error`]: why a build left nothing, and whose fault that was.
//! - [`outputs`]: the directories that Concourse collects, all at once at the end.
//! - [`exports`]: what the daemon sends of an image, on its way into an output.
//! - [`solves`]: the plan's solves as the client's, run at the same time.
//! - `opened`: what the plan names, each path followed once and held.
//! - `work`: the working directory, from which they are followed.
//! - `lent`: what steps may mount beyond files of the context.
//! - `conversion`: whether layers that are not gzip have to become it.
//! - `cache`: the build's cache, which may cost time but never the build.
//! - `snapshot`: what a killed daemon left, for which another attempt is worth its time.
//! - `room`: whether the daemon failed because a disk is full.
//! - `failure`: a solve that failed: whose fault that was, and what a person is told of it.
//! - [`context`]: names in the build context, to explain a path that COPY did not find.
//! - `surroundings`: what else explains a failure: what `.dockerignore` leaves out, how a script begins, which secrets there are.
//! - `arguments`: those that are given and that the Dockerfile does not declare.
//! - `dockerfile`: where the Dockerfile is that the request names.

mod arguments;
mod cache;
pub mod context;
mod conversion;
mod dockerfile;
pub mod error;
pub mod exports;
mod failure;
mod lent;
mod opened;
pub mod outputs;
mod room;
mod snapshot;
pub mod solves;
mod surroundings;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::buildkit::docker_config::DockerConfig;
use crate::buildkit::login::Credentials;
use crate::daemon::{self, Daemon, LogSink, Options, Overrides, Privileges, Programs};
use crate::image::Image;
use crate::image::registry::Registry;
use crate::outlet::Outlet;
use crate::planner::checked_plan::CheckedPlan;
use crate::planner::inline_secrets::SecretBytes;
use crate::progress::{DaemonLog, Mode};

pub use error::BuildError;
pub use solves::Built;

use opened::{Base, Opened};
use solves::Outputs;
use work::Work;

/// How long a daemon may take to end whose connection has broken.
// The kernel closes its sockets first and reports its end milliseconds later.
const DEATH_DEADLINE: Duration = Duration::from_secs(1);

/// How long a daemon may take to end when we are stopped; a sound one takes some milliseconds.
const STOPPED_DEADLINE: Duration = Duration::from_secs(1);

/// How long work may take to notice that it was called off, which it does within a piece of a file.
const CALLING_OFF_DEADLINE: Duration = Duration::from_secs(1);

/// What the plan leaves to the machine: where things are, never what is built.
pub struct Host {
    /// The working directory, in which the plan's paths are looked up.
    pub directory: PathBuf,
    /// State of the daemon, kept as a warm cache.
    pub root: PathBuf,
    /// Programs that are not to be looked up on PATH.
    pub programs: Overrides,
    /// How progress is shown on standard error.
    pub progress: Mode,
    /// Logins for registries.
    pub credentials: Arc<dyn Credentials>,
    /// Told once, with the daemon's root, if another build holds it.
    pub on_wait: fn(&Path),
    /// Told of everything that goes less well than it should.
    pub on_warning: fn(&str),
    /// Told of what a person may want to know of: each login that leaves this process.
    pub on_notice: fn(&str),
}

impl Host {
    /// This machine, with `directory` as the working directory: the default root, programs and logins that the environment
    /// names, progress as plain text. Waiting, warnings and notices are told to nobody.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            root: daemon::default_root(),
            programs: Overrides::from_env(),
            progress: Mode::Plain,
            credentials: Arc::new(DockerConfig::from_environment()),
            on_wait: |_root| {},
            on_warning: |_warning| {},
            on_notice: |_notice| {},
        }
    }
}

/// A signal that asked for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Its number.
    pub signal: i32,
    /// Its name: `SIGTERM`.
    pub name: &'static str,
}

/// Builds what the plan says, until it is done or `stop` resolves.
///
/// `inline` holds the texts of secrets that stood in the object, by id.
///
/// ```no_run
/// use oci_image::executor::{self, Host};
/// use oci_image::planner::checked_plan::CheckedPlan;
/// use oci_image::planner::inline_secrets::SecretBytes;
/// # use std::collections::BTreeMap;
///
/// # async fn example(plan: CheckedPlan, secrets: BTreeMap<String, SecretBytes>) -> Result<(), executor::BuildError> {
/// let host = Host { root: "cache/buildkitd".into(), ..Host::new("work") };
/// for built in executor::run(&plan, secrets, &host, std::future::pending()).await? {
///     println!("{} has digest {}", built.image, built.digest);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`BuildError`]; no output has changed then.
pub async fn run(
    plan: &CheckedPlan,
    inline: BTreeMap<String, SecretBytes>,
    host: &Host,
    stop: impl Future<Output = Stop>,
) -> Result<Vec<Built>, BuildError> {
    let mut stop = pin!(stop);
    let privileges = blocking(Privileges::check).await?; // before a word of a build that cannot be
    (host.credentials.remarks().iter()).for_each(|remark| (host.on_warning)(remark));
    let (opened, outputs, registry) = prepare_until(stop.as_mut(), plan, inline, host).await?;
    let unread = Cancel::default(); // what nobody may wait for who is stopped: a reader of the daemon's log
    let _unread = unread.on_drop();
    let daemon = tokio::select! {
        biased;
        stop = &mut stop => return Err(BuildError::Stopped(stop)),
        daemon = start(plan, host, privileges, &unread) => daemon.map_err(|error| room::blame(error, host))?,
    };
    let solving = solves::all(
        plan,
        registry.as_ref(),
        &outputs,
        Engine {
            host,
            opened: &opened,
            socket: daemon.socket(),
        },
    );
    let solved = tokio::select! {
        biased;
        stop = &mut stop => Err(BuildError::Stopped(stop)),
        exit = daemon.exited() => Err(BuildError::DaemonDied(Box::new(exit))),
        solved = solving => blame(solved, &daemon).await,
    };
    let stopped = if let Err(BuildError::Stopped(_)) = solved {
        unread.cancel();
        daemon.stop_within(STOPPED_DEADLINE).await
    } else {
        daemon.stop().await
    };
    let built = solved.map_err(|error| room::blame(error, host))?;
    stopped?
        .warnings
        .iter()
        .for_each(|warning| (host.on_warning)(&warning.to_string()));
    publish_until(stop, outputs, built).await
}

/// What a daemon is started for, prepared: what it is lent, staged outputs, base images.
type Prepared = (Opened, Outputs, Option<Registry>);

/// Prepares the build. What had been begun at a stop is cleared away before this returns.
async fn prepare_until(
    stop: impl Future<Output = Stop>,
    plan: &CheckedPlan,
    inline: BTreeMap<String, SecretBytes>,
    host: &Host,
) -> Result<Prepared, BuildError> {
    let cancel = Cancel::default();
    let mut preparing = pin!(prepare(plan, inline, host, &cancel));
    tokio::select! {
        biased;
        stop = stop => {
            cancel.cancel();
            // What hangs in the kernel is left behind.
            let _ = tokio::time::timeout(CALLING_OFF_DEADLINE, preparing).await;
            Err(BuildError::Stopped(stop))
        }
        prepared = &mut preparing => prepared,
    }
}

/// Gives all results their names. Past the first name a stop is too late: all of them are there then, and the build is done.
async fn publish_until(
    stop: impl Future<Output = Stop>,
    outputs: Outputs,
    built: Vec<Built>,
) -> Result<Vec<Built>, BuildError> {
    let cancel = Cancel::default();
    let cancelled = cancel.clone();
    let publishing = blocking(move || outputs.publish(&built, &cancelled).map(|()| built));
    let mut publishing = pin!(publishing);
    tokio::select! {
        biased;
        stop = stop => {
            cancel.cancel();
            publishing.await.map_err(|_cancelled| BuildError::Stopped(stop))
        }
        published = &mut publishing => published,
    }
}

async fn prepare(
    plan: &CheckedPlan,
    inline: BTreeMap<String, SecretBytes>,
    host: &Host,
    cancel: &Cancel,
) -> Result<Prepared, BuildError> {
    let (asked, directory) = (plan.clone(), host.directory.clone());
    let (remarks, opened, outputs, bases) = blocking(move || {
        let mut work = Work::open(&directory)?;
        let opened = Opened::open(&asked, inline, &mut work)?;
        let bases = opened::bases(&asked, &mut work)?;
        let outputs = solves::stage(&asked, &mut work)?;
        let undeclared = arguments::remarks(&asked, &opened);
        let remarks: Vec<String> = work.remarks.into_iter().chain(undeclared).collect();
        Ok::<_, BuildError>((remarks, opened, outputs, bases))
    })
    .await?;
    (remarks.iter()).for_each(|remark| (host.on_warning)(remark));
    let registry = serve(bases, cancel).await?;
    Ok((opened, outputs, registry))
}

/// A connection that broke because the daemon died is the daemon's failure, not that of the solve.
async fn blame(
    solved: Result<Vec<Built>, BuildError>,
    daemon: &Daemon,
) -> Result<Vec<Built>, BuildError> {
    match solved {
        Err(error) if error.is_lost_connection() => {
            let exit = tokio::time::timeout(DEATH_DEADLINE, daemon.exited()).await;
            Err(exit.map_or(error, |exit| BuildError::DaemonDied(Box::new(exit))))
        }
        solved => solved,
    }
}

/// The machine's part of a solve.
#[derive(Clone, Copy)]
struct Engine<'run> {
    host: &'run Host,
    opened: &'run Opened,
    socket: &'run Path,
}

async fn start(
    plan: &CheckedPlan,
    host: &Host,
    privileges: Privileges,
    unread: &Cancel,
) -> Result<Daemon, BuildError> {
    let programs = Programs::find(&host.programs)?;
    let options = Options {
        config: plan.daemon_config().to_owned(),
        privileges: Some(privileges),
        directory: host.directory.clone(),
        debug: plan.debug(),
        log_sink: (plan.debug()).then(|| daemon_log(host.progress, unread.clone())),
        ..Options::new(&host.root, programs)
    };
    let daemon = Daemon::start(options, host.on_wait).await?;
    daemon
        .warnings()
        .iter()
        .for_each(|warning| (host.on_warning)(&warning.to_string()));
    Ok(daemon)
}

/// Where the daemon's log is shown, beside the progress: in whole lines, so that those of progress stay whole too.
fn daemon_log(progress: Mode, unread: Cancel) -> LogSink {
    Box::new(DaemonLog::new(progress, Outlet::new(unread)))
}

/// Serves base images on loopback; `None` where there are none.
async fn serve(bases: Vec<Base>, cancel: &Cancel) -> Result<Option<Registry>, BuildError> {
    if bases.is_empty() {
        return Ok(None);
    }
    let cancel = cancel.clone();
    let read = move |base: Base| {
        let image = Image::read(base.found, &base.path, &cancel)?;
        Ok((base.argument, image))
    };
    let images = blocking(move || {
        bases
            .into_iter()
            .map(read)
            .collect::<Result<_, BuildError>>()
    })
    .await?;
    Ok(Some(Registry::serve(images).await?))
}
