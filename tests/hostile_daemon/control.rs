//! `Control` as the program under test calls it: sessions are kept by their identity, and a scenario answers the rest.

use std::collections::HashMap;

use bollard_buildkit_proto::moby::buildkit::v1::types::{BuildkitVersion, WorkerRecord};
use bollard_buildkit_proto::moby::buildkit::v1::{
    BuildHistoryEvent, BuildHistoryRequest, BytesMessage, DiskUsageRequest, DiskUsageResponse,
    InfoRequest, InfoResponse, ListWorkersRequest, ListWorkersResponse, PruneRequest, SolveRequest,
    SolveResponse, StatusRequest, StatusResponse, UpdateBuildHistoryRequest,
    UpdateBuildHistoryResponse, UsageRecord, control_server,
};
use bollard_buildkit_proto::pb::Platform;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

use crate::scenario::{Manners, Scenario};
use crate::tunnel;
use crate::visit::Visit;

/// The daemon.
pub(crate) struct Hostile {
    scenario: &'static Scenario,
    sessions: Mutex<HashMap<String, Channel>>,
    opened: Notify,
    over: watch::Sender<bool>,
}

type Messages<T> = ReceiverStream<Result<T, Status>>;

impl Hostile {
    pub(crate) fn new(scenario: &'static Scenario) -> Self {
        Self {
            scenario,
            sessions: Mutex::default(),
            opened: Notify::new(),
            over: watch::Sender::new(false),
        }
    }

    async fn session_of(&self, identity: &str) -> Channel {
        loop {
            let opened = self.opened.notified();
            if let Some(channel) = self.sessions.lock().await.get(identity) {
                return channel.clone();
            }
            opened.await;
        }
    }
}

#[tonic::async_trait]
impl control_server::Control for Hostile {
    type PruneStream = Messages<UsageRecord>;
    type StatusStream = Messages<StatusResponse>;
    type SessionStream = Messages<BytesMessage>;
    type ListenBuildHistoryStream = Messages<BuildHistoryEvent>;

    async fn session(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        match self.scenario.manners {
            Manners::SilentSession => std::future::pending::<()>().await,
            Manners::NoSession => return Err(Status::internal("\u{1b}[2J no\n::error::session")),
            _ => {}
        }
        let identity = request.metadata().get("x-docker-expose-session-uuid");
        let identity = identity.and_then(|identity| identity.to_str().ok());
        let identity = identity.unwrap_or_default().to_owned();
        let (channel, outgoing) = tunnel::open(request.into_inner());
        self.sessions.lock().await.insert(identity, channel);
        self.opened.notify_waiters();
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }

    async fn solve(
        &self,
        request: Request<SolveRequest>,
    ) -> Result<Response<SolveResponse>, Status> {
        let request = request.into_inner();
        let session = self.session_of(&request.session).await;
        let answer = (self.scenario.solve)(Visit::new(session, request)).await;
        self.over.send_replace(true);
        answer.map(Response::new)
    }

    async fn status(
        &self,
        _: Request<StatusRequest>,
    ) -> Result<Response<Self::StatusStream>, Status> {
        let (reports, stream) = mpsc::channel(1);
        let mut over = self.over.subscribe();
        let reporting = (self.scenario.reports)(reports.clone());
        tokio::spawn(async move {
            reporting.await;
            // As a daemon does, the stream stays until the solve is over.
            tokio::select! {
                _ = over.wait_for(|over| *over) => {}
                () = reports.closed() => {}
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn info(&self, _: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
        Ok(Response::new(InfoResponse {
            buildkit_version: Some(BuildkitVersion {
                version: "v0.0.0".to_owned(),
                ..BuildkitVersion::default()
            }),
        }))
    }

    async fn list_workers(
        &self,
        _: Request<ListWorkersRequest>,
    ) -> Result<Response<ListWorkersResponse>, Status> {
        let platform = Platform {
            os: "linux".to_owned(),
            architecture: oci_image_tests::base::architecture().to_owned(),
            ..Platform::default()
        };
        let worker = WorkerRecord {
            platforms: vec![platform],
            ..WorkerRecord::default()
        };
        Ok(Response::new(ListWorkersResponse {
            record: vec![worker],
        }))
    }

    async fn disk_usage(
        &self,
        _: Request<DiskUsageRequest>,
    ) -> Result<Response<DiskUsageResponse>, Status> {
        Err(Status::unimplemented("no"))
    }

    async fn prune(&self, _: Request<PruneRequest>) -> Result<Response<Self::PruneStream>, Status> {
        Err(Status::unimplemented("no"))
    }

    async fn listen_build_history(
        &self,
        _: Request<BuildHistoryRequest>,
    ) -> Result<Response<Self::ListenBuildHistoryStream>, Status> {
        Err(Status::unimplemented("no"))
    }

    async fn update_build_history(
        &self,
        _: Request<UpdateBuildHistoryRequest>,
    ) -> Result<Response<UpdateBuildHistoryResponse>, Status> {
        Err(Status::unimplemented("no"))
    }
}
