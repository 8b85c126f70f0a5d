//! What is compared, a module a case. A new case is a module and a line in [`ALL`].
//!
//! - [`info`]: `oci-image` without arguments.
//! - [`validate`]: `oci-image validate`, of one request and of many.
//! - [`pathological`]: the same of requests that are large in one way.
//! - [`trivial`]: a build with next to nothing in it: what the daemon's start and stop cost.
//! - [`resync`]: a context of many small files that the daemon has already.
//! - [`first_sync`]: a context of 1 GiB that the daemon has not.
//! - [`targets`]: three targets of one Dockerfile.
//! - [`rootfs`]: the root filesystem of an image of 300 MB.
//! - [`preload`]: a base image of 1 GB from a file.

mod first_sync;
mod info;
mod pathological;
mod preload;
mod resync;
mod rootfs;
mod targets;
mod trivial;
mod validate;

use crate::{error::BenchError, pair::Comparison, setting::Setting};

/// Something to measure.
pub(crate) struct Case {
    /// What selects it: `make bench ONLY=NAME`.
    pub(crate) name: &'static str,
    /// Measures it.
    pub(crate) run: fn(&Setting) -> Result<Vec<Comparison>, BenchError>,
}

/// Every case, the quick ones first.
pub(crate) const ALL: &[Case] = &[
    Case {
        name: "info",
        run: info::run,
    },
    Case {
        name: "validate",
        run: validate::run,
    },
    Case {
        name: "pathological",
        run: pathological::run,
    },
    Case {
        name: "trivial",
        run: trivial::run,
    },
    Case {
        name: "resync",
        run: resync::run,
    },
    Case {
        name: "first-sync",
        run: first_sync::run,
    },
    Case {
        name: "targets",
        run: targets::run,
    },
    Case {
        name: "rootfs",
        run: rootfs::run,
    },
    Case {
        name: "preload",
        run: preload::run,
    },
];

/// Who the other side of a build is.
const BY_HAND: &str = "`buildkitd` + `buildctl`";

/// The names of all cases, for people.
pub(crate) fn names() -> String {
    ALL.iter()
        .map(|case| case.name)
        .collect::<Vec<_>>()
        .join(" ")
}
