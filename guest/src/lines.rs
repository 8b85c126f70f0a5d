//! The text files that an object names: arguments and labels line by line, and the file of the target.
//!
//! Lines are `NAME=VALUE`; blank lines and comments are skipped and nothing is trimmed, so a value may begin and end with blanks. What is
//! odd stays as it is, so that an image is the same whoever builds it, and a warning says what it became.
//! Source: `oci-build-task`'s `BUILD_ARGS_FILE`, `LABELS_FILE`, `TARGET_FILE`.

use std::ops::Range;

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
    let mut remarks = Remarks::default();
    let mut start = 0;
    for line in text.split('\n') {
        let origin = Origin::File { path, start };
        let meant = line.trim_start_matches(BYTE_ORDER_MARK).trim();
        if meant.starts_with('#') {
            if pairs.kind() == PairKind::Label && meant.contains('=') {
                remark_on_comment(findings, line, &origin);
            }
        } else if !meant.is_empty() {
            remarks.note(line, start);
            pairs.add(findings, line, &origin, path);
        }
        start += line.len() + 1;
    }
    remarks.report(findings, path);
}

/// What a file begins with that an editor has marked as UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// No argument can have the name of a comment, so it is left out without a word; a label could.
fn remark_on_comment(findings: &mut Findings<'_>, line: &str, origin: &Origin<'_, '_>) {
    let message = "a line that begins with `#` is a comment, and becomes no label";
    origin
        .report(findings, Code::OddEntry, 0..line.len(), message)
        .help("remove the line; `oci-build-task` makes a label of it");
}

/// What is odd about the values of a file, each where it is met first: a whole file was written in one way.
#[derive(Default)]
struct Remarks {
    marked: bool,
    carriage_return: Option<Range<usize>>,
    carriage_returns: usize,
    quotes: Option<Range<usize>>,
}

impl Remarks {
    /// Looks at a line that begins at byte `start` of the file.
    fn note(&mut self, line: &str, start: usize) {
        self.marked |= line.starts_with(BYTE_ORDER_MARK);
        let end = start + line.len();
        if line.ends_with('\r') {
            self.carriage_returns += 1;
            self.carriage_return.get_or_insert(end - 1..end);
        }
        let value = line.split_once('=').map_or("", |(_, value)| value);
        let value = value.trim_end_matches('\r');
        let is_quoted =
            |quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
        if is_quoted('"') || is_quoted('\'') {
            let begin = start + line.find('=').map_or(0, |at| at + 1);
            self.quotes.get_or_insert(begin..begin + value.len());
        }
    }

    fn report<'t>(self, findings: &mut Findings<'t>, path: &Text<'t>) {
        let origin = Origin::File { path, start: 0 };
        if self.marked {
            let message =
                "the file begins with a byte order mark, which becomes part of the first name";
            origin
                .report(
                    findings,
                    Code::OddEntry,
                    0..BYTE_ORDER_MARK.len_utf8(),
                    message,
                )
                .help("save the file as UTF-8 without the mark");
        }
        if let Some(range) = self.carriage_return {
            let mut message =
                "the line ends with a carriage return, which becomes part of the value".to_owned();
            if self.carriage_returns > 1 {
                message = format!("{message}; so do {} more", self.carriage_returns - 1);
            }
            origin
                .report(findings, Code::CarriageReturn, range, message)
                .help("save the file with LF line ends");
        }
        if let Some(range) = self.quotes {
            let message = "the quotes are part of the value";
            origin
                .report(findings, Code::OddEntry, range, message)
                .help("remove them, unless they are meant: nothing here is a shell");
        }
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
    if error == FileError::Denied && findings.excuse_denials() {
        return None;
    }
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
