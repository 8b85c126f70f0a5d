//! The deeds by name.

use bollard_buildkit_proto::moby::buildkit::v1::{SolveResponse, StatusResponse};
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tonic::Status;

use crate::visit::Visit;
use crate::{answers, asks, bases, exports, layouts, reports};

/// What comes of a solve.
pub(crate) type Answering = BoxFuture<'static, Result<SolveResponse, Status>>;
/// Where reports go.
pub(crate) type Reports = mpsc::Sender<Result<StatusResponse, Status>>;

/// What a daemon does in the place of its work.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) manners: Manners,
    pub(crate) solve: fn(Visit) -> Answering,
    pub(crate) reports: fn(Reports) -> BoxFuture<'static, ()>,
}

/// How it keeps to what goes before any work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    Good,
    /// It never says that it is ready.
    NeverReady,
    /// It refuses sessions.
    NoSession,
    /// It does not answer to one.
    SilentSession,
    /// It does not end when it is asked to.
    Deaf,
}

impl Scenario {
    /// An evil solve without reports.
    pub(crate) const fn of_solve(name: &'static str, solve: fn(Visit) -> Answering) -> Self {
        Self {
            name,
            manners: Manners::Good,
            solve,
            reports: |_| Box::pin(async {}),
        }
    }

    /// An honest solve with evil reports.
    pub(crate) const fn of_reports(
        name: &'static str,
        reports: fn(Reports) -> BoxFuture<'static, ()>,
    ) -> Self {
        Self {
            name,
            manners: Manners::Good,
            solve: |visit| Box::pin(async move { visit.satisfy().await }),
            reports,
        }
    }

    /// This scenario, of a daemon with other manners.
    pub(crate) const fn with(mut self, manners: Manners) -> Self {
        self.manners = manners;
        self
    }
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    [
        exports::SCENARIOS,
        layouts::SCENARIOS,
        asks::SCENARIOS,
        bases::SCENARIOS,
        reports::SCENARIOS,
        answers::SCENARIOS,
    ]
    .into_iter()
    .flatten()
}

/// The one of that name.
pub(crate) fn named(name: &str) -> Option<&'static Scenario> {
    all().find(|scenario| scenario.name == name)
}
