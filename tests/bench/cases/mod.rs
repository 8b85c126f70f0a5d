//! What is compared, a module a case. A new case is a module and a line in [`ALL`].
//!
//! - [`info`]: `oci-image` without arguments.
//! - [`validate`]: `oci-image validate`, of one request and of many.
//! - [`pathological`]: the same of requests that are large in one way.
//! - [`planner`]: the planner by itself, in each of its hosts.
//! - [`trivial`]: a build with next to nothing in it: what the daemon's start and stop cost.
//! - [`logs`]: a step that prints a million lines.
//! - [`resync`]: a context of many small files that the daemon has already.
//! - [`far`]: the same on a builder that is far away.
//! - [`first_sync`]: a context of 1 GiB that the daemon has not.
//! - [`mounted`]: a context of many small files that a step mounts.
//! - [`checkout`]: the same of fresh checkouts.
//! - [`targets`]: three targets of one Dockerfile.
//! - [`rebuild`]: a small layer that has changed, above a large one.
//! - [`layer`]: a layer of 300 MB that the daemon has not: its archive and its root filesystem.
//! - [`cache`]: the cache of such a layer.
//! - [`cache_mounts`]: a cache of `RUN --mount=type=cache` that is restored and saved.
//! - [`rootfs`]: the root filesystem of an image of 300 MB.
//! - [`preload`]: a base image of 1 GB from a file, to its first byte.
//! - [`on_base`]: a build on such a base, in several forms.

mod cache;
mod cache_mounts;
mod checkout;
mod far;
mod first_sync;
mod info;
mod layer;
mod logs;
mod mounted;
mod on_base;
mod pathological;
mod planner;
mod preload;
mod rebuild;
mod resync;
mod rootfs;
mod targets;
mod trivial;
mod validate;

use crate::{
    error::BenchError,
    figure::{Figure, Row},
    pair::Comparison,
    setting::Setting,
};

/// Something to measure.
pub(crate) struct Case {
    /// What selects it: `make bench ONLY=NAME`.
    pub(crate) name: &'static str,
    /// Measures it.
    pub(crate) run: fn(&Setting) -> Result<Vec<Row>, BenchError>,
}

/// Every case, the quick ones first.
pub(crate) const ALL: &[Case] = &[
    Case {
        name: "info",
        run: |setting| info::run(setting).map(compared),
    },
    Case {
        name: "validate",
        run: |setting| validate::run(setting).map(compared),
    },
    Case {
        name: "pathological",
        run: |setting| pathological::run(setting).map(compared),
    },
    Case {
        name: "planner",
        run: |setting| planner::run(setting).map(alone),
    },
    Case {
        name: "trivial",
        run: |setting| trivial::run(setting).map(compared),
    },
    Case {
        name: "logs",
        run: |setting| logs::run(setting).map(compared),
    },
    Case {
        name: "resync",
        run: |setting| resync::run(setting).map(compared),
    },
    Case {
        name: "mounted",
        run: |setting| mounted::run(setting).map(compared),
    },
    Case {
        name: "checkout",
        run: |setting| checkout::run(setting).map(compared),
    },
    Case {
        name: "far",
        run: far::run,
    },
    Case {
        name: "first-sync",
        run: |setting| first_sync::run(setting).map(compared),
    },
    Case {
        name: "targets",
        run: |setting| targets::run(setting).map(compared),
    },
    Case {
        name: "rebuild",
        run: |setting| rebuild::run(setting).map(compared),
    },
    Case {
        name: "layer",
        run: |setting| layer::run(setting).map(compared),
    },
    Case {
        name: "cache",
        run: cache::run,
    },
    Case {
        name: "cache-mounts",
        run: |setting| cache_mounts::run(setting).map(compared),
    },
    Case {
        name: "rootfs",
        run: |setting| rootfs::run(setting).map(compared),
    },
    Case {
        name: "preload",
        run: |setting| preload::run(setting).map(compared),
    },
    Case {
        name: "on-base",
        run: |setting| on_base::run(setting).map(compared),
    },
];

fn compared(comparisons: Vec<Comparison>) -> Vec<Row> {
    comparisons.into_iter().map(Row::Compared).collect()
}

fn alone(figures: Vec<Figure>) -> Vec<Row> {
    figures.into_iter().map(Row::Alone).collect()
}

/// Who the other side of a build is.
const BY_HAND: &str = "`buildkitd` + `buildctl`";

/// The names of all cases, for people.
pub(crate) fn names() -> String {
    ALL.iter()
        .map(|case| case.name)
        .collect::<Vec<_>>()
        .join(" ")
}
