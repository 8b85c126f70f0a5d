//! Reads the text of an object key by key, each by what its row says.
//!
//! An optional key given empty, or null, counts as left out.
//!
//! Reads nothing but the text. Source: `oci_image_schema::key`.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use oci_image_schema::key::{KEYS, Key, NAMES, Rule};

use crate::findings::Findings;
use crate::json::{Kind, Node, Text};
use crate::nearest::nearest;
use crate::reader::Reader;
use crate::request::Request;
use crate::{name, own, passed, syntax};

/// The longest object that is read, in bytes: far above any real one with its inline secrets, far below the sandbox's memory.
const MAX_OBJECT: usize = 4 << 20;

/// The key for editors: none of the object, so no mistyped key is meant to be it.
const OF_EDITORS: &str = "$schema";

/// Reads an object and reports every mistake that can be seen without looking at a file; nothing if the text is no map at all.
pub(crate) fn read<'t>(text: &'t str, findings: &mut Findings<'t>) -> Option<Request<'t>> {
    let root = root(text, findings)?;
    let mut reader = Reader { findings };
    let entries = reader.entries("the object", root);
    let mut request = Request::default();
    report_missing(reader.findings, root, &entries);
    for (name, value) in entries {
        match Key::of(name.as_str()) {
            Some(key) => read_key(&mut request, &mut reader, key, value),
            None if name.as_str() == OF_EDITORS => {
                if !reader.is_left_out(OF_EDITORS, value) {
                    let _ = reader.optional(OF_EDITORS, value);
                }
            }
            None => reader.unknown_key("the object", &name, NAMES),
        }
    }
    request.judge(findings);
    Some(request)
}

fn read_key<'t>(
    request: &mut Request<'t>,
    reader: &mut Reader<'_, 't>,
    key: &'static Key,
    node: Node<'t>,
) {
    if key.required.is_none() && reader.is_left_out(key.name, node) {
        return;
    }
    match key.rule {
        Rule::Own => own::read(request, reader, key, node),
        Rule::File => {
            let file = reader.optional(key.name, node);
            let file = file.and_then(|file| name::file(reader.findings, file));
            if let Some(file) = file {
                request.files.push((key.name, file));
            }
        }
        Rule::Free if key.passed.is_some() => {
            let text = passed::text(reader, key, node);
            request.pass_on(key, text);
        }
        Rule::Free => {
            let is_true = reader.boolean(node);
            request
                .flags
                .extend(is_true.then(|| (key.name, node.span())));
        }
    }
}

fn root<'t>(text: &'t str, findings: &mut Findings<'t>) -> Option<Node<'t>> {
    if text.len() > MAX_OBJECT {
        let message = format!(
            "the object holds {} bytes, and may hold {MAX_OBJECT}",
            text.len()
        );
        let help = "put long lists into files: `build_args_file`, `labels_file`";
        findings
            .report(Code::ObjectTooLarge, Span::of(0..0), message)
            .help(help);
        return None;
    }
    let root = match Node::root(text) {
        Ok(root) => root,
        Err(error) => {
            syntax::report(text, findings, &error);
            return None;
        }
    };
    if root.kind() == Kind::Object {
        return Some(root);
    }
    let message = format!("the object must be a map, and is {}", root.kind().phrase());
    findings
        .report(Code::WrongType, root.span(), message)
        .help("write {\"context\": \".\", \"output\": \"image\"}");
    None
}

/// A required key is missing if it is not there, and no unknown key looks like it.
fn report_missing<'t>(
    findings: &mut Findings<'t>,
    root: Node<'t>,
    entries: &[(Text<'t>, Node<'t>)],
) {
    let meant = |key: &str| {
        if NAMES.contains(&key) {
            None
        } else {
            nearest(key, NAMES)
        }
    };
    for required in KEYS {
        let Some(example) = required.required else {
            continue;
        };
        let keys = || entries.iter().map(|(key, _)| key.as_str());
        let is_there = || keys().any(|key| key == required.name);
        let is_meant = || keys().any(|key| meant(key) == Some(required.name));
        if !is_there() && !is_meant() {
            let brace = Span::of(root.start()..root.start() + 1);
            let message = format!("the object needs `{}`", required.name);
            findings
                .report(Code::MissingKey, brace, message)
                .help(format!("add `{example}`"));
        }
    }
}
