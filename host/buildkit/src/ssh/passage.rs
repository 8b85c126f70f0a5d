//! The passage between a connection of a step and a conduit, until both directions have ended or either side hangs up.
//!
//! Source: BuildKit, `session/sshforward` (`Copy`).

use bollard_buildkit_proto::moby::sshforward::v1::BytesMessage;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::conduit::{Piece, StepEnds};

/// Passes on what the step sends, and gives the stream of what it receives.
pub(super) fn open(
    ends: StepEnds,
    messages: Streaming<BytesMessage>,
) -> ReceiverStream<Result<BytesMessage, Status>> {
    let (answers, stream) = mpsc::channel(1);
    tokio::spawn(receive(messages, ends.from_step));
    tokio::spawn(send(ends.to_step, answers));
    ReceiverStream::new(stream)
}

/// Ends with the call, or when nobody reads any more.
async fn receive(mut messages: Streaming<BytesMessage>, from_step: mpsc::Sender<Piece>) {
    let ended = loop {
        tokio::select! {
            message = messages.message() => match message {
                Ok(Some(message)) => {
                    if from_step.send(Piece::Bytes(message.data)).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break true,
                Err(_) => break false,
            },
            () = from_step.closed() => return,
        }
    };
    if ended {
        let _ = from_step.send(Piece::End).await;
    }
}

/// Ends the call when nothing more is sent, and with an error if that was not its end.
async fn send(
    mut to_step: mpsc::Receiver<Piece>,
    answers: mpsc::Sender<Result<BytesMessage, Status>>,
) {
    loop {
        let piece = tokio::select! {
            piece = to_step.recv() => piece,
            () = answers.closed() => return,
        };
        let sent = match piece {
            Some(Piece::Bytes(data)) => Ok(BytesMessage { data }),
            Some(Piece::End) => return,
            None => Err(Status::aborted("the sender is gone")),
        };
        let is_over = sent.is_err();
        if answers.send(sent).await.is_err() || is_over {
            return;
        }
    }
}
