//! Met: a builder that answers, and what it says of itself.
//!
//! Reads and writes: through the client. Unknown here: other builders.
//! Source: BuildKit, release notes of 0.13 (several exporters of a solve).

use std::error::Error as _;
use std::time::Duration;

use oci_image_buildkit::client::{Client, ConnectError};
use oci_image_buildkit::endpoint::Address;
use oci_image_buildkit::info::Info;
use tokio::time::timeout;

use crate::builder::Builder;
use crate::refusal::Refusal;

/// How long a builder may take to say who it is.
const DEADLINE: Duration = Duration::from_secs(5);
/// The same where a program has to log in first.
const RELAYED_DEADLINE: Duration = Duration::from_secs(20);
/// How long it may take to say how much it has to do, which is no condition.
const LOAD_DEADLINE: Duration = Duration::from_secs(1);

/// The oldest BuildKit that does what we ask, and what older ones lack.
const LEAST: (u64, u64) = (0, 13);
const LEAST_NAME: &str = "0.13.0";
const LACK: &str = "several exporters of a solve";

/// A builder that answers.
#[derive(Debug)]
pub struct Met {
    /// Which one.
    pub builder: Builder,
    /// The connection to it: the only one.
    pub client: Client,
    /// Who it says it is.
    pub info: Info,
    /// Its platforms: those that are configured, or those that it has told, its own first.
    pub platforms: Vec<String>,
}

impl Met {
    /// Meets a builder.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn with(builder: Builder) -> Result<Self, Refusal> {
        let within = match builder.endpoint.address {
            Address::Relay(_) => RELAYED_DEADLINE,
            Address::Unix(_) | Address::Tcp { .. } => DEADLINE,
        };
        let meeting = timeout(within, Self::meet(builder)).await;
        meeting.unwrap_or(Err(Refusal::Silent { within }))
    }

    async fn meet(builder: Builder) -> Result<Self, Refusal> {
        let client = Client::connect(&builder.endpoint).await?;
        // One after the other: of a connection that fails the first call says why.
        let is_known = builder.endpoint.certificates.is_some();
        let info = client.info().await.map_err(|error| match error {
            // By TLS 1.3 it looks at our certificate only when it has shown its own.
            ConnectError::Info { ref source, .. } if is_known && source.source().is_some() => {
                Refusal::Unwelcome { source: error }
            }
            error => error.into(),
        })?;
        let workers = client.workers().await?;
        if version(&info.version).is_some_and(|version| version < LEAST) {
            return Err(Refusal::TooOld {
                version: info.version,
                lacks: LACK,
                least: LEAST_NAME,
            });
        }
        let worker = workers.into_iter().next().ok_or(Refusal::NoWorker)?;
        let platforms = builder.platforms.clone().unwrap_or(worker.platforms);
        Ok(Self {
            builder,
            client,
            info,
            platforms,
        })
    }

    /// Those that its machine runs by itself, and those that are configured: all others it emulates.
    pub fn native(&self) -> impl Iterator<Item = &String> {
        let own = self.own_platform().map(family);
        let is_named = self.builder.platforms.is_some();
        let is_native = move |platform: &&String| is_named || own == Some(family(platform));
        self.platforms.iter().filter(is_native)
    }

    /// The platform of its machine.
    #[must_use]
    pub fn own_platform(&self) -> Option<&str> {
        self.platforms.first().map(String::as_str)
    }

    /// Those platforms of a list that it has not, or only emulates, unless that will do.
    #[must_use]
    pub fn lacks(&self, wanted: &[String], is_emulated: bool) -> Vec<String> {
        let has = |wanted: &&String| {
            let is_it = |has: &String| normal(has) == normal(wanted);
            match is_emulated {
                true => self.platforms.iter().any(is_it),
                false => self.native().any(is_it),
            }
        };
        wanted
            .iter()
            .filter(|wanted| !has(wanted))
            .cloned()
            .collect()
    }

    /// How many solves it has under way, if it says.
    pub async fn active_solves(&self) -> Option<usize> {
        let active = timeout(LOAD_DEADLINE, self.client.active_solves()).await;
        active.ok()?.ok()
    }

    /// Whether it answers still.
    pub(crate) async fn is_there(&self) -> bool {
        let answer = timeout(DEADLINE, self.client.info()).await;
        answer.is_ok_and(|info| info.is_ok())
    }

    /// Whether it has as much to do as it may have. A builder that does not say has not.
    pub(crate) async fn is_busy(&self) -> Option<usize> {
        self.builder.most_solves?;
        let active = self.active_solves().await;
        active.filter(|active| self.is_enough(*active))
    }

    /// Whether so many solves are as much as it may have.
    #[must_use]
    pub fn is_enough(&self, active: usize) -> bool {
        self.builder.most_solves.is_some_and(|most| active >= most)
    }
}

/// A platform without the variant that is meant where none is named.
fn normal(platform: &str) -> &str {
    match platform {
        "linux/arm/v7" => "linux/arm",
        "linux/arm64/v8" => "linux/arm64",
        platform => platform,
    }
}

/// What machines run each other's programs: of one kind of processor, the older or smaller one's too.
fn family(platform: &str) -> &str {
    let machine = platform.split('/').nth(1).unwrap_or(platform);
    match machine {
        "386" => "amd64",
        "arm" => "arm64",
        machine => machine,
    }
}

/// The beginning of a version; `None` if it is not one of a release.
fn version(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.strip_prefix('v')?.split('.');
    let found = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (found != (0, 0)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_run_the_programs_of_their_smaller_kin() {
        assert_eq!(family("linux/amd64/v3"), family("linux/386"));
        assert_eq!(family("linux/arm64"), family("linux/arm/v7"));
        assert_ne!(family("linux/arm64"), family("linux/amd64"));
    }

    #[test]
    fn only_releases_are_too_old() {
        assert!(version("v0.1.5").unwrap() < LEAST);
        assert!(version("v0.99.0-rc1").unwrap() > LEAST && version("v1.0.0").unwrap() > LEAST);
        assert_eq!(version("v0.0.0+unknown"), None);
        assert_eq!(version("5a1b3c"), None);
    }
}
