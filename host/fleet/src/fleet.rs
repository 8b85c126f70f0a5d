//! The choice of a builder.
//!
//! Builders are asked in their order for the build's key. The first that is well and not busy is taken; if all that are well are busy,
//! the one that has least to do. Where none is well, all are asked again for a while: a pod may be starting.
//!
//! Reads and writes: through those that are met. Unknown here: what is built.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use oci_image_boundary::outside::shown;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::build_key::BuildKey;
use crate::builder::Builder;
use crate::met::Met;
use crate::rank::ranked;
use crate::refusal::Refusal;

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

/// What a builder is wanted for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// By what the build is known again.
    pub key: BuildKey,
    /// Platforms that it must have; none: any will do.
    pub platforms: Vec<String>,
    /// Whether a platform will do that is emulated.
    pub is_emulated: bool,
    /// Whether it is told secrets.
    pub has_secrets: bool,
    /// The names of those that were lost.
    pub lost: BTreeSet<String>,
}

/// Why no builder was taken.
#[derive(Debug)]
pub struct NoBuilder {
    /// Each builder, and why it was not taken.
    pub refusals: Vec<(String, Refusal)>,
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
        let builders = self.ranked(&BuildKey::default()).await;
        for builder in builders {
            meetings.spawn(async { (builder.clone(), Met::with(builder).await) });
        }
        let mut met = meetings.join_all().await;
        met.sort_by_cached_key(|(builder, _)| builder.endpoint.to_string());
        met
    }

    /// Takes a builder. `on_wait` is told once that none answers yet, with the reasons.
    ///
    /// # Errors
    /// [`NoBuilder`].
    pub async fn choose(
        &self,
        wanted: &Wanted,
        on_wait: impl FnOnce(&NoBuilder),
    ) -> Result<Met, NoBuilder> {
        let until = Instant::now() + self.patience;
        let mut pause = PAUSE;
        let mut on_wait = Some(on_wait);
        loop {
            let none = match self.ask(wanted).await {
                Ok(met) => return Ok(met),
                Err(none) => none,
            };
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

    /// Takes a builder for all platforms; if none has all of them, one for each, and which that is for.
    ///
    /// # Errors
    /// [`NoBuilder`]: of the first platform that nobody has.
    pub async fn share(
        &self,
        wanted: &Wanted,
        mut on_wait: impl FnMut(&NoBuilder),
    ) -> Result<Vec<(Met, Vec<String>)>, NoBuilder> {
        if wanted.platforms.len() < 2 {
            let met = self.choose(wanted, on_wait).await?;
            return Ok(vec![(met, wanted.platforms.clone())]);
        }
        if let Ok(met) = self.ask(wanted).await {
            return Ok(vec![(met, wanted.platforms.clone())]);
        }
        let mut shares: Vec<(Met, Vec<String>)> = Vec::new();
        for platform in &wanted.platforms {
            let of_one = Wanted {
                platforms: vec![platform.clone()],
                ..wanted.clone()
            };
            let met = self.choose(&of_one, &mut on_wait).await?;
            let is_same = |share: &&mut (Met, Vec<String>)| share.0.builder == met.builder;
            match shares.iter_mut().find(is_same) {
                Some((_, platforms)) => platforms.push(platform.clone()),
                None => shares.push((met, vec![platform.clone()])),
            }
        }
        Ok(shares)
    }

    /// Asks each once, until one is taken.
    async fn ask(&self, wanted: &Wanted) -> Result<Met, NoBuilder> {
        let mut refusals = Vec::new();
        let mut least: Option<(usize, Met)> = None;
        for builder in self.ranked(&wanted.key).await {
            let name = builder.endpoint.to_string();
            let met = match meet(builder, wanted).await {
                Ok(met) => met,
                Err(refusal) => {
                    refusals.push((name, refusal));
                    continue;
                }
            };
            match met.is_busy().await {
                None => return Ok(met),
                Some(active) if least.as_ref().is_none_or(|(least, _)| active < *least) => {
                    least = Some((active, met));
                }
                Some(_) => {}
            }
        }
        match least {
            Some((_, met)) => Ok(met),
            None => Err(NoBuilder { refusals }),
        }
    }

    /// Every daemon that stands behind an address, in the order in which they are asked.
    async fn ranked(&self, key: &BuildKey) -> Vec<Builder> {
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
        ranked(all, key)
    }
}

/// Meets a builder, if it is one that is wanted.
async fn meet(builder: Builder, wanted: &Wanted) -> Result<Met, Refusal> {
    if wanted.lost.contains(&builder.endpoint.to_string()) {
        return Err(Refusal::Lost);
    }
    if wanted.has_secrets && !builder.may_know_secrets() {
        return Err(Refusal::Unverified);
    }
    let met = Met::with(builder).await?;
    let lacking = met.lacks(&wanted.platforms, wanted.is_emulated);
    if lacking.is_empty() {
        return Ok(met);
    }
    Err(Refusal::Platform {
        is_emulated: met.lacks(&lacking, true).is_empty(),
        has: met.native().cloned().collect(),
        wanted: lacking,
    })
}

impl fmt::Display for NoBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusals.as_slice() {
            [(name, refusal)] => {
                write!(
                    f,
                    "the builder `{}` cannot be used: {}",
                    shown(name),
                    refusal.reason()
                )
            }
            refusals => {
                f.write_str("no builder can be used")?;
                for (name, refusal) in refusals {
                    write!(f, "\n`{}`: {}", shown(name), refusal.reason())?;
                }
                Ok(())
            }
        }
    }
}

impl Error for NoBuilder {}
