//! Prune: what a daemon's cache loses that nobody uses at the moment.
//!
//! Reads and writes: through the daemon. Source: BuildKit, `control.Controller.Prune`, `cache/manager.go`.

use std::time::{Duration, SystemTime};

use bollard_buildkit_proto::moby::buildkit::v1::{DiskUsageRequest, PruneRequest, UsageRecord};

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
        let mut request = PruneRequest::from(prune);
        if let Prune::Unused(time) = prune {
            request.filter.extend(self.not_yet_used(time).await?);
        }
        let mut records = self.control().prune(request).await?.into_inner();
        let mut pruned = Pruned::default();
        while let Some(record) = records.message().await? {
            pruned.records += 1;
            pruned.bytes += u64::try_from(record.size).unwrap_or(0);
        }
        Ok(pruned)
    }

    /// A filter that passes over what is not that old and was not used since it was made, such as a context: by itself the daemon
    /// takes it for something of no age.
    async fn not_yet_used(&self, time: Duration) -> Result<Option<String>, PruneError> {
        let request = DiskUsageRequest::default();
        let usage = self.control().disk_usage(request).await?;
        let records = usage.into_inner().record;
        let since = SystemTime::now().checked_sub(time);
        Ok(without_new(
            &records,
            since.unwrap_or(SystemTime::UNIX_EPOCH),
        ))
    }
}

/// A filter without the records that were made since and never used. Commas are conjunctions (containerd, `filters`).
fn without_new(records: &[UsageRecord], since: SystemTime) -> Option<String> {
    let since = since.duration_since(SystemTime::UNIX_EPOCH);
    let since = since.unwrap_or_default().as_secs();
    let is_new = |record: &&UsageRecord| {
        let made = record.created_at.as_ref().map_or(0, |made| made.seconds);
        record.last_used_at.is_none() && u64::try_from(made).is_ok_and(|made| made > since)
    };
    let new = records.iter().filter(is_new);
    let passed_over: Vec<String> = new.map(|record| format!("id!={}", record.id)).collect();
    (!passed_over.is_empty()).then(|| passed_over.join(","))
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
    use bollard_buildkit_proto::google::protobuf::Timestamp;

    use super::*;

    #[test]
    fn what_is_new_and_was_never_used_is_passed_over() {
        let record = |id: &str, made: i64, used: Option<i64>| {
            let at = |seconds| Timestamp { seconds, nanos: 0 };
            UsageRecord {
                id: id.to_owned(),
                created_at: Some(at(made)),
                last_used_at: used.map(at),
                ..UsageRecord::default()
            }
        };
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(100);

        let records = [record("old", 50, None), record("used", 200, Some(300))];
        assert_eq!(without_new(&records, since), None);
        let records = [
            record("a", 200, None),
            record("b", 50, None),
            record("c", 101, None),
        ];
        assert_eq!(without_new(&records, since).as_deref(), Some("id!=a,id!=c"));
    }

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
