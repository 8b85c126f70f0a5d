//! An inquiry: what the frontends of a plan say of what they would build, in place of building it.
//!
//! Over a daemon of its own, as a build, with the plan's base images and logins; nothing is left behind but what the daemon keeps.
//!
//! Reads and writes: through the modules named here. Unknown here: what is asked.

use std::pin::pin;
use std::sync::Arc;

use crate::boundary::cancel::Cancel;
use crate::buildkit::subrequest::Subrequest;
use crate::executor::asked::Asked;
use crate::executor::engine::Engine;
use crate::executor::error::BuildError;
use crate::executor::failure::failed;
use crate::executor::host::Host;
use crate::executor::intake::{self, BlobIntake};
use crate::executor::preparation::Preparation;
use crate::executor::run::{give_up, prepare, start};
use crate::executor::showing::{self, Reports, Showing};
use crate::executor::site::Site;
use crate::executor::stop::Stop;
use crate::executor::terms::Terms;
use crate::planner::checked_plan::CheckedPlan;

/// The daemon whose frontends are asked, of several: what they say of a Dockerfile they say for every platform.
const FIRST: usize = 0;

/// The frontends of a plan's solves, each of which can be asked.
pub struct Frontends<'run> {
    plan: &'run CheckedPlan,
    terms: Terms<'run>,
    site: Site<'run>,
}

/// Puts questions to the frontends of a plan, until all are answered or `stop` resolves.
///
/// ```no_run
/// use oci_image::buildkit::subrequest::Targets;
/// use oci_image::executor::{self, Host};
/// use oci_image::planner::checked_plan::CheckedPlan;
///
/// # async fn example(plan: CheckedPlan, host: Host) -> Result<(), executor::BuildError> {
/// let asked = executor::inquire(&plan, &host, std::future::pending(), async |frontends| {
///     frontends.ask::<Targets>().await
/// });
/// for stage in asked.await?.iter().flat_map(|answer| &answer.targets) {
///     println!("{}", stage.name);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`BuildError`].
pub async fn inquire<T>(
    plan: &CheckedPlan,
    host: &Host,
    stop: impl Future<Output = Stop>,
    questions: impl AsyncFnOnce(&Frontends<'_>) -> Result<T, BuildError>,
) -> Result<T, BuildError> {
    let plan = &plan.without_results();
    let mut stop = pin!(stop);
    let (source, preparation) = prepare(stop.as_mut(), plan, host).await?;
    let unread = Cancel::default();
    let _unread = unread.on_drop();
    let engine = start(stop.as_mut(), &source, plan, host, &unread).await?;
    let asking = ask(plan, host, &preparation, &engine, questions);
    match engine.during(stop, asking).await {
        Ok(answer) => {
            for warning in engine.stop().await? {
                host.audience.warning(&warning.to_string());
            }
            Ok(answer)
        }
        Err(error) => Err(give_up(engine, error, &unread, host).await),
    }
}

async fn ask<T>(
    plan: &CheckedPlan,
    host: &Host,
    prepared: &Preparation,
    engine: &Engine,
    questions: impl AsyncFnOnce(&Frontends<'_>) -> Result<T, BuildError>,
) -> Result<T, BuildError> {
    let (opened, bases) = (&prepared.opened, &prepared.bases);
    let unwanted = Cancel::default();
    let codec = intake::codec(plan.compression());
    let contents = intake::contents(bases, codec, host, opened, &unwanted).await?;
    let site = Site {
        host,
        opened,
        engine,
        contents: &contents,
    };
    let intake = Arc::new(BlobIntake::new(contents.clone()));
    let frontends = Frontends {
        plan,
        terms: Terms::of(plan, bases, intake, Vec::new(), site).await,
        site,
    };
    questions(&frontends).await
}

impl Frontends<'_> {
    /// Asks the frontend of each solve, in the order of the plan.
    ///
    /// # Errors
    /// [`BuildError`], as that of a build: a Dockerfile that cannot be read, a base image that is nowhere.
    pub async fn ask<A: Subrequest>(&self) -> Result<Vec<A>, BuildError> {
        let mut showing = Showing::begin(self.plan, self.site.host);
        let solves = self.plan.solves().iter();
        let asked: Vec<_> = solves
            .map(|solve| {
                (
                    showing.add_solve(&solve.name),
                    self.terms.solve(solve, FIRST),
                )
            })
            .collect();
        let asking = |reports: Reports| async move {
            let mut answers = Vec::new();
            for (index, (id, solve)) in asked.into_iter().enumerate() {
                let asking = |status| self.site.client().ask::<A>(solve, status);
                let answer = showing::marked(id, reports.clone(), asking).await;
                answers.push(answer.map_err(|error| (index, error))?);
            }
            Ok(answers)
        };
        let (showing, answers) = showing.during(self.site.contents, asking).await;
        let showing = showing.finish().await;
        answers.map_err(|(index, error)| {
            let asked = Asked {
                solve: index,
                share: FIRST,
            };
            failed(self.plan, asked, error, showing.progress(), self.site)
        })
    }
}
