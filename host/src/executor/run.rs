//! The run of a build, from a checked plan to outputs that have their names.
//!
//! Whatever ends it, the daemon is stopped and waited for before it returns; if it is dropped in the middle, the daemon is killed.
//!
//! Reads and writes: through the modules named here. Unknown here: what a solve is.

use std::pin::pin;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::daemon::Privileges;
use crate::executor::built::Built;
use crate::executor::engine::Engine;
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::look::Look;
use crate::executor::outputs::Outputs;
use crate::executor::preparation::Preparation;
use crate::executor::site::Site;
use crate::executor::stop::Stop;
use crate::executor::{room, solves};
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
/// for built in executor::run(&plan, &host, std::future::pending()).await? {
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
) -> Result<Vec<Built>, BuildError> {
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
    let site = Site {
        host,
        opened: &opened,
        socket: engine.socket(),
    };
    let solving = solves::all(plan, registry.as_ref(), &outputs, look, site);
    let solved = tokio::select! {
        biased;
        stop = &mut stop => Err(BuildError::Stopped(stop)),
        died = engine.died() => Err(died),
        solved = solving => engine.blame(solved).await,
    };
    let left = if let Err(BuildError::Stopped(_)) = solved {
        unread.cancel();
        engine.stop_at_once().await
    } else {
        engine.stop().await
    };
    let built = solved.map_err(|error| room::blame(error, host))?;
    for warning in left? {
        host.audience.warning(&warning.to_string());
    }
    publish_until(stop, outputs, built).await
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
