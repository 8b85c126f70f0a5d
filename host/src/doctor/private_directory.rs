//! The private directory of a daemon, with its sockets: where it would be made.
//!
//! Reads and writes: through the daemon's own look for it.

use std::path::PathBuf;

use crate::boundary::chain::chain;
use crate::boundary::outside::shown;
use crate::daemon::DaemonError;
use crate::doctor::finding::Finding;

const TOPIC: &str = "private_directory";

pub(super) fn look(place: &Result<PathBuf, DaemonError>) -> Finding {
    match place {
        Ok(place) => Finding::fine(TOPIC, format!("can be made in `{}`", shown(place)))
            .fact("parent", place.to_string_lossy()),
        Err(error) => Finding::fault(TOPIC, chain(error))
            .with_remedy("let `TMPDIR` name a directory of your own, with a short path"),
    }
}
