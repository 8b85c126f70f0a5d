//! Reads values as types: each method takes a value, and either gives what was asked for or reports why not.
//!
//! Unknown here: which key takes which type. Source: RFC 8259.

use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;

use crate::findings::{Findings, quoted};
use crate::json::{Kind, MAX_ELEMENTS, Node, Text};
use crate::nearest::nearest;

/// Reads values for one key, and reports what is wrong with them.
pub(crate) struct Reader<'f, 't> {
    pub(crate) findings: &'f mut Findings<'t>,
}

impl<'t> Reader<'_, 't> {
    /// A boolean; `false` if it is none.
    pub(crate) fn boolean(&mut self, node: Node<'t>) -> bool {
        self.is(node, Kind::Boolean) && node.is_true()
    }

    /// A string that may be empty.
    pub(crate) fn text(&mut self, node: Node<'t>) -> Option<Text<'t>> {
        if !self.is(node, Kind::String) {
            return None;
        }
        let Some(text) = node.text() else {
            let message =
                "the string escapes half of a surrogate pair, which no UTF-8 text can hold";
            self.findings
                .report(Code::InvalidJson, node.span(), message);
            return None;
        };
        if let Some(at) = text.as_str().find('\0') {
            self.findings.report(
                Code::InvalidCharacter,
                text.part(&(at..at + 1)),
                "the string holds a NUL",
            );
            return None;
        }
        Some(text)
    }

    /// The string of an optional key: if it is empty, the key counts as left out.
    pub(crate) fn optional(&mut self, key: &str, node: Node<'t>) -> Option<Text<'t>> {
        let text = self.text(node)?;
        if text.as_str().is_empty() {
            let message = format!("`{key}` is empty, and counts as left out");
            self.findings
                .report(Code::IgnoredEmpty, node.span(), message)
                .help("remove the key, or give it a value");
            return None;
        }
        Some(text)
    }

    /// Whether an optional key is null, which counts as left out.
    pub(crate) fn is_left_out(&mut self, key: &str, node: Node<'t>) -> bool {
        let is_null = node.kind() == Kind::Null;
        if is_null {
            let message = format!("`{key}` is null, and counts as left out");
            self.findings
                .report(Code::IgnoredEmpty, node.span(), message)
                .help("remove the key, or give it a value");
        }
        is_null
    }

    /// A string that must hold something; `what` names it in the message.
    pub(crate) fn filled(&mut self, what: &str, node: Node<'t>) -> Option<Text<'t>> {
        let text = self.text(node)?;
        if text.as_str().is_empty() {
            self.findings
                .report(Code::EmptyValue, node.span(), format!("{what} is empty"));
            return None;
        }
        Some(text)
    }

    /// A list of strings that hold something; those that do not are left out.
    pub(crate) fn texts(&mut self, key: &str, node: Node<'t>) -> Vec<Text<'t>> {
        let what = format!("an element of `{key}`");
        self.elements(key, node)
            .into_iter()
            .filter_map(|element| self.filled(&what, element))
            .collect()
    }

    /// The elements of a list.
    pub(crate) fn elements(&mut self, key: &str, node: Node<'t>) -> Vec<Node<'t>> {
        if !self.is(node, Kind::List) {
            return Vec::new();
        }
        let elements = node.elements();
        self.limit(key, node.span(), elements.more);
        elements.list
    }

    /// The parts of a string between commas, and where in it they stand; none if there are more than a list may hold.
    pub(crate) fn items<'s>(
        &mut self,
        key: &str,
        text: &'s Text<'t>,
    ) -> Vec<(&'s str, Range<usize>)> {
        let items = text.items();
        self.limit(key, text.span(), items.more);
        if items.more { Vec::new() } else { items.list }
    }

    /// The entries of a map whose keys differ and hold something.
    pub(crate) fn entries(&mut self, key: &str, node: Node<'t>) -> Vec<(Text<'t>, Node<'t>)> {
        if !self.is(node, Kind::Object) {
            return Vec::new();
        }
        let entries = node.entries();
        self.limit(key, node.span(), entries.more);
        let mut seen = std::collections::BTreeSet::new();
        let mut unique = Vec::new();
        for (name, value) in entries.list {
            let Some(name) = self.filled(&format!("a name in `{key}`"), name) else {
                continue;
            };
            if seen.insert(name.as_str().to_owned()) {
                unique.push((name, value));
            } else {
                let message = format!("{} is written twice", quoted(name.as_str()));
                self.findings
                    .report(Code::DuplicateKey, name.span(), message)
                    .help("remove one of the two");
            }
        }
        unique
    }

    /// Reports a key that the map at hand does not define.
    pub(crate) fn unknown_key(&mut self, whole: &str, name: &Text<'t>, known: &[&str]) {
        let message = format!("{} is not a key of {whole}", quoted(name.as_str()));
        let finding = self.findings.report(Code::UnknownKey, name.span(), message);
        finding.allowed(known);
        if let Some(near) = nearest(name.as_str(), known) {
            finding.help(format!("did you mean `{near}`?"));
        }
    }

    fn limit(&mut self, key: &str, place: Span, more: bool) {
        if more {
            let message = format!("`{key}` holds more than {MAX_ELEMENTS} elements");
            self.findings.report(Code::TooManyElements, place, message);
        }
    }

    fn is(&mut self, node: Node<'t>, expected: Kind) -> bool {
        let found = node.kind();
        if found == expected {
            return true;
        }
        if found == Kind::Null {
            let message = format!("expected {}, found null", expected.phrase());
            self.findings
                .report(Code::NullValue, node.span(), message)
                .help("give it a value, or remove it");
            return false;
        }
        let message = format!("expected {}, found {}", expected.phrase(), found.phrase());
        let finding = self.findings.report(Code::WrongType, node.span(), message);
        match (expected, found) {
            (Kind::String, Kind::Number | Kind::Boolean) => finding.help("put it in quotes"),
            (Kind::String, Kind::List) => finding.help("write one string, without brackets"),
            (Kind::List, Kind::String) => finding.help("put it in a list: [\"...\"]"),
            (Kind::Boolean, Kind::String) => finding
                .help("write `true` or `false`, without quotes")
                .allowed(&["true", "false"]),
            (Kind::Boolean, _) => finding.allowed(&["true", "false"]),
            _ => finding,
        };
        false
    }
}
