//! A session: how it begins and ends, and what goes over the wire in between.
//!
//! Source: Language Server Protocol 3.17, lifecycle messages.

use std::io;

use lsp_server::{ErrorCode, Message, Request, RequestId, Response};
use lsp_types::notification::{Exit, Notification as _};
use lsp_types::request::{Initialize, Request as _, Shutdown};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions,
    HoverProviderCapability, InitializeParams, InitializeResult, OneOf, ServerCapabilities,
    ServerInfo, TextDocumentSyncCapability, TextDocumentSyncKind,
};
use oci_image::boundary::cancel::Cancelled;
use oci_image::boundary::outside::shown;
use oci_image::progress::Mode;

use super::client::Client;
use super::server::Server;
use super::wire::{Arrived, Wire};
use crate::failure::Failure;
use crate::signals::Signals;
use crate::stderr;

/// How many messages are taken before what they change is told, if they keep coming.
const MOST_AT_ONCE: usize = 64;

/// Where a session is.
enum State {
    /// Nothing was asked yet.
    New,
    Begun(Box<Server>),
    /// The client has said that it will leave.
    Ended,
}

#[derive(Debug, thiserror::Error)]
#[error("the client left without `shutdown`")]
struct Left;

/// Answers a client until it leaves.
pub(crate) fn serve(signals: &Signals, mode: Mode) -> Result<(), Failure> {
    let mut wire = Wire::new(signals);
    let mut state = State::New;
    let mut taken = 0;
    loop {
        let message = match wire.next().map_err(failure)? {
            Arrived::Message(message) => message,
            Arrived::Nonsense(error) => {
                let said = format!("a message is passed over: {}", shown(&error.to_string()));
                stderr::notice(&said, mode);
                continue;
            }
            Arrived::End => return Err(Failure::Usage(Box::new(Left))),
        };
        if let Message::Notification(told) = &message
            && told.method == Exit::METHOD
        {
            return match state {
                State::Ended => Ok(()),
                State::New | State::Begun(_) => Err(Failure::Usage(Box::new(Left))),
            };
        }
        if let Some(answer) = state.take(message, signals) {
            wire.send(&answer).map_err(failure)?;
        }
        taken += 1;
        if taken < MOST_AT_ONCE && wire.has_more().map_err(failure)? {
            continue;
        }
        taken = 0;
        if let State::Begun(server) = &mut state {
            for news in server.news() {
                wire.send(&news).map_err(failure)?;
            }
        }
    }
}

impl State {
    fn take(&mut self, message: Message, signals: &Signals) -> Option<Message> {
        match (message, &mut *self) {
            (Message::Request(request), Self::New) if request.method == Initialize::METHOD => {
                Some(self.begin(request, signals).into())
            }
            (Message::Request(request), Self::Begun(_)) if request.method == Shutdown::METHOD => {
                *self = Self::Ended;
                Some(Response::new_ok(request.id, ()).into())
            }
            (Message::Request(request), Self::Begun(server)) => Some(server.answer(request).into()),
            (Message::Request(request), Self::New) => {
                Some(refused(request.id, ErrorCode::ServerNotInitialized).into())
            }
            (Message::Request(request), Self::Ended) => {
                Some(refused(request.id, ErrorCode::InvalidRequest).into())
            }
            (Message::Notification(told), Self::Begun(server)) => {
                server.hear(told);
                None
            }
            (Message::Notification(_) | Message::Response(_), _) => None,
        }
    }

    fn begin(&mut self, request: Request, signals: &Signals) -> Response {
        let params: InitializeParams = match serde_json::from_value(request.params) {
            Ok(params) => params,
            Err(error) => {
                let (code, message) = (ErrorCode::InvalidParams as i32, error.to_string());
                return Response::new_err(request.id, code, message);
            }
        };
        let client = Client::of(&params);
        let result = InitializeResult {
            capabilities: capabilities(&client),
            server_info: Some(ServerInfo {
                name: "oci-image".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        *self = Self::Begun(Box::new(Server::new(client, signals.cancel())));
        Response::new_ok(request.id, result)
    }
}

/// What is offered.
fn capabilities(client: &Client) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(client.encoding()),
        text_document_sync: Some(TextDocumentSyncCapability::Kind(
            TextDocumentSyncKind::INCREMENTAL,
        )),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions::default()),
        definition_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::SOURCE_FIX_ALL,
            ]),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}

fn refused(id: RequestId, code: ErrorCode) -> Response {
    Response::new_err(id, code as i32, "there is no session".to_owned())
}

/// Why nothing more is read or written.
fn failure(error: io::Error) -> Failure {
    let is_stopped = error.get_ref().is_some_and(|error| error.is::<Cancelled>());
    if is_stopped {
        Failure::Reported
    } else {
        Failure::Engine(Box::new(error))
    }
}
