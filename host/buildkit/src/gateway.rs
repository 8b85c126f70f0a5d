//! The gateway: a client in the place of a solve's frontend, which asks another frontend in its own name.
//!
//! A solve that names no frontend waits until a client has returned a result for it, and meanwhile answers what a frontend may ask.
//! What a frontend says beside a result (its metadata) comes to a client in no other way.
//!
//! Reads and writes: the daemon's socket. Unknown here: what is asked.
//! Source: BuildKit, `frontend/gateway`, `control/gateway`: how a call names its solve, and how long it waits for one.

use std::collections::HashMap;

use bollard_buildkit_proto::google::rpc;
use bollard_buildkit_proto::moby::buildkit::v1::frontend::llb_bridge_client::LlbBridgeClient;
use bollard_buildkit_proto::moby::buildkit::v1::frontend::{
    PingRequest, Result as FrontendResult, ReturnRequest, SolveRequest,
};
use prost::Message;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::session::MESSAGE_LIMIT;

/// Names the solve that a call belongs to.
const SOLVE_KEY: &str = "buildkit-controlapi-buildid";

/// How often it is waited for a solve. The daemon answers at once while it has no connection, and after three seconds while it has not
/// read the solve, which a busy one does not.
const MOST_WAITS: usize = 10;

/// What a frontend says beside a result.
pub(crate) type Metadata = HashMap<String, Vec<u8>>;

/// A client in the place of the frontend of one solve.
pub(crate) struct Gateway {
    bridge: LlbBridgeClient<Channel>,
    solve: AsciiMetadataValue,
}

impl Gateway {
    /// That of the solve of this name; `None` if the name is none that a call can carry.
    pub(crate) fn new(channel: Channel, solve: &str) -> Option<Self> {
        let bridge = LlbBridgeClient::new(channel).max_decoding_message_size(MESSAGE_LIMIT);
        let solve = solve.parse().ok()?;
        Some(Self { bridge, solve })
    }

    /// Waits until the daemon has the solve.
    ///
    /// # Errors
    /// What the daemon answers if it has none by then.
    pub(crate) async fn ready(&mut self) -> Result<(), Box<Status>> {
        let mut waits = MOST_WAITS;
        loop {
            let request = self.call(PingRequest {});
            match self.bridge.ping(request).await {
                Ok(_) => return Ok(()),
                Err(status) if waits == 0 => return Err(Box::new(status)),
                Err(_) => waits -= 1,
            }
        }
    }

    /// Has a frontend solve, and ends the solve with what that comes to. `None` if it fails: the solve fails with the same then, and
    /// says more of it.
    pub(crate) async fn ask(&mut self, asked: SolveRequest) -> Option<Metadata> {
        let request = self.call(asked);
        let answered = self.bridge.solve(request).await;
        let answered = answered.map(|answer| answer.into_inner().result.unwrap_or_default());
        let (metadata, returned) = match answered {
            Ok(result) => (Some(result.metadata), returned(None)),
            Err(status) => (None, returned(Some(status))),
        };
        let request = self.call(returned);
        // The solve itself says what has become of it.
        let _ = self.bridge.r#return(request).await;
        metadata
    }

    fn call<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert(SOLVE_KEY, self.solve.clone());
        request
    }
}

/// A result with nothing in it, or a failure with all that is known of it.
fn returned(failed: Option<Status>) -> ReturnRequest {
    let error = failed.map(|status| {
        let whole = rpc::Status::decode(status.details()).ok();
        let whole = whole.filter(|whole| !whole.details.is_empty());
        whole.unwrap_or_else(|| rpc::Status {
            code: status.code() as i32,
            message: status.message().to_owned(),
            details: Vec::new(),
        })
    });
    ReturnRequest {
        result: error.is_none().then(FrontendResult::default),
        error,
    }
}
