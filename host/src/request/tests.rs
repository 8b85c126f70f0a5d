//! A request with a secret, and every text that differs from it in one sign: whatever is said of it, the secret is not.

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::handle::WorkingDirectory;
use oci_image::excerpt::Canvas;
use oci_image::forms::content;
use oci_image::{diagnostics, task};

use super::unread::Unread;
use super::{Judge, Request};
use crate::cli::Format;
use crate::failure::Failure;

/// A form in which a request comes.
#[derive(Debug, Clone, Copy)]
enum Form {
    Message,
    Json,
    Yaml,
    Environment,
}

impl Form {
    fn read(self, text: &str) -> Result<Request, Unread> {
        let name = "request";
        match self {
            Self::Message => Request::of_either(text),
            Self::Json => Request::of_text(name, text, Format::Json),
            Self::Yaml => Request::of_text(name, text, Format::Yaml),
            Self::Environment => {
                let variables = text.split('\0').filter_map(|line| line.split_once('='));
                let variables = variables.map(|(name, value)| (name.into(), value.into()));
                let parameters = task::read(variables, false);
                Ok(Request::new(content::parameters(parameters), None))
            }
        }
    }

    /// All that is said of a request, in all forms of a report.
    fn said(self, text: &str) -> String {
        let cancel = Cancel::default();
        let directory = WorkingDirectory::current().unwrap();
        let mut reports = Vec::new();
        let mut plan = String::new();
        match self.read(text) {
            Err(unread) => reports.push(unread.0),
            Ok(mut request) => {
                reports.push(request.validate(&Judge::new(&cancel)).unwrap());
                request.refuse_variables();
                match request.plan(&directory, &cancel) {
                    Ok(found) => {
                        plan = found.as_plan().print();
                        reports.extend(request.remarks(&found));
                    }
                    Err(Failure::Request(report)) => reports.push(*report),
                    Err(_) => panic!("no mistake of the request: {text}"),
                }
            }
        }
        let mut said = [
            diagnostics::json(&reports),
            diagnostics::sarif(&reports),
            diagnostics::github(&reports),
            plan,
        ]
        .concat();
        for report in &reports {
            said.push_str(&diagnostics::text(report, Canvas::plain()));
            said.push_str(&diagnostics::text(
                report,
                Canvas {
                    is_coloured: true,
                    ..Canvas::plain()
                },
            ));
        }
        said
    }
}

/// A secret, and one where its path belongs; each in halves, because an edit may cut it.
const SECRETS: [&str; 4] = ["hunter2", "Given", "plugh9", "Xyzzy"];

const REQUESTS: [(Form, &str); 9] = [
    (
        Form::Message,
        r#"{"object": {"context": "ctx", "output": "image", "buildkit_secrets": {"token": {"text": "hunter2Given"}}}, "response_path": "/dev/null"}"#,
    ),
    (
        Form::Message,
        r#"{"object": {"buildkit_secrets": {"b": "plugh9Xyzzy", "a": {"text": "hunter2Given"}}, "context": "ctx", "output": "image"}, "response_path": "r"}"#,
    ),
    (
        Form::Json,
        "{\"context\": \"ctx\", \"output\": \"image\",\n \"buildkit_secrets\": {\"token\": {\"text\": \"hunter2Given\"}}}\n",
    ),
    (
        Form::Yaml,
        "context: ctx\noutput: image\nbuildkit_secrets:\n  token:\n    text: hunter2Given\n  b: plugh9Xyzzy\ntarget: app\n",
    ),
    (
        Form::Yaml,
        "context: ctx\noutput: image\nbuildkit_secrets: {token: {text: \"hunter2Given\"}, b: 'plugh9Xyzzy'}\n",
    ),
    (
        Form::Yaml,
        "platform: linux\nrun: {path: build}\nparams:\n  CONTEXT: ctx\n  BUILDKIT_SECRETTEXT_t: hunter2Given\n  BUILDKIT_SECRET_b: plugh9Xyzzy\n  TARGET: app\n",
    ),
    (
        Form::Yaml,
        "platform: linux\nrun: {path: build}\nparams:\n  BUILDKIT_SECRETTEXT_t: &p |\n    hunter2Given\n  DOCKERFILE: *p\n  CONTEXT: ctx\n",
    ),
    (
        Form::Json,
        r#"{"platform": "linux", "run": {"path": "build"}, "params": {"BUILDKIT_SECRETTEXT_t": "hunter2Given", "CONTEXT": "ctx"}}"#,
    ),
    (
        Form::Environment,
        "CONTEXT=ctx\0BUILDKIT_SECRETTEXT_t=hunter2Given\0BUILDKIT_SECRET_b=plugh9Xyzzy\0TARGET=app\0",
    ),
];

/// Every text that differs from another in one sign: without it, with one more, with another in its place, with the next one before
/// it.
fn edits(text: &str) -> impl Iterator<Item = String> + '_ {
    const SIGNS: [&str; 8] = ["\"", "'", "\\", "\n", ":", "{", "&", "x"];
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    (0..characters.len()).flat_map(move |index| {
        let (at, character) = characters[index];
        let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
        let replaced = SIGNS
            .iter()
            .map(move |sign| format!("{before}{sign}{after}"));
        let inserted = SIGNS
            .iter()
            .map(move |sign| format!("{before}{sign}{character}{after}"));
        let swapped = after.chars().next().map(|next| {
            let after = &after[next.len_utf8()..];
            format!("{before}{next}{character}{after}")
        });
        let removed = format!("{before}{after}");
        replaced.chain(inserted).chain(swapped).chain([removed])
    })
}

#[test]
fn secret_is_told_by_no_report_whatever_sign_of_a_request_is_wrong() {
    let mut leaks = Vec::new();
    let mut tried = 0;
    for (form, request) in REQUESTS {
        for text in std::iter::once(request.to_owned()).chain(edits(request)) {
            tried += 1;
            let said = form.said(&text);
            if SECRETS.iter().any(|secret| said.contains(secret)) {
                leaks.push(format!("{form:?}\n{text}\n{said}"));
            }
        }
    }
    assert!(
        leaks.is_empty(),
        "{} of {tried}, the first: {}",
        leaks.len(),
        leaks[0]
    );
}
