//! containerd's content service as a daemon calls it: the messages, as far as they are used here.
//!
//! Source: containerd API 1.11, `services/content/v1/content.proto`.

use prost::Message;
use tokio_stream::Stream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::call::call;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Write {
    #[prost(int32, tag = "1")]
    pub(crate) action: i32,
    #[prost(string, tag = "2")]
    pub(crate) reference: String,
    #[prost(int64, tag = "3")]
    pub(crate) total: i64,
    #[prost(string, tag = "4")]
    pub(crate) expected: String,
    #[prost(int64, tag = "5")]
    pub(crate) offset: i64,
    #[prost(bytes = "vec", tag = "6")]
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Written {
    #[prost(int32, tag = "1")]
    pub(crate) action: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Read {
    #[prost(string, tag = "1")]
    pub(crate) digest: String,
    #[prost(int64, tag = "2")]
    pub(crate) offset: i64,
    #[prost(int64, tag = "3")]
    pub(crate) size: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Piece {
    #[prost(int64, tag = "1")]
    pub(crate) offset: i64,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Info {
    #[prost(string, tag = "1")]
    pub(crate) digest: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Answer {
    #[prost(message, optional, tag = "1")]
    pub(crate) blob: Option<Told>,
}

/// What is told of a blob.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Told {
    #[prost(int64, tag = "2")]
    pub(crate) size: i64,
}

/// Writes to a store; `COMMIT` is 2, `WRITE` 1.
pub(crate) async fn write(
    session: &Channel,
    store: &str,
    writes: impl Stream<Item = Write> + Send + 'static,
) -> Result<(), Status> {
    let mut answers: Streaming<Written> = call(session, &path("Write"), &to(store), writes).await?;
    while answers.message().await?.is_some() {}
    Ok(())
}

/// Writes a whole blob under the digest that is said to be its own.
pub(crate) async fn put(
    session: &Channel,
    store: &str,
    expected: &str,
    data: &[u8],
) -> Result<(), Status> {
    let commit = Write {
        action: 2,
        reference: expected.to_owned(),
        total: data.len() as i64,
        expected: expected.to_owned(),
        offset: 0,
        data: data.to_vec(),
    };
    write(session, store, tokio_stream::iter([commit])).await
}

/// The size of a blob.
pub(crate) async fn size(session: &Channel, store: &str, digest: &str) -> Result<i64, Status> {
    let digest = digest.to_owned();
    let info = tokio_stream::iter([Info { digest }]);
    let mut answers: Streaming<Answer> = call(session, &path("Info"), &to(store), info).await?;
    let answer = answers.message().await?.and_then(|answer| answer.blob);
    Ok(answer.unwrap_or_default().size)
}

/// Asks for a part of a blob: an offset and a size.
pub(crate) async fn read(
    session: &Channel,
    store: &str,
    digest: &str,
    (offset, size): (i64, i64),
) -> Result<Streaming<Piece>, Status> {
    let read = Read {
        digest: digest.to_owned(),
        offset,
        size,
    };
    let asked = tokio_stream::iter([read]);
    call(session, &path("Read"), &to(store), asked).await
}

/// Reads a blob.
pub(crate) async fn get(session: &Channel, store: &str, digest: &str) -> Result<Vec<u8>, Status> {
    part(session, store, digest, (0, 0)).await
}

/// Reads a part of a blob.
pub(crate) async fn part(
    session: &Channel,
    store: &str,
    digest: &str,
    part: (i64, i64),
) -> Result<Vec<u8>, Status> {
    let mut pieces = read(session, store, digest, part).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await? {
        bytes.extend(piece.data);
    }
    Ok(bytes)
}

fn path(method: &str) -> String {
    format!("/containerd.services.content.v1.Content/{method}")
}

fn to(store: &str) -> [(&'static str, Vec<u8>); 1] {
    [("buildkit-attachable-store-id", store.as_bytes().to_vec())]
}
