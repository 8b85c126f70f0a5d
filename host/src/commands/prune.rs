//! `oci-image prune`: what goes of the daemon's root, and how much that was.

use oci_image::boundary::outside::shown;
use oci_image::progress::amount;
use oci_image::storage::{Freed, Pruning, Scope, StorageError};

use crate::cli::Prune;
use crate::commands::answer::{document, print};
use crate::commands::engine_place::EnginePlace;
use crate::commands::runtime::run_until_stopped;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::signals::Signals;

/// What is said where only blobs were asked about.
const LEFT_ALONE: &str = "the daemon's own cache is left to its garbage collection; `--keep`, `--older-than` and `--all` prune it too";

pub(super) fn run(
    asked: Prune,
    signals: &Signals,
    environment: &Environment,
) -> Result<(), Failure> {
    let scope = match (asked.all, asked.older_than, asked.keep) {
        (true, ..) => Scope::Everything,
        (false, None, None) => Scope::Usual,
        (false, age, size) => Scope::Beyond { age, size },
    };
    let EnginePlace { root, programs } = EnginePlace::of(asked.engine, None);
    let pruning = Pruning {
        root,
        scope,
        programs,
        withheld: environment.withheld(),
    };
    let freed = run_until_stopped(signals, async { pruning.run().await.map_err(failure) })?;
    if asked.json {
        return print(&document(&freed), signals);
    }
    print(&text(&freed, scope), signals)
}

/// That of a daemon is told as when it was to build: with its log, and what to do where it may not run.
fn failure(error: StorageError) -> Failure {
    match error {
        StorageError::Daemon(error) => Failure::Build(error.into()),
        error => Failure::Engine(Box::new(error)),
    }
}

fn text(freed: &Freed, scope: Scope) -> String {
    let (gone, left) = (amount::size(freed.freed), amount::size(freed.after));
    let mut text = format!("freed {gone}; `{}` has {left} now\n", shown(&freed.root));
    if scope == Scope::Usual {
        text.push_str(LEFT_ALONE);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_freed_is_told_and_what_was_left_alone() {
        let freed = Freed {
            root: "/r".into(),
            before: 3_000,
            after: 1_000,
            freed: 2_000,
        };

        assert_eq!(
            text(&freed, Scope::Everything),
            "freed 2.00kB; `/r` has 1.00kB now\n"
        );
        assert!(text(&freed, Scope::Usual).ends_with("prune it too\n"));
    }
}
