//! The session of the program under test, as a channel on which its attachables are called.

use std::io;

use bollard_buildkit_proto::moby::buildkit::v1::BytesMessage;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

/// Size of a message on the pipe, in bytes.
const PIECE: usize = 64 << 10;

/// A channel over the pipe, and what is to be sent into it.
pub(crate) fn open(
    incoming: Streaming<BytesMessage>,
) -> (Channel, mpsc::Receiver<Result<BytesMessage, Status>>) {
    let (near, far) = tokio::io::duplex(PIECE);
    let (sender, outgoing) = mpsc::channel(4);
    tokio::spawn(pump(near, incoming, sender));
    let mut far = Some(TokioIo::new(far));
    let connector = tower::service_fn(move |_| {
        let far = far.take();
        async move { far.ok_or_else(|| io::Error::other("the session is over")) }
    });
    let channel = Endpoint::from_static("http://session")
        .http2_max_header_list_size(16 << 20)
        .connect_with_connector_lazy(connector);
    (channel, outgoing)
}

async fn pump(
    near: DuplexStream,
    mut incoming: Streaming<BytesMessage>,
    outgoing: mpsc::Sender<Result<BytesMessage, Status>>,
) {
    let (mut reads, mut writes) = tokio::io::split(near);
    let received = async {
        while let Ok(Some(message)) = incoming.message().await {
            if writes.write_all(&message.data).await.is_err() {
                break;
            }
        }
    };
    let sent = async {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = reads.read(&mut piece).await {
            let data = piece[..length].to_vec();
            if outgoing.send(Ok(BytesMessage { data })).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = received => {}
        () = sent => {}
    }
}
