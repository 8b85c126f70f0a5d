//! Prune: what a daemon's cache loses that nobody uses at the moment.
//!
//! Reads and writes: through the daemon. Source: BuildKit, `control.Controller.Prune`, `cache/manager.go`.

use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::PruneRequest;

use crate::client::Client;

/// What goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    /// All of it.
    Everything,
    /// What was not used for so long.
    Unused(Duration),
    /// What was used least lately, until the rest has at most so many bytes.
    Beyond(u64),
}

/// What went, as the daemon counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many results of steps, contexts and blobs.
    pub records: u64,
    /// How large they were together.
    pub bytes: u64,
}

/// Why a daemon does not prune.
#[derive(Debug, thiserror::Error)]
#[error("the daemon does not prune its cache")]
pub struct PruneError {
    /// What it answered.
    source: Box<tonic::Status>,
}

impl From<tonic::Status> for PruneError {
    fn from(status: tonic::Status) -> Self {
        let source = Box::new(status);
        Self { source }
    }
}

impl Client {
    /// Removes a part of the daemon's cache, and returns when it is gone.
    ///
    /// # Errors
    /// [`PruneError`]; some of it may be gone then.
    pub async fn prune(&self, prune: Prune) -> Result<Pruned, PruneError> {
        let request = PruneRequest::from(prune);
        let mut records = self.control().prune(request).await?.into_inner();
        let mut pruned = Pruned::default();
        while let Some(record) = records.message().await? {
            pruned.records += 1;
            pruned.bytes += u64::try_from(record.size).unwrap_or(0);
        }
        Ok(pruned)
    }
}

impl From<Prune> for PruneRequest {
    fn from(prune: Prune) -> Self {
        let nothing_said = Self {
            // Without it contexts and what frontends left are passed over.
            all: true,
            ..Self::default()
        };
        match prune {
            Prune::Everything => nothing_said,
            Prune::Unused(time) => Self {
                // None at all would be no limit.
                keep_duration: i64::try_from(time.as_nanos()).unwrap_or(i64::MAX).max(1),
                ..nothing_said
            },
            Prune::Beyond(bytes) => Self {
                max_used_space: i64::try_from(bytes).unwrap_or(i64::MAX).max(1),
                ..nothing_said
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_nothing_is_a_limit() {
        let unused = PruneRequest::from(Prune::Unused(Duration::ZERO));
        let beyond = PruneRequest::from(Prune::Beyond(0));
        let everything = PruneRequest::from(Prune::Everything);

        assert_eq!((unused.keep_duration, unused.max_used_space), (1, 0));
        assert_eq!((beyond.keep_duration, beyond.max_used_space), (0, 1));
        assert_eq!(
            (everything.keep_duration, everything.max_used_space),
            (0, 0)
        );
        assert!(unused.all && beyond.all && everything.all);
    }
}
