//! A layer cache that could not be written, and what a person may do about it.
//!
//! Reads, writes: nothing. Unknown here: which cache it was, of several of one type.
//! Source: BuildKit, `cache/remotecache` (names of steps), `control` (what an exporter is made of).

use super::registry::says_refused;

/// How the steps are named that write caches, and the one that writes that of the program itself.
const STEP: &str = "exporting cache to ";
const OWN_STEP: &str = "exporting cache to client directory";
/// How the daemon says that it cannot begin.
const SETTINGS: (&str, &str) = ("failed to configure ", " cache exporter: ");

/// Why a layer cache could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CacheFailure {
    /// It was not taken.
    Writing { reason: String },
    /// What the daemon was told of it is not enough, or wrong.
    Settings { kind: String, reason: String },
}

impl CacheFailure {
    /// Whether a step of this name writes one.
    pub(super) fn is_of(step: &str) -> bool {
        step.starts_with(STEP) && step != OWN_STEP
    }

    /// What a message says of one that the daemon could not begin with.
    pub(super) fn of_settings(message: &str) -> Option<Self> {
        let (_, found) = message.split_once(SETTINGS.0)?;
        let (kind, reason) = found.split_once(SETTINGS.1)?;
        Some(Self::Settings {
            kind: kind.to_owned(),
            reason: reason.to_owned(),
        })
    }

    pub(super) fn headline(&self) -> String {
        match self {
            Self::Writing { reason } => format!("cannot write the layer cache: {reason}"),
            Self::Settings { kind, reason } => {
                format!("cannot write the layer cache of the type `{kind}`: {reason}")
            }
        }
    }

    pub(super) fn hint(&self) -> String {
        match self {
            Self::Writing { reason } if says_refused(&reason.to_lowercase()) => format!(
                "it wants a login that may write there (of a registry, in Docker's `config.json`); {IGNORING}"
            ),
            Self::Writing { .. } => {
                format!(
                    "the steps are built, and whoever keeps the cache did not take it; {IGNORING}"
                )
            }
            Self::Settings { .. } => {
                "check its attributes in `cache_to` (in a task: `CACHE_TO`), and what logs in to it"
                    .to_owned()
            }
        }
    }
}

/// What makes it no failure.
const IGNORING: &str =
    "with `ignore-error=true` in `cache_to` (in a task: `CACHE_TO`) it ends no build";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_write_caches_are_known_but_for_the_own_one() {
        for (name, expected) in [
            ("exporting cache to registry", true),
            ("exporting cache to Amazon S3", true),
            ("exporting cache to client directory", false),
            ("exporting to oci image format", false),
        ] {
            assert_eq!(CacheFailure::is_of(name), expected, "{name}");
        }
    }

    #[test]
    fn what_was_wrong_with_its_settings_is_told_with_its_type() {
        let found = CacheFailure::of_settings(
            "failed to configure gha cache exporter: token not set for github actions cache",
        );

        assert_eq!(
            found.unwrap().headline(),
            "cannot write the layer cache of the type `gha`: token not set for github actions cache"
        );
        assert_eq!(CacheFailure::of_settings("failed to configure gha"), None);
    }
}
