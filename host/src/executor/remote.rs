//! Builders of a fleet, for as long as a build needs them: one for all platforms, or one for each.
//!
//! One is lost if the connection to it ends, or if it says nothing for too long when it is asked who it is. What it reports of the build
//! is no loss: a step that fails there fails elsewhere.
//!
//! Reads and writes: through the client. Unknown here: solves.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::boundary::outside::shown;
use crate::buildkit::client::Client;
use crate::executor::built_on::BuiltOn;
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::sticky;
use crate::fleet::{Fleet, Met, Wanted};
use crate::planner::checked_plan::CheckedPlan;

/// How often a builder is asked whether it is there, and how long its answer may take. One that is busy may be slow.
const HEARTBEAT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(45);

/// The builders of a build.
pub(super) struct Remote(Vec<Part>);

/// A builder that was taken.
pub(super) struct Part {
    met: Met,
    name: String,
    /// For which platforms, if it is not the only one.
    platforms: Option<Vec<String>>,
}

impl Remote {
    /// Takes them for a plan.
    ///
    /// # Errors
    /// [`BuildError::NoBuilder`].
    pub(super) async fn choose(
        fleet: &Fleet,
        plan: &CheckedPlan,
        host: &Host,
        lost: &BTreeMap<String, String>,
    ) -> Result<Self, BuildError> {
        let wanted = Wanted {
            key: sticky::key(plan, host).await,
            platforms: plan.platforms(),
            is_emulated: host.emulate,
            has_secrets: has_secrets(plan),
            lost: lost.clone(),
        };
        let waiting = |none: &_| {
            let notice = format!("waiting for a builder: {none}");
            host.audience.notice(&notice);
        };
        let shares = fleet.share(&wanted, waiting).await?;
        let are_several = shares.len() > 1;
        let part = |(met, platforms): (Met, Vec<String>)| Part {
            name: met.builder.endpoint.to_string(),
            met,
            platforms: are_several.then_some(platforms),
        };
        let parts: Vec<Part> = shares.into_iter().map(part).collect();
        for part in &parts {
            host.audience.notice(&part.notice());
        }
        Ok(Self(parts))
    }

    /// The builders: at least one.
    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The connection to the first of them.
    pub(super) fn client(&self) -> &Client {
        &self
            .0
            .first()
            .expect("a fleet shares a build among one or more")
            .met
            .client
    }

    /// Resolves when one of them does not answer any more.
    pub(super) async fn lost(&self) -> BuildError {
        let mut watching = JoinSet::new();
        for (index, part) in self.0.iter().enumerate() {
            let client = part.met.client.clone();
            watching.spawn(async move { (index, silence(&client).await) });
        }
        match watching.join_next().await {
            Some(Ok((index, reason))) => self.0[index].loss(reason).await,
            // A watch ends with a loss, or with us.
            _ => std::future::pending().await,
        }
    }
}

/// Whether a builder is told secrets of the request.
fn has_secrets(plan: &CheckedPlan) -> bool {
    let has_agents = !plan.ssh().is_empty();
    has_agents || !plan.secrets().is_empty() || !plan.cache_secrets().is_empty()
}

/// Resolves with the reason when a builder does not answer any more.
async fn silence(client: &Client) -> String {
    loop {
        sleep(HEARTBEAT).await;
        match timeout(ANSWER, client.info()).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return "its connection has ended".to_owned(),
            Err(_) => return format!("it does not answer within {} s", ANSWER.as_secs()),
        }
    }
}

impl Part {
    fn notice(&self) -> String {
        let own = self.met.own_platform().unwrap_or("no platform of its own");
        let platforms = self
            .platforms
            .as_deref()
            .map(|platforms| platforms.join(", "));
        let what = platforms.map(|platforms| format!(" {}", shown(&platforms)));
        format!(
            "building{} on `{}` (BuildKit {}, {})",
            what.unwrap_or_default(),
            shown(&self.name),
            shown(&self.met.info.version),
            shown(own)
        )
    }

    /// Its name: its address.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// As it is told of at the end.
    pub(super) fn built_on(&self) -> BuiltOn {
        BuiltOn {
            address: self.name.clone(),
            version: self.met.info.version.clone(),
            platforms: self.platforms.clone(),
        }
    }

    /// The connection to it.
    pub(super) fn client(&self) -> &Client {
        &self.met.client
    }

    /// The platforms for which it builds, if it is not the only one.
    pub(super) fn platforms(&self) -> Option<&[String]> {
        self.platforms.as_deref()
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

    /// What an error is to a build, that may come of a builder which is gone.
    pub(super) async fn blame(&self, error: BuildError) -> BuildError {
        match error.loss() {
            Some(reason) => self.loss(reason.to_owned()).await,
            None => error,
        }
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
