//! A builder of a fleet, for as long as a build needs it.
//!
//! It is lost if the connection to it ends, or if it says nothing for too long when it is asked who it is. What it reports of the build
//! is no loss: a step that fails there fails elsewhere.
//!
//! Reads and writes: through the client. Unknown here: solves. Source: BuildKit, `solver/errdefs`; gRPC, `statuscodes`.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::boundary::outside::shown;
use crate::buildkit::client::Client;
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::lost::Lost;
use crate::executor::sticky;
use crate::fleet::{Fleet, Met, Wanted};
use crate::planner::checked_plan::CheckedPlan;

/// How often a builder is asked whether it is there, and how long its answer may take. One that is busy may be slow.
const HEARTBEAT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(45);

/// A builder that was taken.
pub(super) struct Remote {
    met: Met,
    name: String,
}

impl Remote {
    /// Takes one for a plan.
    ///
    /// # Errors
    /// [`BuildError::NoBuilder`].
    pub(super) async fn choose(
        fleet: &Fleet,
        plan: &CheckedPlan,
        host: &Host,
        lost: &Lost,
    ) -> Result<Self, BuildError> {
        let wanted = Wanted {
            key: sticky::key(plan, host).await,
            platforms: plan.platforms(),
            has_secrets: !plan.secrets().is_empty() || !plan.ssh().is_empty(),
            lost: lost.names().clone(),
        };
        let waiting = |none: &_| {
            let notice = format!("waiting for a builder: {none}");
            host.audience.notice(&notice);
        };
        let met = fleet.choose(&wanted, waiting).await?;
        let name = met.builder.endpoint.to_string();
        let version = &met.info.version;
        let platform = met.own_platform().unwrap_or("no platform of its own");
        host.audience.notice(&format!(
            "building on `{}` (BuildKit {}, {})",
            shown(&name),
            shown(version),
            shown(platform)
        ));
        Ok(Self { met, name })
    }

    /// Its name: its address.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn client(&self) -> &Client {
        &self.met.client
    }

    /// Whether logins may be told to it.
    pub(super) fn may_know_secrets(&self) -> bool {
        self.met.builder.may_know_secrets()
    }

    /// Whether its machine runs programs that are made for ours.
    pub(super) fn is_like_ours(&self) -> bool {
        let ours = match std::env::consts::ARCH {
            "x86_64" => "linux/amd64",
            "aarch64" => "linux/arm64",
            _ => return false,
        };
        // Of amd64 later variants follow.
        self.met
            .own_platform()
            .is_some_and(|own| own.starts_with(ours))
    }

    /// Resolves when it does not answer any more.
    pub(super) async fn lost(&self) -> BuildError {
        loop {
            sleep(HEARTBEAT).await;
            let reason = match timeout(ANSWER, self.met.client.info()).await {
                Ok(Ok(_)) => continue,
                Ok(Err(_)) => "its connection has ended".to_owned(),
                Err(_) => format!("it does not answer within {} s", ANSWER.as_secs()),
            };
            return self.loss(reason).await;
        }
    }

    /// What an error is to a build, that may come of a builder which is gone.
    pub(super) async fn blame(&self, error: BuildError) -> BuildError {
        if error.is_lost_connection() {
            return self.loss("its connection has ended".to_owned()).await;
        }
        error
    }

    async fn loss(&self, reason: String) -> BuildError {
        let said = self.met.client.last_words().await;
        let said = said.map(|said| format!(" (`{}`)", shown(&said)));
        BuildError::BuilderLost {
            builder: self.name.clone(),
            reason: reason + &said.unwrap_or_default(),
        }
    }
}
