//! Two sides of a comparison, measured in turn.

use std::{env, num::NonZero, time::Duration};

use crate::{error::BenchError, measure::Sample};

/// The samples of both sides; as many of one as of the other, and at least one.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// `oci-image`.
    pub(crate) ours: Vec<Sample>,
    /// What it is measured against.
    pub(crate) theirs: Vec<Sample>,
}

/// What a case says of one pair: a row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    /// What both sides did.
    pub(crate) what: &'static str,
    /// Who the other side is.
    pub(crate) against: &'static str,
    /// The figures.
    pub(crate) pair: Pair,
    /// What we aim at.
    pub(crate) goal: Goal,
}

/// What is good enough.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// At most this many times what the other side takes.
    Ratio(f64),
    /// At most this long.
    Within(Duration),
}

impl Comparison {
    /// Whether the goal is reached.
    pub(crate) fn is_met(&self) -> bool {
        match self.goal {
            Goal::Ratio(most) => self.pair.ratio() <= most,
            Goal::Within(most) => median_wall(&self.pair.ours) <= most,
        }
    }
}

impl Pair {
    /// Measures `rounds` times, or as often as `ROUNDS` says; ours first in each round.
    pub(crate) fn in_turn(
        rounds: usize,
        mut ours: impl FnMut() -> Result<Sample, BenchError>,
        mut theirs: impl FnMut() -> Result<Sample, BenchError>,
    ) -> Result<Self, BenchError> {
        let asked = env::var("ROUNDS").ok().and_then(|text| text.parse().ok());
        let rounds = asked.map_or(rounds, NonZero::get);
        let mut pair = Self {
            ours: Vec::with_capacity(rounds),
            theirs: Vec::with_capacity(rounds),
        };
        for _ in 0..rounds {
            pair.ours.push(ours()?);
            pair.theirs.push(theirs()?);
        }
        Ok(pair)
    }

    /// A row of the table: what both sides did, who the other one is, and how many times what that takes ours may take at most.
    pub(crate) fn row(self, what: &'static str, against: &'static str, most: f64) -> Comparison {
        Comparison {
            what,
            against,
            pair: self,
            goal: Goal::Ratio(most),
        }
    }

    /// Median time of ours, divided by that of theirs.
    pub(crate) fn ratio(&self) -> f64 {
        median_wall(&self.ours).as_secs_f64() / median_wall(&self.theirs).as_secs_f64()
    }

    /// The same pair with the median of another subtracted from every time: what is left when both sides' fixed costs go.
    /// Memory is left out.
    pub(crate) fn less(&self, fixed: &Self) -> Self {
        Self {
            ours: less(&self.ours, median_wall(&fixed.ours)),
            theirs: less(&self.theirs, median_wall(&fixed.theirs)),
        }
    }
}

/// The median of the times; of an even number, the higher of the two in the middle.
pub(crate) fn median_wall(samples: &[Sample]) -> Duration {
    let mut walls: Vec<Duration> = samples.iter().map(|sample| sample.wall).collect();
    walls.sort_unstable();
    walls[walls.len() / 2]
}

/// The highest peak of all.
pub(crate) fn highest_peak(samples: &[Sample]) -> u64 {
    samples.iter().map(|sample| sample.peak).max().unwrap_or(0)
}

fn less(samples: &[Sample], fixed: Duration) -> Vec<Sample> {
    samples
        .iter()
        .map(|sample| Sample {
            wall: sample.wall.saturating_sub(fixed),
            peak: 0, // memory is not a sum of what was done after what
            ..*sample
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(milliseconds: u64) -> Sample {
        Sample {
            wall: Duration::from_millis(milliseconds),
            cpu: Duration::ZERO,
            peak: milliseconds,
        }
    }

    #[test]
    fn ratio_is_of_medians_so_that_one_outlier_does_not_count() {
        let pair = Pair {
            ours: vec![took(10), took(9000), took(12)],
            theirs: vec![took(24), took(20), took(30)],
        };

        assert!((pair.ratio() - 0.5).abs() < 1e-9);
        assert_eq!(highest_peak(&pair.ours), 9000);
    }

    #[test]
    fn sides_are_measured_in_turn() {
        let order = std::cell::RefCell::new(String::new());
        let side = |name| {
            let order = &order;
            move || {
                order.borrow_mut().push(name);
                Ok(took(1))
            }
        };

        Pair::in_turn(3, side('a'), side('b')).unwrap();

        assert_eq!(order.into_inner(), "ababab");
    }

    #[test]
    fn fixed_costs_are_subtracted_from_each_side() {
        let whole = Pair {
            ours: vec![took(500)],
            theirs: vec![took(1000)],
        };
        let fixed = Pair {
            ours: vec![took(400)],
            theirs: vec![took(600)],
        };

        assert!((whole.less(&fixed).ratio() - 0.25).abs() < 1e-9);
    }
}
