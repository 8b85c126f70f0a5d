//! The choice of a builder.
//!
//! Builders are asked in their order for the build's key. The first that is well and not busy is taken; if all that are well are busy,
//! the one that has least to do. Where none is well, all are asked again for a while: a pod may be starting.
//!
//! Reads and writes: through those that are met. Unknown here: what is built.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::builder::Builder;
use crate::met::Met;
use crate::no_builder::NoBuilder;
use crate::rank::ranked;
use crate::refusal::Refusal;
use crate::round::Round;
use crate::wanted::Wanted;

/// How long builders are asked again that do not answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait between two rounds: at first, and at most.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Several builders.
#[derive(Debug, Clone)]
pub struct Fleet {
    builders: Vec<Builder>,
    patience: Duration,
}

impl Fleet {
    /// A fleet of at least one builder.
    ///
    /// `None` if there is none.
    #[must_use]
    pub fn new(builders: Vec<Builder>) -> Option<Self> {
        (!builders.is_empty()).then_some(Self {
            builders,
            patience: PATIENCE,
        })
    }

    /// The same, with another time for which builders are asked again that do not answer.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Meets every builder, for no build, all at the same time: a name with several addresses is several of them.
    pub async fn meet_each(&self) -> Vec<(Builder, Result<Met, Refusal>)> {
        let mut meetings = JoinSet::new();
        for builder in self.each().await {
            meetings.spawn(async { (builder.clone(), Met::with(builder).await) });
        }
        let mut met = meetings.join_all().await;
        met.sort_by_cached_key(|(builder, _)| builder.endpoint.to_string());
        met
    }

    /// Takes a builder for all platforms; if none has all of them, one for each, and which that is for. `on_wait` is told once that none
    /// answers yet, with the reasons.
    ///
    /// # Errors
    /// [`NoBuilder`]: of the first platform that nobody has.
    pub async fn share(
        &self,
        wanted: &Wanted,
        on_wait: impl FnOnce(&NoBuilder),
    ) -> Result<Vec<(Met, Vec<String>)>, NoBuilder> {
        let until = Instant::now() + self.patience;
        let mut pause = PAUSE;
        let mut on_wait = Some(on_wait);
        let mut met = Vec::new();
        loop {
            let builders = ranked(self.each().await, &wanted.key);
            let round = Round::over(builders, met, wanted).await;
            let (none, all_met) = match round.shares().await {
                Ok(shares) => return Ok(shares),
                Err(none) => none,
            };
            met = all_met;
            let may_pass = none.refusals.iter().any(|(_, refusal)| refusal.may_pass());
            if !may_pass || Instant::now() + pause > until {
                return Err(none);
            }
            if let Some(on_wait) = on_wait.take() {
                on_wait(&none);
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Whether it has a builder of another name than these.
    pub async fn has_more_than(&self, lost: &BTreeMap<String, String>) -> bool {
        let is_other = |builder: &Builder| !lost.contains_key(&builder.endpoint.to_string());
        self.each().await.iter().any(is_other)
    }

    /// Every daemon that stands behind an address.
    async fn each(&self) -> Vec<Builder> {
        let mut all = Vec::new();
        for builder in &self.builders {
            // A name that says nothing is asked for again where it is dialled, which tells the reason.
            let each = builder.endpoint.each().await;
            let each = each.ok().filter(|each| !each.is_empty());
            let each = each.unwrap_or_else(|| vec![builder.endpoint.clone()]);
            all.extend(each.into_iter().map(|endpoint| Builder {
                endpoint,
                ..builder.clone()
            }));
        }
        all
    }
}
