//! What is said of a document, as a client shows it.

use std::ops::Range;

use lsp_types::{Diagnostic as Mark, DiagnosticSeverity, NumberOrString};
use oci_image::diagnostics::Report;
use oci_image_schema::diagnostic::{Diagnostic, Severity};

use super::line_index::Unit;
use super::open_text::OpenText;

/// Who says it.
pub(super) const SOURCE: &str = "oci-image";
/// How many values are listed that would be right; more hide what is said.
const LONGEST_LIST: usize = 8;

/// All that is said of a document.
pub(super) fn marks(report: &Report, open: &OpenText, unit: Unit) -> Vec<Mark> {
    let mark = |said| mark(said, bytes(report, said), open, unit);
    report.diagnostics.iter().map(mark).collect()
}

/// One of them, at bytes of the text.
pub(super) fn mark(said: &Diagnostic, bytes: Range<usize>, open: &OpenText, unit: Unit) -> Mark {
    Mark {
        range: open.index.range(&open.text, unit, bytes),
        severity: Some(match said.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(said.code.clone())),
        source: Some(SOURCE.to_owned()),
        message: message(said),
        ..Mark::default()
    }
}

/// Where something is said of the document itself; at its beginning what has no place in it.
pub(super) fn bytes(report: &Report, said: &Diagnostic) -> Range<usize> {
    report.place(said).unwrap_or(0..0)
}

/// What is said, what to do about it, and what would be right.
fn message(said: &Diagnostic) -> String {
    let mut message = said.message.clone();
    if let Some(help) = &said.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    if said.help.is_none() && (1..=LONGEST_LIST).contains(&said.allowed.len()) {
        message.push_str("\nallowed: `");
        message.push_str(&said.allowed.join("`, `"));
        message.push('`');
    }
    message
}
