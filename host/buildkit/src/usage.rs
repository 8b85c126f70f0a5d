//! Usage: of the caches that steps mount, whether one is in use, after the daemon has measured each.
//!
//! A daemon that collects garbage, or is asked what its disk holds, holds each cache whose size it does not know while it measures it.
//! A step that mounts it at that moment, and shares it, does not wait: it gets an empty one in its place. So whoever has filled a cache
//! has it measured before the step that wants it.
//!
//! Reads: through the daemon. Writes: nothing. Source: BuildKit, `cache/manager.go` (`DiskUsage`), `solver/llbsolver/mounts`.

use bollard_buildkit_proto::moby::buildkit::v1::DiskUsageRequest;

use crate::client::{Client, ConnectError};

/// What is a cache that steps mount.
const CACHE_MOUNTS: &str = "type==exec.cachemount";

impl Client {
    /// Has the daemon measure the caches that steps mount; whether any of them is in use, for that or for a step.
    ///
    /// # Errors
    /// [`ConnectError::Info`].
    pub async fn measure_cache_mounts(&self) -> Result<bool, ConnectError> {
        let request = DiskUsageRequest {
            filter: vec![CACHE_MOUNTS.to_owned()],
            ..DiskUsageRequest::default()
        };
        match self.control().disk_usage(request).await {
            Ok(usage) => Ok(usage.into_inner().record.iter().any(|record| record.in_use)),
            Err(status) => Err(self.untold("what its caches hold", status).await),
        }
    }
}
