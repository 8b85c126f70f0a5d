//! What a daemon says of itself: who it is, on which platforms it runs steps, how much it has to do.
//!
//! Reads and writes: nothing itself. Unknown here: what is made of it.
//! Source: BuildKit, `api/services/control/control.proto` (`Info`, `ListWorkers`, `ListenBuildHistory`).

use bollard_buildkit_proto::moby::buildkit::v1::{
    BuildHistoryEventType, BuildHistoryRequest, InfoRequest, ListWorkersRequest,
};
use bollard_buildkit_proto::pb;
use tonic::Status;

use crate::client::{Client, ConnectError};

/// Who the daemon says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// BuildKit's version, as it writes it: `v1.2.3`.
    pub version: String,
    /// The commit it was built from.
    pub revision: String,
}

/// What runs steps in a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its platforms, as requests name them, `linux/arm64`: first its own, then those that it emulates.
    pub platforms: Vec<String>,
}

impl Client {
    /// Asks the daemon who it is.
    ///
    /// # Errors
    /// [`ConnectError::Info`].
    pub async fn info(&self) -> Result<Info, ConnectError> {
        let response = self.control().info(InfoRequest {}).await;
        let response = match response {
            Ok(response) => response.into_inner(),
            Err(status) => return Err(self.untold("its version", status).await),
        };
        let version = response.buildkit_version.unwrap_or_default();
        Ok(Info {
            version: version.version,
            revision: version.revision,
        })
    }

    /// Asks the daemon for its workers. It uses the first.
    ///
    /// # Errors
    /// [`ConnectError::Info`].
    pub async fn workers(&self) -> Result<Vec<Worker>, ConnectError> {
        let response = self
            .control()
            .list_workers(ListWorkersRequest::default())
            .await;
        let response = match response {
            Ok(response) => response.into_inner(),
            Err(status) => return Err(self.untold("its workers", status).await),
        };
        let records = response.record.into_iter();
        let worker = |platforms: Vec<pb::Platform>| Worker {
            platforms: platforms.iter().map(platform).collect(),
        };
        Ok(records.map(|record| worker(record.platforms)).collect())
    }

    /// How many solves are under way in the daemon, whoever asked for them.
    ///
    /// # Errors
    /// [`ConnectError::Info`]: a daemon may keep no history of its builds.
    pub async fn active_solves(&self) -> Result<usize, ConnectError> {
        match self.count_active().await {
            Ok(active) => Ok(active),
            Err(status) => Err(self.untold("what it builds", status).await),
        }
    }

    async fn count_active(&self) -> Result<usize, Status> {
        let request = BuildHistoryRequest {
            active_only: true,
            early_exit: true,
            ..BuildHistoryRequest::default()
        };
        let mut events = (self.control().listen_build_history(request).await?).into_inner();
        let mut active = 0;
        while let Some(event) = events.message().await? {
            active += usize::from(event.r#type() == BuildHistoryEventType::Started);
        }
        Ok(active)
    }

    pub(crate) async fn untold(&self, what: &'static str, status: Status) -> ConnectError {
        ConnectError::Info {
            what,
            said: self.last_words().await,
            source: Box::new(status),
        }
    }
}

fn platform(platform: &pb::Platform) -> String {
    let pb::Platform {
        os,
        architecture,
        variant,
        ..
    } = platform;
    match variant.as_str() {
        "" => format!("{os}/{architecture}"),
        variant => format!("{os}/{architecture}/{variant}"),
    }
}
