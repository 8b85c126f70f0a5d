//! A lie: what a planner planned although nobody asked for it.
//!
//! Reads and writes: nothing. Unknown here: what was asked for (`checked_plan`, `checked_config`).

use crate::outside::shown;

/// The planner planned what nobody asked for.
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
    /// The last solve is not that of the image.
    #[error("the planner lies: the plan does not end with the solve `image`")]
    NoImage,
    /// The daemon's configuration is no TOML.
    #[error("the planner's configuration of the daemon is not TOML")]
    Config(#[source] Box<toml::de::Error>),
    /// The daemon's configuration has a setting that does not stand in the object.
    #[error("the planner lies: the object does not set `{setting}` of the daemon so", setting = shown(setting))]
    Setting {
        /// The setting's keys, with dots between.
        setting: String,
    },
}

/// The planner's own text within a message, of which the beginning is enough.
fn brief(value: &str) -> String {
    const BRIEF: usize = 80;
    let text: String = value.chars().take(BRIEF).collect();
    format!("`{}`", shown(&text))
}
