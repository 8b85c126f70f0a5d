//! Usage: of the caches that steps mount, whether one is in use, after the daemon has measured each.
//!
//! A daemon that collects garbage, or is asked what its disk holds, holds each cache whose size it does not know while it measures it.
//! A step that mounts it at that moment, and shares it, does not wait: it gets an empty one in its place. So whoever has filled a cache
//! has it measured before the step that wants it.
//!
//! Reads: through the daemon. Writes: nothing. Source: BuildKit, `cache/manager.go` (`DiskUsage`, `get`), `cache/refs.go` (`commit`),
//! `solver/llbsolver/mounts`.

use bollard_buildkit_proto::moby::buildkit::v1::DiskUsageRequest;

use crate::client::{Client, ConnectError};

/// What is a cache that steps mount. While one is measured its record stands behind another, which has its description and not its type.
const CACHE_MOUNTS: [&str; 2] = ["type==exec.cachemount", r#"description~="^cached mount ""#];

/// How often in succession none may be in use. Of two who begin to measure a cache at once the one that comes second is told that it is
/// not in use, and does not wait for the first; it sees it when it asks again.
const ASKED: usize = 2;

impl Client {
    /// Has the daemon measure the caches that steps mount; whether any of them is in use then, by a step or by somebody else who measures.
    ///
    /// # Errors
    /// [`ConnectError::Info`].
    pub async fn measure_cache_mounts(&self) -> Result<bool, ConnectError> {
        for _ in 0..ASKED {
            let request = DiskUsageRequest {
                filter: CACHE_MOUNTS.map(str::to_owned).to_vec(),
                ..DiskUsageRequest::default()
            };
            match self.control().disk_usage(request).await {
                Ok(usage) if usage.get_ref().record.iter().any(|record| record.in_use) => {
                    return Ok(true);
                }
                Ok(_) => {}
                Err(status) => return Err(self.untold("what its caches hold", status).await),
            }
        }
        Ok(false)
    }
}
