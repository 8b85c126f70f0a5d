//! What became of a cache of `RUN --mount=type=cache` before or after a build, and how a person is told.
//!
//! Reads and writes: nothing. Unknown here: how it is carried.

use std::time::Duration;

use crate::boundary::outside::shown;
use crate::mounts::Amount;
use crate::progress::amount;

/// A cache, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its id, as the Dockerfile has it: that of the mount, or else its target.
    pub id: String,
    /// What became of it.
    pub kept: Kept,
    /// How long that took.
    pub elapsed: Duration,
}

/// What became of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It holds what was kept of it.
    Restored(Amount),
    /// The daemon has it from an earlier build.
    InDaemon,
    /// What it held at the end is kept now.
    Saved {
        /// How much it held.
        amount: Amount,
        /// How many bytes its archive has.
        size: u64,
    },
    /// It held at the end what was kept already.
    Unchanged(Amount),
    /// At the end the daemon had another one, with less in it than what is kept, which stays.
    Missed(Amount),
    /// It is larger than all caches may be together: so many bytes at least.
    LeftOut {
        /// How many.
        size: u64,
    },
    /// It holds nothing at the end.
    Empty,
}

impl Carried {
    pub(super) fn new(id: String, kept: Kept, elapsed: Duration) -> Self {
        Self { id, kept, elapsed }
    }
}

/// What a person is told of it: a notice, or a warning.
pub(super) fn told(carried: &Carried, limit: u64) -> Result<String, String> {
    let (id, time) = (shown(&carried.id), amount::seconds(carried.elapsed));
    let held = |held: Amount| {
        format!(
            "{} in {}",
            amount::size(held.bytes),
            entries_of(held.entries)
        )
    };
    Ok(match carried.kept {
        Kept::Restored(amount) => format!("cache `{id}` is restored: {}, in {time}", held(amount)),
        Kept::InDaemon => format!("cache `{id}` is still in the daemon"),
        Kept::Saved { amount, size } => {
            let size = amount::size(size);
            format!(
                "cache `{id}` is kept for the next build: {}, as {size}, in {time}",
                held(amount)
            )
        }
        Kept::Unchanged(amount) => format!("cache `{id}` has not changed: {}", held(amount)),
        Kept::Empty => format!("cache `{id}` holds nothing that could be kept"),
        Kept::Missed(amount) => {
            return Err(format!(
                "cache `{id}` is not kept: the daemon gave steps another one, which holds {}, because the one that it was to be was in \
                 use or removed; what was kept before stays for the next build",
                held(amount)
            ));
        }
        Kept::LeftOut { size } => {
            return Err(format!(
                "cache `{id}` is not kept: it takes {} at least, and all of them may take {}; `cache_mounts_limit` says how much",
                amount::size(size),
                amount::size(limit)
            ));
        }
    })
}

fn entries_of(count: u64) -> String {
    match count {
        1 => "1 entry".to_owned(),
        _ => format!("{count} entries"),
    }
}
