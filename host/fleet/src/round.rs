//! A round: builders are asked in their order until a build has what it needs, and each of them is met once, whatever it is asked for.
//!
//! Reads and writes: through those that are met. Unknown here: whether another round follows.

use std::slice;

use crate::builder::Builder;
use crate::met::Met;
use crate::no_builder::NoBuilder;
use crate::refusal::Refusal;
use crate::wanted::Wanted;

/// Builders that are asked for a build.
pub(crate) struct Round<'of> {
    wanted: &'of Wanted,
    candidates: Vec<Candidate>,
}

/// A builder, and the platforms for which it is taken.
pub(crate) type Shares = Vec<(Met, Vec<String>)>;

/// A builder that may be taken.
struct Candidate {
    name: String,
    standing: Standing,
}

/// What is known of it.
enum Standing {
    /// Nothing yet.
    Unasked(Builder),
    /// It answers; and how much it has to do, if that is as much as it may have.
    Well(Met, Option<usize>),
    Refused(Refusal),
}

impl<'of> Round<'of> {
    /// A round over these, in their order. Those that were met in an earlier one are not met again while they are there.
    pub(crate) async fn over(
        builders: Vec<Builder>,
        mut met: Vec<Met>,
        wanted: &'of Wanted,
    ) -> Self {
        let mut candidates = Vec::new();
        for builder in builders {
            let name = builder.endpoint.to_string();
            let known = met.iter().position(|met| met.builder == builder);
            let standing = match known.map(|known| met.swap_remove(known)) {
                Some(met) if met.is_there().await => Standing::of(met).await,
                _ => Standing::Unasked(builder),
            };
            candidates.push(Candidate { name, standing });
        }
        Self { wanted, candidates }
    }

    /// Takes a builder for all platforms; if none has all of them, one for each.
    ///
    /// # Errors
    /// Why there is none, of the first platform that nobody has; and those that were met.
    pub(crate) async fn shares(mut self) -> Result<Shares, (NoBuilder, Vec<Met>)> {
        let platforms = &self.wanted.platforms;
        if let Some(index) = self.find(platforms).await {
            return Ok(self.taken(vec![(index, platforms.clone())]));
        }
        if platforms.len() < 2 {
            return Err(self.none(platforms));
        }
        let mut shares: Vec<(usize, Vec<String>)> = Vec::new();
        for platform in platforms {
            let Some(index) = self.find(slice::from_ref(platform)).await else {
                return Err(self.none(slice::from_ref(platform)));
            };
            match shares.iter_mut().find(|(taken, _)| *taken == index) {
                Some((_, platforms)) => platforms.push(platform.clone()),
                None => shares.push((index, vec![platform.clone()])),
            }
        }
        Ok(self.taken(shares))
    }

    /// The first that has these platforms and is not busy; if all that have them are busy, the one that has least to do.
    async fn find(&mut self, platforms: &[String]) -> Option<usize> {
        let mut least: Option<(usize, usize)> = None;
        for (index, candidate) in self.candidates.iter_mut().enumerate() {
            candidate.standing.ask(&candidate.name, self.wanted).await;
            let Standing::Well(met, load) = &candidate.standing else {
                continue;
            };
            if !met.lacks(platforms, self.wanted.is_emulated).is_empty() {
                continue;
            }
            match load {
                None => return Some(index),
                Some(active) if least.is_none_or(|(least, _)| *active < least) => {
                    least = Some((*active, index));
                }
                Some(_) => {}
            }
        }
        least.map(|(_, index)| index)
    }

    /// Those that are taken; all others are left.
    fn taken(self, shares: Vec<(usize, Vec<String>)>) -> Shares {
        let mut candidates: Vec<_> = self.candidates.into_iter().map(Some).collect();
        let share = |(index, platforms): (usize, _)| match candidates[index].take()?.standing {
            Standing::Well(met, _) => Some((met, platforms)),
            Standing::Unasked(_) | Standing::Refused(_) => None,
        };
        shares.into_iter().filter_map(share).collect()
    }

    /// Why none is taken for these platforms, after all were asked; and those that were met.
    fn none(self, platforms: &[String]) -> (NoBuilder, Vec<Met>) {
        let (mut refusals, mut all_met) = (Vec::new(), Vec::new());
        for Candidate { name, standing } in self.candidates {
            match standing {
                Standing::Refused(refusal) => refusals.push((name, refusal)),
                Standing::Well(met, _) => {
                    refusals.push((name, lacking(&met, platforms, self.wanted)));
                    all_met.push(met);
                }
                Standing::Unasked(_) => {}
            }
        }
        (NoBuilder { refusals }, all_met)
    }
}

impl Standing {
    /// That of a builder which was met.
    async fn of(met: Met) -> Self {
        let load = met.is_busy().await;
        Self::Well(met, load)
    }

    /// Asks a builder of that name, unless it was asked.
    async fn ask(&mut self, name: &str, wanted: &Wanted) {
        if let Self::Unasked(builder) = self {
            *self = match meet(builder.clone(), name, wanted).await {
                Ok(met) => Self::of(met).await,
                Err(refusal) => Self::Refused(refusal),
            };
        }
    }
}

/// Meets a builder, if it may be taken.
async fn meet(builder: Builder, name: &str, wanted: &Wanted) -> Result<Met, Refusal> {
    if let Some(reason) = wanted.lost.get(name).cloned() {
        return Err(Refusal::Lost { reason });
    }
    if wanted.has_secrets && !builder.may_know_secrets() {
        return Err(Refusal::Unverified);
    }
    Met::with(builder).await
}

/// The refusal of a builder that was met, and has not all of these platforms.
fn lacking(met: &Met, platforms: &[String], wanted: &Wanted) -> Refusal {
    let lacking = met.lacks(platforms, wanted.is_emulated);
    Refusal::Platform {
        is_emulated: met.lacks(&lacking, true).is_empty(),
        has: met.native().cloned().collect(),
        wanted: lacking,
    }
}
