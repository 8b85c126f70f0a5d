//! Where a text ceases to be JSON, and what was probably meant there.
//!
//! Source: the errors of `serde_json`.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;

use crate::findings::Findings;

/// Reports where the text ceases to be JSON, in the words of `serde_json` without its line and column.
pub(crate) fn report<'t>(text: &'t str, findings: &mut Findings<'t>, error: &serde_json::Error) {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let mut start = (line_start + error.column())
        .saturating_sub(1)
        .min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
    let message = error.to_string();
    let words = message
        .rfind(" at line ")
        .map_or(&*message, |at| &message[..at])
        .replace("EOF while parsing", "the text ends within");
    let finding = findings.report(
        Code::InvalidJson,
        Span::of(start..end),
        format!("this is not JSON: {words}"),
    );
    if text.starts_with('\u{feff}') {
        finding.help("remove the byte order mark");
    } else if text.trim().is_empty() {
        finding.help("write {\"context\": \".\", \"output\": \"image\"}");
    } else if text[start..].starts_with(['}', ']']) && text[..start].trim_end().ends_with(',') {
        finding.help("remove the comma before it");
    } else if text[..start].trim().is_empty() && begins_with_yaml_key(&text[start..]) {
        finding.help("write JSON: a request in YAML is taken from a file, not as a message");
    } else if let Some(help) = syntax_help(&words, &text[start..]) {
        finding.help(help);
    }
}

/// Whether a text begins as a map in YAML does: `context: .`.
fn begins_with_yaml_key(text: &str) -> bool {
    let is_of_key = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '$');
    let rest = text.trim_start_matches(is_of_key);
    rest.len() < text.len()
        && rest
            .strip_prefix(':')
            .is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// What to do where a text that begins with `rest` is not JSON.
fn syntax_help(words: &str, rest: &str) -> Option<&'static str> {
    if rest.starts_with(['/', '#']) {
        Some("remove it: JSON has no comments; a request in YAML may have them")
    } else if rest.starts_with('\'') {
        Some("use double quotes")
    } else if words == "key must be a string" {
        Some("put the key in double quotes")
    } else if words.starts_with("the text ends within") {
        Some("close what is open: a `{`, a `[` or a quote")
    } else if words.starts_with("expected `,`") {
        Some("put a comma between two entries, or close what is open")
    } else {
        None
    }
}
