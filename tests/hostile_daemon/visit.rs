//! One solve of the program under test, with all that can be asked of its session.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::{env, future};

use bollard_buildkit_proto::moby::buildkit::v1::{SolveRequest, SolveResponse};
use bollard_buildkit_proto::moby::filesync::v1::BytesMessage;
use bollard_buildkit_proto::moby::filesync::v1::file_send_client::FileSendClient;
use futures::StreamExt as _;
use tokio_stream::Stream;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::archive::Image;
use crate::content;

/// The store of the exporter of images.
pub(crate) const STORE: &str = "export";

/// Size of the pieces of a stream, in bytes.
const PIECE: usize = 32 << 10;

/// A solve under way.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) session: Channel,
    pub(crate) bases: Vec<OfferedBase>,
}

/// A base image that the session offers.
#[derive(Clone)]
pub(crate) struct OfferedBase {
    pub(crate) store: String,
    pub(crate) digest: String,
}

impl Visit {
    pub(crate) fn new(session: Channel, solve: SolveRequest) -> Self {
        let rules = solve
            .source_policy
            .into_iter()
            .flat_map(|policy| policy.rules);
        let updates = rules.filter_map(|rule| rule.updates);
        let bases = updates.filter_map(|update| {
            let (_, digest) = update.identifier.split_once('@')?;
            digest.starts_with("sha256:").then(|| OfferedBase {
                store: format!("oci:{}", update.attrs["oci.store"]),
                digest: digest.to_owned(),
            })
        });
        Self {
            session,
            bases: bases.collect(),
        }
    }

    /// Sends bytes to an exporter's sink, and ends the stream.
    pub(crate) async fn send(&self, exporter: &str, bytes: &[u8]) -> Result<(), Status> {
        let pieces: Vec<Vec<u8>> = bytes.chunks(PIECE).map(<[u8]>::to_vec).collect();
        self.stream(exporter, tokio_stream::iter(pieces)).await
    }

    /// Sends bytes in a stream that is never ended, and breaks off with the session.
    pub(crate) async fn send_and_break_off(&self, exporter: &str, bytes: &[u8]) {
        let pieces: Vec<Vec<u8>> = bytes.chunks(PIECE).map(<[u8]>::to_vec).collect();
        let (sent, all_sent) = tokio::sync::oneshot::channel::<()>();
        let mut sent = Some(sent);
        let then = futures::stream::poll_fn(move |_| {
            drop(sent.take());
            std::task::Poll::Pending
        });
        let endless = tokio_stream::iter(pieces).chain(then);
        let (visit, exporter) = (self.clone(), exporter.to_owned());
        tokio::spawn(async move { visit.stream(&exporter, endless).await });
        // Its other end goes with the last piece.
        let _ = all_sent.await;
    }

    /// Sends pieces for as long as there are any.
    pub(crate) async fn stream(
        &self,
        exporter: &str,
        pieces: impl Stream<Item = Vec<u8>> + Send + 'static,
    ) -> Result<(), Status> {
        let messages = pieces.map(|data| BytesMessage { data });
        let mut request = Request::new(messages);
        let id = AsciiMetadataValue::try_from(exporter).map_err(|_| Status::internal("id"))?;
        request
            .metadata_mut()
            .insert("buildkit-attachable-exporter-id", id);
        let mut client = FileSendClient::new(self.session.clone());
        let mut answer = client.diff_copy(request).await?.into_inner();
        while answer.message().await?.is_some() {}
        Ok(())
    }

    /// Sends the blobs of an image; what is refused is not its concern.
    pub(crate) async fn put(&self, image: &Image) {
        for (digest, bytes) in image.blobs() {
            let _: Result<(), Status> = content::put(&self.session, STORE, &digest, bytes).await;
        }
    }

    /// Sends the image that the solve asks for.
    pub(crate) async fn satisfy(&self) -> Result<SolveResponse, Status> {
        let image = Image::honest();
        self.put(&image).await;
        Ok(image.response())
    }

    /// Keeps what should not have been given.
    pub(crate) fn loot(&self, bytes: &[u8]) {
        let Some(path) = env::var_os("HOSTILE_LOOT") else {
            return;
        };
        let file = OpenOptions::new().append(true).create(true).open(path);
        let _ = file.and_then(|mut file| file.write_all(bytes));
    }

    /// Says nothing any more.
    pub(crate) async fn silence<T>(&self) -> T {
        future::pending().await
    }
}

/// What a daemon answers to a solve, by its keys.
pub(crate) fn response<const N: usize>(entries: [(&str, &str); N]) -> SolveResponse {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    SolveResponse {
        exporter_response: HashMap::from(entries.map(owned)),
    }
}
