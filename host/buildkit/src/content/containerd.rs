//! containerd's Content service, as far as the daemon calls it: messages and server, written by hand.
//!
//! No published crate has the server without a protobuf compiler. Field numbers are the wire's and never change; a method
//! that is missing here answers `Unimplemented`.
//!
//! Reads and writes: nothing. Unknown here: stores (`content`).
//! Source: containerd API 1.11, `services/content/v1/content.proto`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bollard_buildkit_proto::google::protobuf::Timestamp;
use hyper::body::Incoming;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::session::MESSAGE_LIMIT;

/// The methods served.
pub(crate) const METHODS: &[&str] = &["Info", "Read", "Status", "Write", "Abort"];

/// A blob that is there. Its times (fields 3 and 4) are left out: nobody reads them.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct BlobInfo {
    #[prost(string, tag = "1")]
    pub digest: String,
    #[prost(int64, tag = "2")]
    pub size: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct InfoRequest {
    #[prost(string, tag = "1")]
    pub digest: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct InfoResponse {
    #[prost(message, optional, tag = "1")]
    pub info: Option<BlobInfo>,
}

/// A range of a blob; a size of 0 means to its end.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReadContentRequest {
    #[prost(string, tag = "1")]
    pub digest: String,
    #[prost(int64, tag = "2")]
    pub offset: i64,
    #[prost(int64, tag = "3")]
    pub size: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReadContentResponse {
    #[prost(int64, tag = "1")]
    pub offset: i64,
    #[prost(bytes = "bytes", tag = "2")]
    pub data: bytes::Bytes,
}

/// Names a write that may be under way; the answer to it carries nothing, because none is ever resumed.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReferenceRequest {
    #[prost(string, tag = "1")]
    pub reference: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Empty {}

/// What a message of a write asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum WriteAction {
    Stat = 0,
    Write = 1,
    Commit = 2,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct WriteContentRequest {
    #[prost(enumeration = "WriteAction", tag = "1")]
    pub action: i32,
    #[prost(string, tag = "2")]
    pub reference: String,
    #[prost(int64, tag = "3")]
    pub total: i64,
    #[prost(string, tag = "4")]
    pub expected: String,
    #[prost(int64, tag = "5")]
    pub offset: i64,
    #[prost(bytes = "bytes", tag = "6")]
    pub data: bytes::Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct WriteContentResponse {
    #[prost(enumeration = "WriteAction", tag = "1")]
    pub action: i32,
    #[prost(message, optional, tag = "2")]
    pub started_at: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    pub updated_at: Option<Timestamp>,
    #[prost(int64, tag = "4")]
    pub offset: i64,
    #[prost(int64, tag = "5")]
    pub total: i64,
    #[prost(string, tag = "6")]
    pub digest: String,
}

/// An answer of several messages.
pub(crate) type Messages<M> = ReceiverStream<Result<M, Status>>;

/// The service.
#[tonic::async_trait]
pub(crate) trait ContentService: Send + Sync + 'static {
    async fn info(&self, request: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status>;
    async fn read(
        &self,
        request: Request<ReadContentRequest>,
    ) -> Result<Response<Messages<ReadContentResponse>>, Status>;
    async fn write(
        &self,
        request: Request<Streaming<WriteContentRequest>>,
    ) -> Result<Response<Messages<WriteContentResponse>>, Status>;
}

/// A server of [`Content`].
pub(crate) struct ContentServer<T>(Arc<T>);

impl<T: ContentService> ContentServer<T> {
    pub(crate) fn new(content: T) -> Self {
        Self(Arc::new(content))
    }
}

impl<T> Clone for ContentServer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> NamedService for ContentServer<T> {
    const NAME: &'static str = "containerd.services.content.v1.Content";
}

impl<T: ContentService> tower::Service<http::Request<Incoming>> for ContentServer<T> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Incoming>) -> Self::Future {
        let content = Arc::clone(&self.0);
        Box::pin(async move { Ok(dispatch(content, request).await) })
    }
}

async fn dispatch<T: ContentService>(
    content: Arc<T>,
    request: http::Request<Incoming>,
) -> http::Response<Body> {
    let method = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    match method.as_str() {
        "Info" => {
            let info = tower::service_fn(move |request| {
                let content = Arc::clone(&content);
                async move { content.info(request).await }
            });
            grpc(ProstCodec::default()).unary(info, request).await
        }
        "Read" => {
            let read = tower::service_fn(move |request| {
                let content = Arc::clone(&content);
                async move { content.read(request).await }
            });
            grpc(ProstCodec::default())
                .server_streaming(read, request)
                .await
        }
        "Write" => {
            let write = tower::service_fn(move |request| {
                let content = Arc::clone(&content);
                async move { content.write(request).await }
            });
            grpc(ProstCodec::default()).streaming(write, request).await
        }
        "Status" => {
            let status = tower::service_fn(async |request: Request<ReferenceRequest>| {
                let reference = request.into_inner().reference;
                Err::<Response<Empty>, _>(Status::not_found(format!("no write of {reference}")))
            });
            grpc(ProstCodec::default()).unary(status, request).await
        }
        "Abort" => {
            // A write ends with its call, and leaves nothing to abort.
            let abort =
                tower::service_fn(async |_: Request<ReferenceRequest>| Ok(Response::new(Empty {})));
            grpc(ProstCodec::default()).unary(abort, request).await
        }
        _ => Status::unimplemented(format!("{method} is not served")).into_http(),
    }
}

fn grpc<Reply, Ask>(codec: ProstCodec<Reply, Ask>) -> Grpc<ProstCodec<Reply, Ask>>
where
    Reply: prost::Message + Send + 'static,
    Ask: prost::Message + Default + Send + 'static,
{
    Grpc::new(codec).max_decoding_message_size(MESSAGE_LIMIT)
}
