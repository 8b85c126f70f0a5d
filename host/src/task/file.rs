//! A task file: its parameters, at their places in it.
//!
//! `params` are judged as Concourse and the schema of a task file do: by name and type, each once. What they say together is judged
//! by the planner, as in an environment. The rest of the file is Concourse's own.
//!
//! Unknown here: YAML. The file comes as JSON without white space, as `yaml` writes it, and places are those of that JSON.
//! Source: Concourse's documentation of tasks; `oci_image_schema::task`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Span};
use oci_image_schema::parameter::{INHERITED, Unquoted};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Parameters;
use super::variable::{Role, meant};
use crate::json_string::first_character;

/// The directory that is a task's build cache.
const CACHE: &str = "cache";

/// How many mistakes are told. The planner tells as many of its own.
const MOST_MISTAKES: usize = 100;
/// What the names of secrets hold, in whatever case: a name that is mistyped stands before a secret all the same.
const SECRET: &str = "SECRETTEXT";
/// What holds passwords of registries, and is no parameter.
const LOGINS: &str = "DOCKER_AUTH_CONFIG";

/// A task file's parameters.
// No `Debug`: it would show secrets.
pub struct TaskFile {
    parameters: Parameters,
    entries: Vec<Entry>,
    /// The values that nobody may see.
    secrets: Vec<Range<usize>>,
    /// What is wrong with a parameter by its name and type.
    pub mistakes: Vec<Diagnostic>,
    unfilled: Vec<Diagnostic>,
}

/// A parameter and where it stands.
struct Entry {
    name: String,
    /// The name's string, with its quotes.
    key: Range<usize>,
    value: Range<usize>,
    is_secret: bool,
}

impl TaskFile {
    /// Reads a file; nothing if it is no task.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        // A list would be read as a map's values in order.
        let map = json.starts_with('{').then_some(json)?;
        let file: File<'_> = serde_json::from_str(map).ok()?;
        file.platform.and(file.run)?;
        let mut reader = Reader::new(json);
        if let Some(params) = file.params {
            reader.params(params);
        }
        let keeps_cache = file.caches.is_some_and(|caches| keeps_cache(caches.get()));
        Some(Self {
            parameters: super::read(reader.variables, keeps_cache),
            entries: reader.entries,
            secrets: reader.secrets,
            mistakes: reader.mistakes,
            unfilled: reader.unfilled,
        })
    }

    /// What the parameters say, as an object.
    #[must_use]
    pub fn json(&self) -> &str {
        self.parameters.json()
    }

    /// Forgets the object as it was read, and keeps `masked`, which is as long, in its place.
    pub fn keep_masked(&mut self, masked: String) {
        self.parameters.keep_masked(masked);
    }

    /// The file, which is `json`, without what is secret in it, as long as it was.
    #[must_use]
    pub fn mask(&self, json: &str) -> String {
        let mut masked = json.as_bytes().to_vec();
        for value in &self.secrets {
            let shown = |byte: &&mut u8| !b"{}[]:,\"".contains(byte);
            for byte in masked[value.clone()].iter_mut().filter(shown) {
                *byte = b'*';
            }
        }
        String::from_utf8(masked).expect("whole characters were replaced: those of a token")
    }

    /// Whether a value is left open, which may be any.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        !self.unfilled.is_empty()
    }

    /// Makes a mistake of each `((variable))`: Concourse fills them in before a task runs, and nobody else can.
    pub fn refuse_variables(&mut self) {
        self.mistakes.append(&mut self.unfilled);
    }

    /// What is said about the object, as what is said about the file, which is `json`.
    #[must_use]
    pub fn of_file(&self, json: &str, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = self.parameters.of_parameters(diagnostic);
        let place = match &diagnostic.place {
            Some(Place::File(place)) => match self.entry(place) {
                Some(entry) => Some(Place::Object(entry.place(json, place.span))),
                None => diagnostic.place,
            },
            _ => None,
        };
        Diagnostic {
            place,
            ..diagnostic
        }
    }

    fn entry(&self, place: &FilePlace) -> Option<&Entry> {
        let name = place.path.strip_prefix('$')?;
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl Entry {
    /// Where a part of `NAME=value` stands in the file.
    fn place(&self, json: &str, part: Span) -> Span {
        let begin = self.byte(json, part.start as usize, false);
        let end = self.byte(json, part.end as usize, true);
        span(begin..end.max(begin))
    }

    fn byte(&self, json: &str, at: usize, is_end: bool) -> usize {
        let value = self.name.len() + 1;
        if at < value {
            let within = written(&json[self.key.clone()], at);
            return self.key.start + within;
        }
        let token = &json[self.value.clone()];
        let is_whole = self.is_secret || !token.starts_with('"');
        match (is_whole, is_end) {
            (true, false) => self.value.start,
            (true, true) => self.value.end,
            (false, _) => self.value.start + written(token, at - value),
        }
    }
}

/// The byte of a JSON string, with its quotes, at which the byte `at` of its characters is written.
fn written(string: &str, at: usize) -> usize {
    let (mut read, mut passed) = (1, 0);
    while passed < at {
        let Some((character, length)) = first_character(&string[read..]) else {
            break;
        };
        passed += character.len_utf8();
        read += length;
    }
    read
}

fn span(range: Range<usize>) -> Span {
    let short = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
    Span {
        start: short(range.start),
        end: short(range.end),
    }
}

/// What is read of a file. Of other keys nothing is asked here.
#[derive(Deserialize)]
struct File<'json> {
    #[serde(borrow)]
    platform: Option<&'json RawValue>,
    #[serde(borrow)]
    run: Option<&'json RawValue>,
    #[serde(borrow, default)]
    params: Option<&'json RawValue>,
    #[serde(borrow, default)]
    caches: Option<&'json RawValue>,
}

/// Whether a list of caches has that of a build.
fn keeps_cache(caches: &str) -> bool {
    #[derive(Deserialize)]
    struct Cache {
        path: String,
    }
    let caches: Vec<Cache> = serde_json::from_str(caches).unwrap_or_default();
    caches
        .iter()
        .any(|cache| cache.path.trim_end_matches('/').trim_start_matches("./") == CACHE)
}

/// Reads `params`.
struct Reader<'json> {
    json: &'json str,
    names: BTreeSet<String>,
    entries: Vec<Entry>,
    secrets: Vec<Range<usize>>,
    variables: Vec<(OsString, OsString)>,
    mistakes: Vec<Diagnostic>,
    unfilled: Vec<Diagnostic>,
}

impl<'json> Reader<'json> {
    fn new(json: &'json str) -> Self {
        Self {
            json,
            names: BTreeSet::new(),
            entries: Vec::new(),
            secrets: Vec::new(),
            variables: Vec::new(),
            mistakes: Vec::new(),
            unfilled: Vec::new(),
        }
    }

    fn params(&mut self, params: &'json RawValue) {
        let Ok(Params(entries)) = serde_json::from_str(params.get()) else {
            let message = format!("`params` must be a map, and is {}", kind(params.get()));
            self.report(self.range(params), Code::WrongType, message, None);
            return;
        };
        let mut start = self.range(params).start;
        for (name, value) in entries {
            let value_range = self.range(value);
            // A bracket or a comma before it, a colon after it.
            let key = start + 1..value_range.start - 1;
            start = value_range.end;
            if name.to_ascii_uppercase().contains(SECRET) || name.eq_ignore_ascii_case(LOGINS) {
                self.secrets.push(value_range);
            }
            self.parameter(name, key, value);
        }
    }

    fn parameter(&mut self, name: String, key: Range<usize>, value: &RawValue) {
        if !self.names.insert(name.clone()) {
            let message = format!("`{name}` is written twice");
            self.report(
                key,
                Code::DuplicateKey,
                message,
                Some("remove one of the two"),
            );
            return;
        }
        let role = Role::exactly(&name).filter(|_| !name.contains('='));
        let Some(role) = role else {
            let is_inherited = INHERITED.iter().any(|(inherited, _)| *inherited == name);
            if !is_inherited && self.mistakes.len() < MOST_MISTAKES {
                let message = format!("`{name}` is not a parameter");
                let help = meant(&name).map(|meant| format!("did you mean `{meant}`?"));
                self.report(key, Code::UnknownKey, message, help.as_deref());
            }
            return;
        };
        let range = self.range(value);
        match text_of(value.get(), role.unquoted()) {
            Ok(text) if has_variable(&text) => {
                let message = format!("`{name}` has a variable that only Concourse fills in");
                let help = "write its value here, or let Concourse run the task".to_owned();
                let unfilled = Diagnostic::new(Code::UnfilledVariable, message).help(help);
                self.unfilled
                    .push(unfilled.at(Place::Object(span(range.clone()))));
            }
            Ok(text) => self.variables.push((name.clone().into(), text.into())),
            Err(expected) => {
                let found = kind(value.get());
                let message = format!("expected {expected}, found {found}");
                let help = match found {
                    "a number" => "put it in quotes: Concourse would write `1.10` as `1.1`",
                    "a list" => "write a string, with commas between the elements",
                    _ => "write a string",
                };
                self.report(range.clone(), Code::WrongType, message, Some(help));
            }
        }
        self.entries.push(Entry {
            name,
            key,
            value: range,
            is_secret: role.is_secret(),
        });
    }

    fn report(&mut self, range: Range<usize>, code: Code, message: String, help: Option<&str>) {
        if self.mistakes.len() < MOST_MISTAKES {
            let mistake = Diagnostic {
                help: help.map(str::to_owned),
                ..Diagnostic::new(code, message)
            };
            self.mistakes.push(mistake.at(Place::Object(span(range))));
        }
    }

    /// Where a part of the JSON stands in it.
    fn range(&self, part: &RawValue) -> Range<usize> {
        let start = part.get().as_ptr().addr() - self.json.as_ptr().addr();
        start..start + part.get().len()
    }
}

/// What a value is in the environment; what it should have been if it cannot be there.
fn text_of(json: &str, unquoted: Unquoted) -> Result<String, &'static str> {
    let is_integer = || !json.contains(['.', 'e', 'E']);
    match json.as_bytes().first() {
        Some(b'"') => Ok(serde_json::from_str(json).unwrap_or_default()),
        Some(b'n') if unquoted.null => Ok(String::new()),
        Some(b't' | b'f') if unquoted.boolean => Ok(json.to_owned()),
        Some(b'-' | b'0'..=b'9') if unquoted.integer && is_integer() => Ok(json.to_owned()),
        _ => Err(match (unquoted.integer, unquoted.boolean) {
            (true, true) => "a string, a boolean or a whole number",
            (true, false) => "a string or a whole number",
            _ => "a string",
        }),
    }
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

/// The entries of a map, a name that is there twice included.
struct Params<'json>(Vec<(String, &'json RawValue)>);

impl<'json> Deserialize<'json> for Params<'json> {
    fn deserialize<D: Deserializer<'json>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'json> Visitor<'json> for Entries {
            type Value = Params<'json>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map")
            }

            fn visit_map<A: MapAccess<'json>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Params(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests;
