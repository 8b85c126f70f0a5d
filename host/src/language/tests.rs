//! A session without its wire: what is told of documents as they are opened, typed and closed, and how nonsense is answered.

use lsp_server::{Message, Notification, Request, Response};
use lsp_types::InitializeParams;
use oci_image::boundary::cancel::Cancel;
use serde_json::{Value, json};

use super::client::Client;
use super::server::Server;

const NAME: &str = "file:///nowhere/request.yml";

fn server() -> Server {
    Server::new(Client::of(&InitializeParams::default()), &Cancel::default())
}

fn hear(server: &mut Server, method: &str, params: Value) {
    server.hear(Notification::new(format!("textDocument/{method}"), params));
}

fn open(server: &mut Server, name: &str, text: &str) {
    let document = json!({"uri": name, "languageId": "yaml", "version": 1, "text": text});
    hear(server, "didOpen", json!({"textDocument": document}));
}

fn change(server: &mut Server, version: i32, change: &Value) {
    let document = json!({"uri": NAME, "version": version});
    hear(
        server,
        "didChange",
        json!({"textDocument": document, "contentChanges": [change]}),
    );
}

/// What is told: of each document its name, its version and the codes.
fn told(server: &mut Server) -> Vec<String> {
    let told = server.news().into_iter().map(|message| {
        let Message::Notification(told) = message else {
            panic!("{message:?}");
        };
        let params = told.params;
        let problems = params["diagnostics"].as_array().unwrap();
        let codes: Vec<&str> = problems
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        let name = params["uri"].as_str().unwrap().rsplit('/').next().unwrap();
        format!("{name} {} {}", params["version"], codes.join(","))
    });
    told.collect()
}

fn asked(server: &mut Server, method: &str, params: Value) -> Response {
    server.answer(Request::new(1.into(), method.to_owned(), params))
}

#[test]
fn only_what_has_changed_is_told_and_what_is_closed_is_taken_back() {
    let mut server = server();
    open(&mut server, NAME, "context: .\noutptu: image\n");
    open(
        &mut server,
        "file:///nowhere/b.yml",
        "context: .\noutput: image\n",
    );
    // An editor knows no such document as the first, and `outptu` is what makes the second ours.
    assert_eq!(told(&mut server), ["b.yml 1 ", "request.yml 1 "]);
    assert_eq!(told(&mut server), [""; 0]);

    let range = json!({"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 6}});
    change(&mut server, 2, &json!({"range": range, "text": "output"}));
    assert_eq!(told(&mut server), ["request.yml 2 "]);
    change(&mut server, 3, &json!({"range": range, "text": "outptu"}));
    change(
        &mut server,
        4,
        &json!({"text": "context: .\noutput: image\ntarget: [a]\n"}),
    );
    assert_eq!(told(&mut server), ["request.yml 4 wrong-type"]);

    hear(
        &mut server,
        "didClose",
        json!({"textDocument": {"uri": NAME}}),
    );
    hear(
        &mut server,
        "didClose",
        json!({"textDocument": {"uri": NAME}}),
    );
    change(&mut server, 5, &json!({"text": "context: 1\n"}));
    assert_eq!(told(&mut server), ["request.yml null "]);
}

#[test]
fn nonsense_is_refused_or_passed_over_and_the_session_goes_on() {
    let mut server = server();
    hear(&mut server, "didOpen", json!({"textDocument": 1}));
    hear(&mut server, "willSave", json!(null));
    let code = |response: Response| response.response_result.unwrap_err().code;
    assert_eq!(
        code(asked(&mut server, "textDocument/rename", json!({}))),
        -32601
    );
    assert_eq!(
        code(asked(&mut server, "textDocument/hover", json!({"a": 1}))),
        -32602
    );
    let at = |line: u32| json!({"textDocument": {"uri": NAME}, "position": {"line": line, "character": 9}});
    let nothing = asked(&mut server, "textDocument/hover", at(0));
    assert_eq!(nothing.response_result.unwrap(), Value::Null);

    open(&mut server, NAME, "context: .\noutput: image\n");
    let hover = asked(&mut server, "textDocument/hover", at(0))
        .response_result
        .unwrap();
    assert_eq!(hover["contents"]["kind"], "plaintext");
    let beyond = asked(&mut server, "textDocument/hover", at(u32::MAX));
    assert_eq!(beyond.response_result.unwrap(), Value::Null);
}

#[test]
fn long_text_is_left_alone_until_it_is_short() {
    let mut server = server();
    let long = format!("context: .\noutput: image\nx: {}\n", "a".repeat(4 << 20));
    open(&mut server, NAME, &long);
    assert_eq!(told(&mut server), ["request.yml 1 "]);
    let range = json!({"start": {"line": 2, "character": 4}, "end": {"line": 3, "character": 0}});
    change(&mut server, 2, &json!({"range": range, "text": "a"}));
    assert_eq!(told(&mut server), ["request.yml 2 unknown-key"]);
}
