//! Preparation: what a daemon is started for. What the plan reads is opened, outputs are staged, base images are served.
//!
//! Reads: what the plan names. Writes: staging directories, the cache's directory if it is missing. Unknown here: the daemon.

use std::pin::pin;
use std::time::Duration;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::boundary::outside::listed;
use crate::executor::bases::{Bases, ReadBase};
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::opened::{self, FoundBase, Opened};
use crate::executor::outputs::Outputs;
use crate::executor::stop::Stop;
use crate::executor::wait::told;
use crate::executor::work::Work;
use crate::executor::{arguments, surroundings};
use crate::image::Image;
use crate::planner::checked_plan::CheckedPlan;

/// How long work may take to notice that it was called off, which it does within a piece of a file.
const CALLING_OFF_DEADLINE: Duration = Duration::from_secs(1);

/// How long base images are read without a word of it.
const SHORT: Duration = Duration::from_millis(500);

/// What a daemon is started for.
pub(super) struct Preparation {
    pub(super) opened: Opened,
    pub(super) outputs: Outputs,
    pub(super) bases: Bases,
    /// What a person is told of arguments that nothing declares.
    pub(super) undeclared: Vec<String>,
}

impl Preparation {
    /// Prepares the build. What had been begun at a stop is cleared away before this returns.
    pub(super) async fn until(
        stop: impl Future<Output = Stop>,
        plan: &CheckedPlan,
        host: &Host,
    ) -> Result<Self, BuildError> {
        let cancel = Cancel::default();
        let mut preparing = pin!(Self::prepare(plan, host, &cancel));
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

    async fn prepare(plan: &CheckedPlan, host: &Host, cancel: &Cancel) -> Result<Self, BuildError> {
        let (asked, directory) = (plan.clone(), host.directory.clone());
        let recorder = host.audience.recorder();
        let (warnings, undeclared, opened, outputs, bases) = blocking(move || {
            let mut work = Work::new(&directory);
            let opened = Opened::open(&asked, &mut work)?;
            let bases = opened::bases(&asked, &mut work)?;
            let outputs = Outputs::stage(&asked, &mut work)?;
            if let Some((recorder, dockerfile)) = recorder.zip(opened.dockerfile.as_ref()) {
                let text = surroundings::dockerfile_text(dockerfile);
                (text.iter()).for_each(|text| recorder.dockerfile(&dockerfile.name, text));
            }
            let undeclared = arguments::warnings(&asked, &opened);
            Ok::<_, BuildError>((work.warnings, undeclared, opened, outputs, bases))
        })
        .await?;
        (warnings.iter()).for_each(|warning| host.audience.warning(warning));
        let arguments: Vec<&str> = bases.iter().map(|base| base.argument.as_str()).collect();
        let notice = format!("reading the base images of {}", listed(&arguments));
        let bases = told(host, SHORT, &notice, read(bases, cancel)).await?;
        Ok(Self {
            opened,
            outputs,
            bases: match host.fleet {
                None => Bases::served(bases).await?,
                Some(_) => Bases::offered(bases),
            },
            undeclared,
        })
    }
}

/// Reads base images: what they say, and where their layers are.
async fn read(bases: Vec<FoundBase>, cancel: &Cancel) -> Result<Vec<ReadBase>, BuildError> {
    let cancel = cancel.clone();
    let read = move |base: FoundBase| {
        Ok(ReadBase {
            image: Image::read(base.found, &base.path, &cancel)?,
            argument: base.argument,
            path: base.path,
        })
    };
    blocking(move || bases.into_iter().map(read).collect()).await
}
