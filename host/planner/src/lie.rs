//! A lie: what a planner planned although nobody asked for it, or left out although somebody did.
//!
//! Reads and writes: nothing. Unknown here: what was asked for (`asked`, `asked_config`).

use std::collections::{BTreeMap, BTreeSet};

use oci_image_boundary::outside::shown;
use serde::de::Error as _;

/// The planner planned something else than what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum LyingPlanner {
    /// Something stands in the plan that does not stand in the object.
    #[error("the planner lies: the object asks for no {what} {}", brief(value))]
    Unasked {
        /// What it is.
        what: &'static str,
        /// As the plan has it.
        value: String,
    },
    /// Something that must be unique is not.
    #[error("the planner lies: the plan has two of the {what} {}", brief(value))]
    Repeated {
        /// What it is.
        what: &'static str,
        /// As the plan has it.
        value: String,
    },
    /// Something that the object asks for is not in the plan.
    #[error(
        "the planner lies: the object asks for the {what} {}, and the plan has none",
        brief(value)
    )]
    Missing {
        /// What it is.
        what: &'static str,
        /// As the object has it.
        value: String,
    },
    /// What the object lists comes in another order.
    #[error("the planner lies: the plan has the {what}s in another order than the object")]
    Order {
        /// What each of them is.
        what: &'static str,
    },
    /// A file is planned from whose text was not asked for, or from which nothing can be planned.
    #[error(
        "the planner lies: nothing can be planned from the file {}",
        brief(path)
    )]
    Unread {
        /// As the object names it.
        path: String,
    },
    /// An answer is given about an object that is none.
    #[error("the planner lies: the object is not sound")]
    Object(#[source] serde_json::Error),
    /// The last solve is not that of the image.
    #[error("the planner lies: the plan does not end with the solve `image`")]
    NoImage,
    /// The daemon's configuration is no TOML.
    #[error("the planner's configuration of the daemon is not TOML")]
    Config(#[source] Box<toml::de::Error>),
    /// The daemon's configuration has a setting that does not stand in the object so, or lacks one that does.
    #[error("the planner lies: the object does not set `{setting}` of the daemon so", setting = shown(setting))]
    Setting {
        /// The setting's keys, with dots between.
        setting: String,
    },
}

impl LyingPlanner {
    /// What an object says that cannot be read.
    pub(super) fn unsound(error: &serde_json::Error) -> Self {
        Self::Object(serde_json::Error::custom(error))
    }
}

/// What is there although nobody asked for it, or is not although somebody did.
pub(super) fn differs(is_there: bool, what: &'static str, value: &str) -> LyingPlanner {
    if is_there {
        unasked(what, value)
    } else {
        missing(what, value)
    }
}

/// What nobody asked for.
pub(super) fn unasked(what: &'static str, value: &str) -> LyingPlanner {
    LyingPlanner::Unasked {
        what,
        value: value.to_owned(),
    }
}

/// What is not there.
pub(super) fn missing(what: &'static str, value: &str) -> LyingPlanner {
    LyingPlanner::Missing {
        what,
        value: value.to_owned(),
    }
}

/// Whether a list is the one that was asked for. `name` tells its elements apart.
pub(super) fn all_are<T: PartialEq>(
    what: &'static str,
    planned: &[T],
    asked: &[T],
    name: impl Fn(&T) -> String,
) -> Result<(), LyingPlanner> {
    if planned == asked {
        return Ok(());
    }
    let mut left: BTreeMap<String, &T> = asked.iter().map(|one| (name(one), one)).collect();
    let mut seen = BTreeSet::new();
    for one in planned {
        let value = name(one);
        if seen.contains(&value) {
            return Err(LyingPlanner::Repeated { what, value });
        }
        if left.remove(&value) != Some(one) {
            return Err(LyingPlanner::Unasked { what, value });
        }
        seen.insert(value);
    }
    match left.into_keys().next() {
        Some(value) => Err(LyingPlanner::Missing { what, value }),
        None => Err(LyingPlanner::Order { what }),
    }
}

/// The planner's own text within a message, of which the beginning is enough.
fn brief(value: &str) -> String {
    const BRIEF: usize = 80;
    let text: String = value.chars().take(BRIEF).collect();
    format!("`{}`", shown(&text))
}
