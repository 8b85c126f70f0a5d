//! The run of a build, from a checked plan to outputs that have their names.
//!
//! Whatever ends it, the daemon is stopped and waited for before it returns; if it is dropped in the middle, the daemon is killed.
//!
//! Reads and writes: through the modules named here. Unknown here: what a solve is.

use std::pin::pin;
use std::time::Instant;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::daemon::Privileges;
use crate::executor::built::Built;
use crate::executor::engine::Engine;
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::look::Look;
use crate::executor::outcome::Outcome;
use crate::executor::outputs::Outputs;
use crate::executor::preparation::Preparation;
use crate::executor::site::Site;
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
    let privileges = blocking(Privileges::check).await?; // before a word of a build that cannot be
    (host.credentials.warnings().iter()).for_each(|warning| host.audience.warning(warning));
    let Preparation {
        opened,
        outputs,
        registry,
    } = Preparation::until(stop.as_mut(), plan, host).await?;
    let look = Look::begin(plan, &opened);
    let unread = Cancel::default(); // what nobody may wait for who is stopped: a reader of the daemon's log
    let _unread = unread.on_drop();
    let engine = tokio::select! {
        biased;
        stop = &mut stop => return Err(BuildError::Stopped(stop)),
        engine = Engine::start(plan, host, privileges, &unread) => engine?,
    };
    let unwanted = Cancel::default(); // work on blobs that is under way
    let _unwanted = unwanted.on_drop();
    let solving = async {
        let codec = intake::codec(plan.compression());
        let contents = intake::contents(registry.as_ref(), codec, host, &opened, &unwanted).await?;
        let site = Site {
            host,
            opened: &opened,
            socket: engine.socket(),
            contents: &contents,
        };
        let solves = solves::all(plan, registry.as_ref(), &outputs, look, site).await?;
        Ok((contents, solves))
    };
    let solved = tokio::select! {
        biased;
        stop = &mut stop => Err(BuildError::Stopped(stop)),
        died = engine.died() => Err(died),
        solved = solving => engine.blame(solved).await,
    };
    let (contents, solves) = match solved {
        Ok(solved) => solved,
        Err(error) => {
            unwanted.cancel();
            // What is left is nothing beside what ended the build.
            let _ = if let BuildError::Stopped(_) = error {
                unread.cancel();
                engine.stop_at_once().await
            } else {
                engine.stop().await
            };
            return Err(room::blame(error, host));
        }
    };
    let staged = Staged {
        outputs,
        images: solves.images,
    };
    let assembling = staged.assemble_until(stop.as_mut(), &contents);
    let ending = |_| async { tokio::join!(engine.stop(), assembling) };
    let (showing, (left, staged)) = solves.showing.during(&contents, ending).await;
    showing.finish().await;
    let staged = staged?;
    for warning in left? {
        host.audience.warning(&warning.to_string());
    }
    intake::prune(contents, host).await;
    Ok(Outcome {
        images: staged.publish_until(stop).await?,
        account: solves.account,
        sent: solves.sent,
        received: solves.received,
        elapsed: begun.elapsed(),
    })
}

/// What the solves have come to, before it has its names.
struct Staged {
    outputs: Outputs,
    images: Vec<Built>,
}

impl Staged {
    /// Puts all images together.
    async fn assemble_until(
        self,
        stop: impl Future<Output = Stop>,
        contents: &Contents,
    ) -> Result<Self, BuildError> {
        let contents = contents.clone();
        until(stop, contents.cancel().clone(), move |_| {
            let Self {
                outputs,
                mut images,
            } = self;
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
        let publish = move |cancel: &Cancel| outputs.publish(cancel).map(|()| images);
        until(stop, Cancel::default(), publish).await
    }
}

/// Work that blocks, until it is done or called off, by `cancel`, at a stop; past the last moment for that it counts all the same.
async fn until<T: Send + 'static>(
    stop: impl Future<Output = Stop>,
    cancel: Cancel,
    work: impl FnOnce(&Cancel) -> Result<T, BuildError> + Send + 'static,
) -> Result<T, BuildError> {
    let cancelled = cancel.clone();
    let working = blocking(move || work(&cancelled));
    let mut working = pin!(working);
    tokio::select! {
        biased;
        stop = stop => {
            cancel.cancel();
            working.await.map_err(|_cancelled| BuildError::Stopped(stop))
        }
        done = &mut working => done,
    }
}
