//! One call of a session, whatever its name and its messages.

use prost::Message;
use tokio_stream::Stream;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// Calls `path` with this metadata.
pub(crate) async fn call<Q, A>(
    session: &Channel,
    path: &str,
    metadata: &[(&'static str, Vec<u8>)],
    messages: impl Stream<Item = Q> + Send + 'static,
) -> Result<Streaming<A>, Status>
where
    Q: Message + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    let mut request = Request::new(messages);
    for (key, value) in metadata {
        let value = AsciiMetadataValue::try_from(value.as_slice());
        let value = value.map_err(|_| Status::internal("no header holds this value"))?;
        request.metadata_mut().append(*key, value);
    }
    let mut client = tonic::client::Grpc::new(session.clone()).max_encoding_message_size(64 << 20);
    let ready = client.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::try_from(path).map_err(|_| Status::internal("no path"))?;
    let answer = client
        .streaming(request, path, ProstCodec::default())
        .await?;
    Ok(answer.into_inner())
}
