//! The run of a build, from a checked plan to outputs that have their names.
//!
//! Whatever ends it, the daemon is stopped and waited for before it returns; if it is dropped in the middle, the daemon is killed.
//!
//! Reads and writes: through the modules named here. Unknown here: what a solve is.

use std::pin::{Pin, pin};
use std::time::Instant;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::boundary::chain::chain;
use crate::daemon::Warning;
use crate::executor::built::Built;
use crate::executor::engine::{Engine, EngineSource};
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::look::Look;
use crate::executor::outcome::Outcome;
use crate::executor::outputs::Outputs;
use crate::executor::preparation::Preparation;
use crate::executor::showing::Showing;
use crate::executor::site::Site;
use crate::executor::solves::Solves;
use crate::executor::stop::Stop;
use crate::executor::{intake, room, solves};
use crate::image::contents::Contents;
use crate::planner::checked_plan::CheckedPlan;

/// Builds what the plan says, until it is done or `stop` resolves.
///
/// ```no_run
/// use oci_image::boundary::handle::WorkingDirectory;
/// use oci_image::executor::{self, Host};
/// use oci_image::planner::checked_plan::CheckedPlan;
///
/// # async fn example(plan: CheckedPlan, directory: WorkingDirectory) -> Result<(), executor::BuildError> {
/// let host = Host { root: "cache/buildkitd".into(), ..Host::new(directory) };
/// for built in executor::run(&plan, &host, std::future::pending()).await?.images {
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
    host: &Host,
    stop: impl Future<Output = Stop>,
) -> Result<Outcome, BuildError> {
    let begun = Instant::now();
    let mut stop = pin!(stop);
    let (mut source, preparation) = prepare(stop.as_mut(), plan, host).await?;
    let Preparation {
        opened,
        outputs,
        bases,
        undeclared,
    } = preparation;
    (undeclared.iter()).for_each(|warning| host.audience.warning(warning));
    let unread = Cancel::default(); // what nobody may wait for who is stopped: a reader of the daemon's log
    let _unread = unread.on_drop();
    let unwanted = Cancel::default(); // work on blobs that is under way
    let _unwanted = unwanted.on_drop();
    let (engine, contents, solves) = loop {
        let look = Look::begin(plan, &opened);
        let engine = start(stop.as_mut(), &source, plan, host, &unread).await?;
        let solving = async {
            let codec = intake::codec(plan.compression());
            let contents = intake::contents(&bases, codec, host, &opened, &unwanted);
            let contents = contents.await?;
            let site = Site {
                host,
                opened: &opened,
                engine: &engine,
                contents: &contents,
            };
            let solves = solves::all(plan, &bases, look, site).await?;
            Ok((contents, solves))
        };
        match engine.during(stop.as_mut(), solving).await {
            Ok((contents, solves)) => break (engine, contents, solves),
            Err(error) if source.lose(&error).await => {
                let warning = format!("{}: building elsewhere", chain(&error));
                host.audience.warning(&warning);
            }
            Err(error) => {
                unwanted.cancel();
                return Err(give_up(engine, error, &unread, host).await);
            }
        }
    };
    let concluding = Concluding {
        begun,
        engine,
        outputs,
        contents,
        solves,
    };
    concluding.until(stop, host).await
}

/// What is done before there is a daemon.
pub(super) async fn prepare<'run>(
    stop: impl Future<Output = Stop>,
    plan: &CheckedPlan,
    host: &'run Host,
) -> Result<(EngineSource<'run>, Preparation), BuildError> {
    let source = EngineSource::of(host).await?; // before a word of a build that cannot be
    (host.credentials.warnings().iter()).for_each(|warning| host.audience.warning(warning));
    Ok((source, Preparation::until(stop, plan, host).await?))
}

/// The plan's engine, unless it is stopped before that has started.
pub(super) async fn start(
    stop: impl Future<Output = Stop>,
    source: &EngineSource<'_>,
    plan: &CheckedPlan,
    host: &Host,
    unread: &Cancel,
) -> Result<Engine, BuildError> {
    tokio::select! {
        biased;
        stop = stop => Err(BuildError::Stopped(stop)),
        engine = Engine::start(source, plan, host, unread) => engine,
    }
}

/// Ends the daemon of a build that leaves nothing; what is told of that.
pub(super) async fn give_up(
    engine: Engine,
    error: BuildError,
    unread: &Cancel,
    host: &Host,
) -> BuildError {
    // What is left is nothing beside what ended the build.
    let _ = if let BuildError::Stopped(_) = error {
        unread.cancel();
        engine.stop_at_once().await
    } else {
        engine.stop().await
    };
    room::blame(error, host)
}

/// A build whose solves are done.
struct Concluding {
    begun: Instant,
    engine: Engine,
    outputs: Outputs,
    contents: Contents,
    solves: Solves,
}

impl Concluding {
    /// Ends the daemon, and gives all results their names.
    async fn until(
        self,
        mut stop: Pin<&mut impl Future<Output = Stop>>,
        host: &Host,
    ) -> Result<Outcome, BuildError> {
        let Self {
            begun,
            engine,
            outputs,
            contents,
            solves,
        } = self;
        let Solves {
            images, showing, ..
        } = solves;
        let (unread, unwanted) = (showing.unread(), contents.cancel().clone());
        let builders = engine.built_on();
        let closing = Staged { outputs, images }.close(showing, engine, &contents);
        let call_off = || {
            unwanted.cancel();
            unread.cancel();
        };
        let (left, staged) = unless_stopped(stop.as_mut(), closing, call_off).await?;
        let staged = staged?;
        let left = left?.into_iter().map(|warning| warning.to_string());
        for warning in solves.warnings.into_iter().chain(left) {
            host.audience.warning(&warning);
        }
        for image in staged
            .images
            .iter()
            .filter(|image| !image.lost.is_nothing())
        {
            host.audience.warning(&format!(
                "`rootfs/` lost what this user may not keep: {}",
                image.lost
            ));
        }
        intake::prune(contents, host).await;
        Ok(Outcome {
            images: staged.publish_until(stop).await?,
            account: solves.account,
            sent: solves.sent,
            received: solves.received,
            builders,
            carried: solves.carried,
            elapsed: begun.elapsed(),
        })
    }
}

/// What the solves have come to, before it has its names.
struct Staged {
    outputs: Outputs,
    images: Vec<Built>,
}

/// What could not be tidied away, and what is staged.
type Closed = (Result<Vec<Warning>, BuildError>, Result<Staged, BuildError>);

impl Staged {
    /// Puts all images together, and unpacks them, while the daemon ends, and shows all that there is to show.
    async fn close(self, showing: Showing, engine: Engine, contents: &Contents) -> Closed {
        let work = |_| async { tokio::join!(engine.stop(), self.assemble(contents)) };
        let (showing, closed) = showing.during(contents, work).await;
        showing.finish().await;
        closed
    }

    async fn assemble(self, contents: &Contents) -> Result<Self, BuildError> {
        let contents = contents.clone();
        let Self {
            outputs,
            mut images,
        } = self;
        blocking(move || {
            outputs.assemble(&mut images, &contents)?;
            Ok(Self { outputs, images })
        })
        .await
    }

    /// Gives all results their names. Past the first name a stop is too late: all of them are there then, and the build is done.
    async fn publish_until(
        self,
        stop: impl Future<Output = Stop>,
    ) -> Result<Vec<Built>, BuildError> {
        let Self { outputs, images } = self;
        let cancel = Cancel::default();
        let cancelled = cancel.clone();
        let publish = move || outputs.publish(&cancelled).map(|()| images);
        let mut publishing = pin!(blocking(publish));
        tokio::select! {
            biased;
            stop = stop => {
                cancel.cancel();
                publishing.await.map_err(|_cancelled| BuildError::Stopped(stop))
            }
            done = &mut publishing => done,
        }
    }
}

/// Work until it is done; or at a stop until it has ended after it was called off, and then it counts for nothing.
async fn unless_stopped<T>(
    stop: impl Future<Output = Stop>,
    work: impl Future<Output = T>,
    call_off: impl FnOnce(),
) -> Result<T, BuildError> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        stop = stop => {
            call_off();
            work.await;
            Err(BuildError::Stopped(stop))
        }
        done = &mut work => Ok(done),
    }
}
