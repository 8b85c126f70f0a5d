//! What is answered to a client: a message in, messages out. A part that fails is told, and ends nothing.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, LogMessage,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, GotoDefinition, HoverRequest,
    Request as _,
};
use lsp_types::{
    CodeActionParams, CodeActionResponse, CompletionParams, CompletionResponse, Diagnostic as Mark,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentSymbolParams, DocumentSymbolResponse, GotoDefinitionParams, GotoDefinitionResponse,
    Hover, HoverParams, LogMessageParams, MessageType, PublishDiagnosticsParams,
    TextDocumentPositionParams, Uri,
};
use oci_image::boundary::cancel::Cancel;
use oci_image::excerpt::Canvas;
use oci_image::yaml::MAX_TEXT;
use serde::de::DeserializeOwned;

use super::actions::Mending;
use super::client::Client;
use super::completion::Typing;
use super::definition::definition;
use super::hover::hover;
use super::open_document::OpenDocument;
use super::open_text::OpenText;
use super::symbols::Outlined;
use crate::failure::Failure;
use crate::request::Judge;

/// What is known in a session.
pub(super) struct Server {
    client: Client,
    judge: Judge,
    open: BTreeMap<Uri, OpenDocument>,
    /// Those that are closed, which the client was not told yet.
    closed: Vec<Uri>,
}

impl Server {
    pub(super) fn new(client: Client, cancel: &Cancel) -> Self {
        Self {
            client,
            judge: Judge::lasting(cancel),
            open: BTreeMap::new(),
            closed: Vec::new(),
        }
    }

    /// The answer to a request.
    pub(super) fn answer(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let answered = catch_unwind(AssertUnwindSafe(|| self.answered(request)));
        answered.unwrap_or_else(|_| {
            let message = "the request cannot be answered: this is a mistake of the program";
            Response::new_err(id, ErrorCode::InternalError as i32, message.to_owned())
        })
    }

    fn answered(&mut self, request: Request) -> Response {
        match request.method.as_str() {
            CodeActionRequest::METHOD => self.asked::<CodeActionRequest>(request, Self::actions),
            HoverRequest::METHOD => self.asked::<HoverRequest>(request, Self::hover),
            Completion::METHOD => self.asked::<Completion>(request, Self::completions),
            GotoDefinition::METHOD => self.asked::<GotoDefinition>(request, Self::definition),
            DocumentSymbolRequest::METHOD => {
                self.asked::<DocumentSymbolRequest>(request, Self::symbols)
            }
            method => {
                let message = format!("`{method}` is not known here");
                Response::new_err(request.id, ErrorCode::MethodNotFound as i32, message)
            }
        }
    }

    /// The answer of a feature.
    fn asked<R: lsp_types::request::Request>(
        &mut self,
        request: Request,
        answer: impl FnOnce(&mut Self, R::Params) -> Result<R::Result, Failure>,
    ) -> Response {
        let answer = match serde_json::from_value(request.params) {
            Ok(params) => answer(self, params),
            Err(error) => {
                let (code, message) = (ErrorCode::InvalidParams as i32, error.to_string());
                return Response::new_err(request.id, code, message);
            }
        };
        match answer {
            Ok(answer) => Response::new_ok(request.id, answer),
            Err(failure) => {
                let message = failure.text(Canvas::plain());
                Response::new_err(request.id, ErrorCode::RequestFailed as i32, message)
            }
        }
    }

    fn actions(&mut self, params: CodeActionParams) -> Result<Option<CodeActionResponse>, Failure> {
        let uri = params.text_document.uri;
        let Some(document) = self.open.get_mut(&uri) else {
            return Ok(None);
        };
        let unit = self.client.unit;
        let part = document
            .text
            .index
            .bytes(&document.text.text, unit, params.range);
        let (report, open) = document.said(&self.judge)?;
        let mending = Mending {
            uri: &uri,
            open,
            client: &self.client,
        };
        let actions = mending.actions(report, &part, params.context.only.as_deref());
        Ok(Some(actions.into_iter().map(Into::into).collect()))
    }

    fn hover(&mut self, params: HoverParams) -> Result<Option<Hover>, Failure> {
        let at = params.text_document_position_params;
        Ok(self.at(&at, |document, client, offset| {
            hover(&document.scene()?, &document.text, client, offset)
        }))
    }

    fn completions(
        &mut self,
        params: CompletionParams,
    ) -> Result<Option<CompletionResponse>, Failure> {
        let at = params.text_document_position;
        Ok(self.at(&at, |document, client, offset| {
            let typing = Typing {
                open: &document.text,
                client,
                is_ours: document.is_ours,
            };
            let is_short = document.text.text.len() <= MAX_TEXT;
            is_short.then(|| typing.completions(offset).into())
        }))
    }

    fn definition(
        &mut self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>, Failure> {
        let at = params.text_document_position_params;
        Ok(self.at(&at, |document, client, offset| {
            Some(definition(&document.scene()?, &document.text, client, offset)?.into())
        }))
    }

    fn symbols(
        &mut self,
        params: DocumentSymbolParams,
    ) -> Result<Option<DocumentSymbolResponse>, Failure> {
        let uri = params.text_document.uri;
        let document = self.open.get(&uri).filter(|_| self.client.nests_symbols);
        Ok(document.and_then(|document| {
            let outlined = Outlined {
                scene: &document.scene()?,
                open: &document.text,
                unit: self.client.unit,
            };
            Some(outlined.symbols().into())
        }))
    }

    /// What is found at a place of a document.
    fn at<T>(
        &self,
        at: &TextDocumentPositionParams,
        find: impl FnOnce(&OpenDocument, &Client, usize) -> Option<T>,
    ) -> Option<T> {
        let document = self.open.get(&at.text_document.uri)?;
        let OpenText { index, text, .. } = &document.text;
        find(
            document,
            &self.client,
            index.offset(text, self.client.unit, at.position),
        )
    }

    /// Takes what is told.
    pub(super) fn hear(&mut self, told: Notification) {
        match told.method.as_str() {
            DidOpenTextDocument::METHOD => self.each(told, Self::opened),
            DidChangeTextDocument::METHOD => self.each(told, Self::changed),
            DidCloseTextDocument::METHOD => self.each(told, Self::closed),
            _ => {}
        }
    }

    /// Takes the parameters of what is told; of nonsense nothing.
    fn each<P: DeserializeOwned>(&mut self, told: Notification, take: impl FnOnce(&mut Self, P)) {
        if let Ok(params) = serde_json::from_value(told.params) {
            take(self, params);
        }
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let uri = params.text_document.uri.clone();
        let document = OpenDocument::new(OpenText::new(params.text_document));
        self.open.insert(uri, document);
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let (id, unit) = (params.text_document, self.client.unit);
        if let Some(document) = self.open.get_mut(&id.uri) {
            document
                .text
                .change(id.version, unit, params.content_changes);
            document.forget();
        }
    }

    fn closed(&mut self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        if self.open.remove(&uri).is_some() {
            self.closed.push(uri);
        }
    }

    /// What is to be told: of documents that have changed what is said of them, of those that nobody looks at any more nothing.
    pub(super) fn news(&mut self) -> Vec<Message> {
        let closed = self.closed.drain(..);
        let mut news: Vec<Message> = closed.map(|uri| published(uri, Vec::new(), None)).collect();
        for (uri, document) in &mut self.open {
            if document.is_told {
                continue;
            }
            document.is_told = true;
            let (judge, unit) = (&self.judge, self.client.unit);
            let judged = catch_unwind(AssertUnwindSafe(|| document.marks(judge, unit)));
            match judged {
                Ok(Ok(marks)) => {
                    news.push(published(uri.clone(), marks, Some(document.text.version)));
                }
                Ok(Err(failure)) => news.push(logged(&failure.text(Canvas::plain()))),
                Err(_) => news.push(logged(
                    "a document cannot be judged: this is a mistake of the program",
                )),
            }
        }
        news
    }
}

fn published(uri: Uri, marks: Vec<Mark>, version: Option<i32>) -> Message {
    let params = PublishDiagnosticsParams::new(uri, marks, version);
    Notification::new(PublishDiagnostics::METHOD.to_owned(), params).into()
}

fn logged(said: &str) -> Message {
    let params = LogMessageParams {
        typ: MessageType::ERROR,
        message: said.trim_end().to_owned(),
    };
    Notification::new(LogMessage::METHOD.to_owned(), params).into()
}
