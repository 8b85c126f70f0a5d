//! `NAME=VALUE`: build arguments, labels, image arguments, in a list of the object or on a line of a file.
//!
//! The value is everything after the first `=`, untouched. A list is written for us, so a name in it that cannot be meant is a mistake;
//! a file may be another program's, so there it stays what it is, as it does for `oci-build-task`, and a warning says so.
//!
//! Reads and writes nothing.
//! Source: `buildctl --opt` (split at the first `=`; the last of equal names wins), Dockerfile reference for what `ARG` expands.

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::code::Code;

use crate::findings::{Findings, Origin, quoted};
use crate::json::Text;

/// What a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PairKind {
    BuildArg,
    Label,
    ImageArg,
}

impl PairKind {
    /// What one is called in a message.
    const fn noun(self) -> &'static str {
        match self {
            Self::BuildArg => "a build argument",
            Self::Label => "a label",
            Self::ImageArg => "an image argument",
        }
    }

    const fn bad_name(self) -> Code {
        match self {
            Self::BuildArg | Self::ImageArg => Code::BadArgumentName,
            Self::Label => Code::BadLabelName,
        }
    }

    pub(crate) const fn example(self) -> &'static str {
        match self {
            Self::BuildArg => "VERSION=1.0",
            Self::Label => "org.opencontainers.image.title=hello",
            Self::ImageArg => "BASE=base/image.tar",
        }
    }
}

/// A pair whose name is sound.
#[derive(Debug, Clone)]
pub(crate) struct Pair<'t> {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The string of the object that holds the pair, or names its file.
    pub(crate) text: Text<'t>,
}

/// Reads the pairs of a list; the last of equal names stays, in the place of the first.
pub(crate) fn pairs<'t>(
    findings: &mut Findings<'t>,
    kind: PairKind,
    list: Vec<Text<'t>>,
) -> Vec<Pair<'t>> {
    let mut collected = Pairs::new(kind);
    for text in list {
        collected.add(findings, text.as_str(), &Origin::Object(&text), &text);
    }
    collected.list
}

/// Pairs as they are collected from a list or file.
pub(crate) struct Pairs<'t> {
    kind: PairKind,
    pub(crate) list: Vec<Pair<'t>>,
    places: BTreeMap<String, usize>,
}

impl<'t> Pairs<'t> {
    pub(crate) fn new(kind: PairKind) -> Self {
        Self {
            kind,
            list: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    pub(crate) fn kind(&self) -> PairKind {
        self.kind
    }

    /// Judges one pair, and takes it if it is sound.
    pub(crate) fn add(
        &mut self,
        findings: &mut Findings<'t>,
        pair: &str,
        origin: &Origin<'_, 't>,
        text: &Text<'t>,
    ) {
        let Some((name, value)) = split(findings, self.kind, pair, origin) else {
            return;
        };
        if self.kind == PairKind::ImageArg && value.is_empty() {
            let message = format!("the image argument {} names no file", quoted(name));
            let help = "write the path of an image after the `=`, as in `BASE=base/image.tar`";
            origin
                .report(findings, Code::EmptyValue, 0..pair.len(), message)
                .help(help);
            return;
        }
        if !name_is_sound(findings, self.kind, name, origin) {
            return;
        }
        // Also of a value that does not count in the end.
        if self.kind == PairKind::ImageArg && value.contains(char::is_control) {
            let message = "the path of an image holds a control character";
            findings.report(Code::InvalidCharacter, text.span(), message);
            return;
        }
        self.insert(findings, (name, value), origin, text);
    }

    /// Takes a pair whose name is sound.
    pub(crate) fn insert(
        &mut self,
        findings: &mut Findings<'t>,
        (name, value): (&str, &str),
        origin: &Origin<'_, 't>,
        text: &Text<'t>,
    ) {
        let pair = Pair {
            name: name.to_owned(),
            value: value.to_owned(),
            text: text.clone(),
        };
        let Some(place) = self.places.get(name) else {
            self.places.insert(name.to_owned(), self.list.len());
            self.list.push(pair);
            return;
        };
        self.list[*place] = pair;
        let message = format!("{} is given twice, and this value counts", quoted(name));
        origin
            .report(findings, Code::RepeatedName, 0..name.len(), message)
            .help("remove one of the two");
    }
}

fn split<'p>(
    findings: &mut Findings<'_>,
    kind: PairKind,
    pair: &'p str,
    origin: &Origin<'_, '_>,
) -> Option<(&'p str, &'p str)> {
    let split = pair.split_once('=');
    if split.is_none() {
        let message = format!("{} has no `=`, so it is not {}", quoted(pair), kind.noun());
        let help = format!("write `NAME=VALUE`, as in `{}`", kind.example());
        origin
            .report(findings, Code::MissingEquals, 0..pair.len(), message)
            .help(help);
    }
    split
}

/// Whether a name may stand before `=`; if it is merely odd, it may, and a warning says so.
pub(crate) fn name_is_sound(
    findings: &mut Findings<'_>,
    kind: PairKind,
    name: &str,
    origin: &Origin<'_, '_>,
) -> bool {
    let is_in_file = matches!(origin, Origin::File { .. });
    if name.is_empty() || is_in_file && name.trim().is_empty() {
        let code = if is_in_file {
            Code::OddEntry
        } else {
            kind.bad_name()
        };
        report_no_name(findings, kind, code, origin);
        return false;
    }
    if let Some((at, found)) = name
        .char_indices()
        .find(|(_, character)| character.is_whitespace() || character.is_control())
    {
        let range = at..at + found.len_utf8();
        if found.is_whitespace() && is_in_file {
            remark_on_blanks(findings, kind, name, origin, range);
            return true;
        }
        let message = format!(
            "the name {} holds white space or a control character",
            quoted(name)
        );
        origin
            .report(findings, kind.bad_name(), range, message)
            .help("remove it; blanks around `=` count too");
        return false;
    }
    // A byte order mark is told as one (`lines`).
    let bare = name.trim_start_matches('\u{feff}');
    if kind != PairKind::Label && !is_identifier(bare) {
        let message = format!(
            "no Dockerfile can expand an argument of the name {}",
            quoted(name)
        );
        let help = "use letters, digits and `_`, and begin with no digit";
        origin
            .report(findings, Code::OddArgumentName, 0..name.len(), message)
            .help(help);
    }
    true
}

fn report_no_name(
    findings: &mut Findings<'_>,
    kind: PairKind,
    code: Code,
    origin: &Origin<'_, '_>,
) {
    let message = format!("{} has no name before the `=`", kind.noun());
    let help = format!("write `NAME=VALUE`, as in `{}`", kind.example());
    origin.report(findings, code, 0..1, message).help(help);
}

/// Says what becomes of a name with white space in it: it counts, and hardly any Dockerfile has it.
fn remark_on_blanks(
    findings: &mut Findings<'_>,
    kind: PairKind,
    name: &str,
    origin: &Origin<'_, '_>,
    range: Range<usize>,
) {
    let message = match kind {
        PairKind::Label => format!("the label is called {}, white space included", quoted(name)),
        PairKind::BuildArg | PairKind::ImageArg => format!(
            "the argument is called {}, white space included, and so no stage declares it",
            quoted(name)
        ),
    };
    let bare = name.trim();
    let exported = bare.strip_prefix("export").map(str::trim_start);
    let help = match exported {
        Some(exported) if exported.len() < bare.len() - "export".len() => {
            format!("write {} alone, without `export`", quoted(exported))
        }
        _ if bare.contains(char::is_whitespace) => {
            "write one `NAME=VALUE` a line, without white space in the name".to_owned()
        }
        _ => format!("write {}, without white space around it", quoted(bare)),
    };
    origin
        .report(findings, Code::OddEntry, range, message)
        .help(help);
}

fn is_identifier(name: &str) -> bool {
    let begins =
        name.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
    begins
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
