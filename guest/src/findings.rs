//! What is wrong or odd in a request: collected everywhere, handed out once, in the order of the object's text.
//!
//! A finding keeps places; its JSON Pointer is worked out from the place when it is handed out, so that no reader carries pointers
//! about. At most [`MAX_FINDINGS`] are kept, so that a list of a million mistakes stays an answer and not a flood.
//!
//! Unknown here: what the rules are. Source: `planner.wit`, interface `diagnostics`.

use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Severity, Span};
use oci_image_schema::login;

use crate::json::{self, Text};

/// The most findings that are kept.
const MAX_FINDINGS: usize = 100;
/// The most characters of the user's text that a message repeats.
const MAX_QUOTED: usize = 80;

/// The longest message or help, in bytes.
const MAX_MESSAGE: usize = 1000;

/// The findings about one object.
pub(crate) struct Findings<'t> {
    object: &'t str,
    found: Vec<Finding>,
    overflow: Finding,
    omitted: usize,
    failed: bool,
}

/// One finding, to which help is added after it was reported.
pub(crate) struct Finding {
    code: Code,
    cause: Span,
    file: Option<FilePlace>,
    message: String,
    help: Option<String>,
    allowed: Vec<String>,
}

impl Finding {
    fn new(code: Code, cause: Span, message: String) -> Self {
        Self {
            code,
            cause,
            file: None,
            message,
            help: None,
            allowed: Vec::new(),
        }
    }

    /// What to do about it.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// The values that would be right.
    pub(crate) fn allowed(&mut self, values: &[&str]) -> &mut Self {
        self.allowed = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    fn into_diagnostic(self, pointer: String) -> Diagnostic {
        Diagnostic {
            code: self.code.name().to_owned(),
            severity: self.code.severity(),
            pointer,
            place: Some(self.file.map_or(Place::Object(self.cause), Place::File)),
            message: clipped(self.message),
            help: self.help.map(clipped),
            allowed: self.allowed,
        }
    }
}

/// A message that repeats what is not the user's alone (a parser's words, the name of a setting) is bounded here.
fn clipped(mut message: String) -> String {
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        message.push('…');
    }
    message
}

impl<'t> Findings<'t> {
    pub(crate) fn new(object: &'t str) -> Self {
        let overflow = Finding::new(
            Code::TooManyMistakes,
            Span { start: 0, end: 0 },
            String::new(),
        );
        Self {
            object,
            found: Vec::new(),
            overflow,
            omitted: 0,
            failed: false,
        }
    }

    /// Reports a finding at a place of the object's text.
    pub(crate) fn report(
        &mut self,
        code: Code,
        cause: Span,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.failed |= code.severity() == Severity::Error;
        let finding = Finding::new(code, cause, message.into());
        if code.severity() == Severity::Error {
            self.make_room();
        }
        if self.found.len() < MAX_FINDINGS {
            self.found.push(finding);
            return self
                .found
                .last_mut()
                .expect("a finding was pushed on the line before");
        }
        self.omitted += 1;
        self.overflow = finding;
        &mut self.overflow
    }

    /// Drops the last remark of a full list: what ends the build is shown before it.
    fn make_room(&mut self) {
        let is_remark = |finding: &Finding| finding.code.severity() == Severity::Warning;
        if self.found.len() == MAX_FINDINGS
            && let Some(last) = self.found.iter().rposition(is_remark)
        {
            self.found.remove(last);
            self.omitted += 1;
        }
    }

    /// Whether anything found ends the build.
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// Whether the host may have read another object: of a key that is written twice it reads the other value, and of a string that
    /// UTF-8 cannot hold nothing. What it then denies is no second mistake.
    pub(crate) fn excuse_denials(&self) -> bool {
        let excuses = [Code::DuplicateKey, Code::InvalidJson];
        self.found
            .iter()
            .any(|finding| excuses.contains(&finding.code))
    }

    /// Everything found, by place; at one place in the order in which it was found.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        if self.found.is_empty() {
            return Vec::new(); // and the object is not walked for places
        }
        self.found.sort_by_key(|finding| {
            (
                finding.cause.start,
                finding.file.as_ref().map(|file| file.span.start),
            )
        });
        if self.omitted > 0 {
            let message = format!("{} more are not shown", self.omitted);
            let end = Span::of(self.object.len()..self.object.len());
            self.found
                .push(Finding::new(Code::TooManyMistakes, end, message));
        }
        let causes: Vec<_> = self
            .found
            .iter()
            .map(|finding| finding.cause.start as usize)
            .collect();
        let pointers = json::pointers(self.object, &causes);
        let mut diagnostics: Vec<Diagnostic> = self
            .found
            .into_iter()
            .zip(pointers)
            .map(|(finding, pointer)| finding.into_diagnostic(pointer))
            .collect();
        // A flood of remarks ends no build, so it is a remark itself.
        if let Some(overflow) = diagnostics.last_mut().filter(|_| !self.failed) {
            overflow.severity = Severity::Warning;
        }
        diagnostics
    }
}

/// Where a text stands that a rule judges.
pub(crate) enum Origin<'a, 't> {
    /// In a string of the object.
    Object(&'a Text<'t>),
    /// In the file that a string of the object names, from byte `start`.
    File {
        /// The string that names it.
        path: &'a Text<'t>,
        /// Where the judged text begins in the file.
        start: usize,
    },
}

impl Origin<'_, '_> {
    /// Reports a finding about bytes `range` of the judged text.
    pub(crate) fn report<'f>(
        &self,
        findings: &'f mut Findings<'_>,
        code: Code,
        range: Range<usize>,
        message: impl Into<String>,
    ) -> &'f mut Finding {
        match self {
            Self::Object(text) => findings.report(code, text.part(&range), message),
            Self::File { path, start } => {
                let finding = findings.report(code, path.span(), message);
                let span = Span::of(start + range.start..start + range.end);
                finding.file = Some(FilePlace {
                    path: path.as_str().to_owned(),
                    span,
                });
                finding
            }
        }
    }
}

/// The user's text within a message: in backticks, on one line, and not longer than a line.
pub(crate) fn quoted(text: &str) -> String {
    let text = login::masked(text);
    let mut quoted = String::from("`");
    let mut characters = text.chars();
    for character in characters.by_ref().take(MAX_QUOTED) {
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    if characters.next().is_some() {
        quoted.push('…');
    }
    quoted.push('`');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_is_not_quoted() {
        assert_eq!(
            quoted("https://u:xyzzy@m.example/a"),
            "`https://***@m.example/a`"
        );
    }

    #[test]
    fn a_quotation_is_one_short_line() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), "`a\\nb\\u{1b}[31m`");
        assert_eq!(
            quoted(&"x".repeat(1_000_000)).chars().count(),
            MAX_QUOTED + 3
        );
    }

    #[test]
    fn a_flood_of_mistakes_is_cut_and_says_so() {
        let mut findings = Findings::new("{}");
        for _ in 0..250 {
            findings
                .report(Code::EmptyValue, Span { start: 0, end: 1 }, "empty")
                .help("fill it");
        }

        let diagnostics = findings.into_diagnostics();

        assert_eq!(diagnostics.len(), MAX_FINDINGS + 1);
        assert_eq!(diagnostics[MAX_FINDINGS].message, "150 more are not shown");
    }
}
