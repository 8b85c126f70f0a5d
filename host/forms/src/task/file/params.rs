//! The parameters of a task file: variables, and what is wrong or odd about them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::compression::ZSTD;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};
use oci_image_schema::parameter::FALSE;
use serde_json::value::RawValue;

use super::entry::Entry;
use super::kind::entries;
use crate::secret_name;
use crate::task::variable::{Role, meant, near};

/// How many mistakes are told. The planner tells as many of its own.
const MOST_MISTAKES: usize = 100;
/// The keys that Concourse wants, with what is written for them.
const REQUIRED: [(&str, &str); 2] = [
    ("platform", "platform: linux"),
    ("run", "run: {path: build}"),
];

/// How a plain scalar is written that stands at a part of the JSON; nothing where it is no such scalar.
pub type Written<'y> = dyn Fn(Range<usize>) -> Option<&'y str> + 'y;

/// Reads `params`.
pub(super) struct Reader<'json, 'y> {
    json: &'json str,
    written: &'json Written<'y>,
    names: BTreeSet<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) secrets: Vec<Range<usize>>,
    pub(super) variables: Vec<(OsString, OsString)>,
    pub(super) mistakes: Vec<Diagnostic>,
    pub(super) unfilled: Vec<Diagnostic>,
    /// The parameters of those that are left open.
    open: BTreeSet<String>,
}

/// What a value is in the environment.
enum Value {
    Text(String),
    /// Another text than the one that is written.
    Rewritten(String),
    /// None that could be there.
    Nothing,
}

impl<'json, 'y> Reader<'json, 'y> {
    pub(super) fn new(json: &'json str, written: &'json Written<'y>) -> Self {
        Self {
            json,
            written,
            names: BTreeSet::new(),
            entries: Vec::new(),
            secrets: Vec::new(),
            variables: Vec::new(),
            mistakes: Vec::new(),
            unfilled: Vec::new(),
            open: BTreeSet::new(),
        }
    }

    /// Judges the keys of the file: those that Concourse wants are there, and none is twice.
    pub(super) fn judge_keys(&mut self, file: &[(String, &RawValue)]) {
        let mut seen = BTreeSet::new();
        for (name, value) in file {
            if !seen.insert(name) {
                let value = self.range(value);
                let message = format!("`{name}` is written twice");
                self.report(
                    value,
                    Code::DuplicateKey,
                    message,
                    Some("remove one of the two"),
                );
            }
        }
        for (key, example) in REQUIRED {
            if !file.iter().any(|(name, _)| name == key) {
                let message = format!("a task needs `{key}`");
                let help = format!("add `{example}`");
                self.report(0..1, Code::MissingKey, message, Some(&help));
            }
        }
    }

    /// Remarks that nothing is judged.
    pub(super) fn other_program(&mut self, run: Range<usize>, name: &str) {
        let message =
            format!("this task runs `{name}`, and not `build`: its parameters are not judged");
        let help = "where it calls `build` in the end, it is right as it is";
        self.report(run, Code::OtherProgram, message, Some(help));
    }

    pub(super) fn params(&mut self, params: &'json RawValue) {
        let range = self.range(params);
        let Some(entries) = entries(params.get()) else {
            return self.no_map(range, params.get());
        };
        let mut start = range.start;
        for (name, value) in entries {
            let value_range = self.range(value);
            // A bracket or a comma before it, a colon after it.
            let key = start + 1..value_range.start - 1;
            start = value_range.end;
            if is_hidden(&name) && value.get() != "null" {
                self.secrets.push(value_range);
            } else if may_hold_value(&name) && value.get() == "null" {
                self.secrets.push(key.clone());
            }
            self.parameter(name, key, value);
        }
    }

    /// All parameters at once: in a variable, or wrong.
    fn no_map(&mut self, range: Range<usize>, params: &str) {
        match serde_json::from_str::<String>(params) {
            Ok(text) if has_variable(&text) => self.unfilled("params", range),
            _ if params == "null" => {}
            _ => {
                let message = format!("`params` must be a map, and is {}", kind(params));
                self.report(range, Code::WrongType, message, None);
            }
        }
    }

    fn parameter(&mut self, name: String, key: Range<usize>, value: &RawValue) {
        if !self.names.insert(name.clone()) {
            let message = format!("`{name}` is written twice");
            let help = Some("remove one of the two");
            self.report(key, Code::DuplicateKey, message, help);
            return;
        }
        if has_variable(&name) {
            return self.unfilled(&name, key);
        }
        let Some(role) = Role::of(&name) else {
            return self.unknown(&name, key);
        };
        if name.contains('=') {
            let message = format!("`{name}` is no name of a variable: it holds `=`");
            let help = "write the name before the colon, and the value after it";
            return self.report(key, Code::UnknownKey, message, Some(help));
        }
        let range = self.range(value);
        match self.value(value.get(), &range) {
            Value::Text(text) if has_variable(&text) => {
                self.open.insert(name.clone());
                self.unfilled(&name, range.clone());
            }
            Value::Text(text) => self.variables.push((name.clone().into(), text.into())),
            Value::Rewritten(text) => {
                if !role.is_flag() {
                    self.rewritten(role, range.clone(), &text);
                }
                self.variables.push((name.clone().into(), text.into()));
            }
            Value::Nothing => {
                // Of a codec that is none, no level is wrong.
                if name == "COMPRESSION" {
                    self.open.insert(name.clone());
                }
                self.no_text(range.clone(), value.get());
            }
        }
        self.entries.push(Entry {
            name,
            key,
            value: range,
            is_secret: role.is_secret(),
        });
    }

    /// Takes for what is left open what forbids nothing elsewhere: nobody knows it, and no other parameter is wrong by it.
    pub(super) fn stand_in(&mut self) {
        let is_open = |name: &str| self.open.contains(name);
        let has_open_codec = is_open("COMPRESSION");
        if has_open_codec || is_open("OUTPUT_OCI") || is_open("IMAGE_PLATFORM") {
            self.stand_in_as("OUTPUT_OCI", "true");
        }
        if has_open_codec {
            self.stand_in_as("COMPRESSION", ZSTD);
        }
    }

    fn stand_in_as(&mut self, name: &str, value: &str) {
        let is_no = |value: &OsString| {
            let text = value.to_str();
            text.is_some_and(|text| text.is_empty() || FALSE.contains(&text))
        };
        // What is wrong by itself is told.
        self.variables
            .retain(|(other, value)| other != name || !is_no(value));
        if !self.variables.iter().any(|(other, _)| other == name) {
            self.variables.push((name.into(), value.into()));
        }
    }

    /// Another program's parameter, or one that is mistyped.
    fn unknown(&mut self, name: &str, key: Range<usize>) {
        if self.mistakes.len() < MOST_MISTAKES
            && let Some(meant) = meant(name)
        {
            let message = format!("`{name}` is not a parameter, and counts for nothing");
            let help = format!("did you mean `{meant}`?");
            self.report(key, Code::UnknownParameter, message, Some(&help));
        }
    }

    fn unfilled(&mut self, name: &str, range: Range<usize>) {
        let message = format!("`{name}` has a variable that only Concourse fills in");
        let help = "write its value here, or let Concourse run the task";
        let unfilled = Diagnostic::new(Code::UnfilledVariable, message).help(help);
        self.unfilled
            .push(unfilled.at(Place::Object(Span::of(range))));
    }

    /// What Concourse makes of a value, and of a secret nobody wants that.
    fn rewritten(&mut self, role: Role, range: Range<usize>, text: &str) {
        if role.is_secret() {
            let message = "this is no text, and Concourse would write it in another form";
            let help = Some("put it in quotes");
            return self.report(range, Code::WrongType, message.to_owned(), help);
        }
        let message = format!("this is no text, and Concourse makes `{text}` of it");
        let help = Some("put it in quotes, or write what Concourse makes of it");
        self.report(range, Code::RewrittenValue, message, help);
    }

    fn no_text(&mut self, range: Range<usize>, value: &str) {
        let found = kind(value);
        let message = format!("expected a text, a number or a boolean, found {found}");
        let help = match found {
            "a list" => "write a text, with commas between the elements",
            _ => "write a text",
        };
        self.report(range, Code::WrongType, message, Some(help));
    }

    fn value(&self, json: &str, range: &Range<usize>) -> Value {
        let text = match json.as_bytes().first() {
            Some(b'"') => return Value::Text(serde_json::from_str(json).unwrap_or_default()),
            Some(b'n') => return Value::Text(String::new()),
            Some(b'{' | b'[') => return Value::Nothing,
            _ => json.to_owned(),
        };
        match (self.written)(range.clone()) {
            Some(written) if written != text => Value::Rewritten(text),
            _ => Value::Text(text),
        }
    }

    fn report(&mut self, range: Range<usize>, code: Code, message: String, help: Option<&str>) {
        if self.mistakes.len() < MOST_MISTAKES {
            let mistake = Diagnostic {
                help: help.map(str::to_owned),
                ..Diagnostic::new(code, message)
            };
            self.mistakes
                .push(mistake.at(Place::Object(Span::of(range))));
        }
    }

    /// Where a part of the JSON stands in it.
    pub(super) fn range(&self, part: &RawValue) -> Range<usize> {
        let start = part.get().as_ptr().addr() - self.json.as_ptr().addr();
        start..start + part.get().len()
    }
}

/// Whether nobody is shown the value of a parameter: of a secret, and of another program, whose secrets have names of its own. A
/// mistyped name of ours is shown.
fn is_hidden(name: &str) -> bool {
    match Role::of(name) {
        Some(role) => role.is_secret(),
        None => near(name).is_none(),
    }
}

/// Whether a name that has no value holds that of a secret, behind another sign than a colon and a blank.
fn may_hold_value(name: &str) -> bool {
    let is_of_word = |sign: char| sign.is_ascii_alphanumeric() || "_.-".contains(sign);
    let word = name.split(|sign| !is_of_word(sign)).next();
    let word = word.unwrap_or_default();
    word.len() < name.len() && secret_name::is_of_parameter(word)
}

/// What a value is.
fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "a map",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Whether Concourse fills something in: `((name))`.
fn has_variable(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("((") {
        let name = after.find(['(', ')']);
        if name.is_some_and(|end| end > 0 && after[end..].starts_with("))")) {
            return true;
        }
        rest = after;
    }
    false
}
