//! The text files that an object names: arguments and labels line by line, and the file of the target.
//!
//! Lines are `NAME=VALUE`; blank lines are skipped and nothing is trimmed, so a value may begin and end with blanks.
//! Source: `oci-build-task`'s `BUILD_ARGS_FILE`, `LABELS_FILE`, `TARGET_FILE`.

use oci_image_schema::code::Code;

use crate::findings::{Findings, Origin, quoted};
use crate::json::Text;
use crate::name;
use crate::pair::{Pair, PairKind, Pairs};
use crate::workspace::{FileError, Workspace};
use crate::yaml;

/// The pairs of the file at `path`; YAML if its name says so and it holds build arguments.
pub(crate) fn pairs<'t>(
    findings: &mut Findings<'t>,
    workspace: &dyn Workspace,
    kind: PairKind,
    path: &Text<'t>,
) -> Vec<Pair<'t>> {
    let Some(text) = read(findings, workspace, path) else {
        return Vec::new();
    };
    let mut pairs = Pairs::new(kind);
    let is_yaml = path.as_str().ends_with(".yml") || path.as_str().ends_with(".yaml");
    if is_yaml && kind == PairKind::BuildArg {
        yaml::read(findings, &mut pairs, path, &text);
    } else {
        read_lines(findings, &mut pairs, path, &text);
    }
    pairs.list
}

fn read_lines<'t>(findings: &mut Findings<'t>, pairs: &mut Pairs<'t>, path: &Text<'t>, text: &str) {
    let mut start = 0;
    for line in text.split('\n') {
        let origin = Origin::File { path, start };
        if line == "\r" {
            // A blank line of a file with CR LF: no value could have been meant.
        } else if !line.is_empty() {
            if line.ends_with('\r') {
                let range = line.len() - 1..line.len();
                let message =
                    "the line ends with a carriage return, which becomes part of the value";
                origin
                    .report(findings, Code::CarriageReturn, range, message)
                    .help("save the file with LF line ends");
            }
            pairs.add(findings, line, &origin, path);
        }
        start += line.len() + 1;
    }
}

/// The target that the file at `path` names; absent if it is blank or cannot be one.
pub(crate) fn target<'t>(
    findings: &mut Findings<'t>,
    workspace: &dyn Workspace,
    path: &Text<'t>,
) -> Option<String> {
    let text = read(findings, workspace, path)?;
    let target = text.trim();
    if target.is_empty() {
        let message = format!(
            "{} is blank, so the last stage is built",
            quoted(path.as_str())
        );
        findings.report(Code::EmptyFile, path.span(), message);
        return None;
    }
    let start = text.len() - text.trim_start().len();
    name::target(findings, target, &Origin::File { path, start }).then(|| target.to_owned())
}

fn read<'t>(
    findings: &mut Findings<'t>,
    workspace: &dyn Workspace,
    path: &Text<'t>,
) -> Option<String> {
    let error = match workspace.read_text(path.as_str()) {
        Ok(text) => return Some(text),
        Err(error) => error,
    };
    let quoted = quoted(path.as_str());
    let is_denied = error == FileError::Denied;
    let (code, message) = match error {
        FileError::NotFound => (
            Code::MissingPath,
            format!("the file {quoted} does not exist"),
        ),
        FileError::IsDirectory => (
            Code::NotAFile,
            format!("{quoted} is a directory, not a file"),
        ),
        FileError::NotText => (
            Code::UnreadableFile,
            format!("the file {quoted} is not UTF-8 text"),
        ),
        FileError::TooLarge(limit) => (
            Code::UnreadableFile,
            format!("the file {quoted} holds more than {limit} bytes"),
        ),
        FileError::Denied => (
            Code::UnreadableFile,
            format!("the host does not let {quoted} be read"),
        ),
        FileError::Other(words) => (
            Code::UnreadableFile,
            format!("cannot read {quoted}: {words}"),
        ),
    };
    let finding = findings.report(code, path.span(), message);
    if is_denied {
        finding.help("what `buildkit_secrets` names is read for nothing else");
    }
    None
}
