//! `buildkit_secrets` and `buildkit_ssh`: what steps may mount; only where it is, never what.
//!
//! The host has put `*` in place of an inline secret's text before the planner sees it; nothing here repeats that text all the same.
//! Source: `buildctl --secret`, `--ssh`.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;

use crate::findings::{Findings, quoted};
use crate::json::{Kind, Node, Text};
use crate::name;
use crate::nearest::nearest;
use crate::reader::Reader;

/// A secret, by its id.
#[derive(Debug)]
pub(crate) struct Secret<'t> {
    pub(crate) id: Text<'t>,
    /// The file that holds it; absent: the object held its text.
    pub(crate) file: Option<Text<'t>>,
}

/// An agent or keys, by id.
#[derive(Debug)]
pub(crate) struct Ssh<'t> {
    pub(crate) id: String,
    pub(crate) paths: Vec<String>,
    pub(crate) text: Text<'t>,
}

/// The secrets of the map, those that are sound.
pub(crate) fn secrets<'t>(reader: &mut Reader<'_, 't>, node: Node<'t>) -> Vec<Secret<'t>> {
    let mut secrets = Vec::new();
    for (id, value) in reader.entries("buildkit_secrets", node) {
        let named = id_is_sound(reader.findings, &id);
        let secret = if value.kind() == Kind::Object {
            inline(reader, value).then_some(Secret { id, file: None })
        } else {
            let file = reader
                .filled("the path of a secret", value)
                .and_then(|path| file(reader.findings, &id, path));
            file.map(|file| Secret {
                id,
                file: Some(file),
            })
        };
        secrets.extend(secret.filter(|_| named));
    }
    secrets
}

fn inline<'t>(reader: &mut Reader<'_, 't>, node: Node<'t>) -> bool {
    let mut given = None;
    let mut meant = false;
    for (key, value) in reader.entries("a secret", node) {
        match key.as_str() {
            // An empty text is an empty secret.
            "text" => given = Some(reader.text(value).is_some()),
            other => {
                meant |= nearest(other, &["text"]).is_some();
                reader.unknown_key("a secret", &key, &["text"]);
            }
        }
    }
    if meant {
        return false; // one mistake, and it was reported
    }
    given.unwrap_or_else(|| {
        let brace = Span::of(node.start()..node.start() + 1);
        let finding = reader
            .findings
            .report(Code::MissingKey, brace, "a secret needs `text`");
        finding.help("write {\"text\": \"...\"}, or the path of a file as a string");
        false
    })
}

/// The file of a secret. What stands there may be the text itself, so it is not repeated.
fn file<'t>(findings: &mut Findings<'t>, id: &Text<'t>, path: Text<'t>) -> Option<Text<'t>> {
    if path.as_str().contains(char::is_control) {
        let message = format!(
            "the path of the secret {} holds a control character",
            quoted(id.as_str())
        );
        // A key has lines, and a path has none.
        findings
            .report(Code::InvalidCharacter, path.span(), message)
            .help("write the path of a file, or the text itself as {\"text\": \"...\"}");
        return None;
    }
    if name::is_directory(path.as_str()) {
        let message = format!(
            "the path of the secret {} names a directory, not a file",
            quoted(id.as_str())
        );
        findings
            .report(Code::BadPath, path.span(), message)
            .help("add the name of the file");
        return None;
    }
    Some(path)
}

fn id_is_sound<'t>(findings: &mut Findings<'t>, id: &Text<'t>) -> bool {
    let sound = !id.as_str().contains(char::is_control);
    if !sound {
        findings.report(
            Code::InvalidCharacter,
            id.span(),
            "the id of a secret holds a control character",
        );
    }
    sound
}

/// The agent of `buildkit_ssh`.
pub(crate) fn ssh<'t>(findings: &mut Findings<'t>, text: Text<'t>) -> Option<Ssh<'t>> {
    let text = name::path(findings, text)?;
    let value = text.as_str();
    let (id, paths) = value
        .split_once('=')
        .map_or((value, None), |(id, paths)| (id, Some(paths)));
    let paths: Vec<_> = paths
        .map(|paths| paths.split(',').map(str::to_owned).collect())
        .unwrap_or_default();
    let (message, help) = if id.is_empty() {
        (
            "the agent has no id".to_owned(),
            "write `default=path`, or `default` for the agent of `SSH_AUTH_SOCK`",
        )
    } else if id.contains(',') {
        (
            format!("{} is no id: it holds a comma", quoted(id)),
            "one agent can be given: `id=path`, with further keys after commas",
        )
    } else if paths.iter().any(String::is_empty) {
        ("a path is empty".to_owned(), "write `id=path`")
    } else if paths.iter().any(|path| path.starts_with("raw=")) {
        (
            "`raw` is not an option here".to_owned(),
            "give the socket of an agent, or private keys",
        )
    } else {
        return Some(Ssh {
            id: id.to_owned(),
            paths,
            text,
        });
    };
    findings
        .report(Code::BadSsh, text.span(), message)
        .help(help);
    None
}
