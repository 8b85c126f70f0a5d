//! A task file: its parameters, at their places in it.
//!
//! `params` are judged as Concourse and the schema of a task file do: by name and type, each once. What they say together is judged
//! by the planner, as in an environment. The rest of the file is Concourse's own, but for what it runs.
//!
//! - `kind`: what a file is.
//! - `program`: what a task runs.
//! - `params`: its parameters.
//!
//! Unknown here: YAML. The file comes as JSON without white space, as `yaml` writes it, and places are those of that JSON.
//! Source: Concourse's documentation of tasks, and how its `TaskConfig` is read; `oci_image_schema::task`.

mod kind;
mod params;
mod program;

use std::ops::Range;

use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Span};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Parameters;
use crate::json_string::first_character;

pub use self::kind::Kind;
use self::kind::{Entries, entries};
use self::params::Reader;
use self::program::Program;

/// The directory that is a task's build cache.
const CACHE: &str = "cache";

/// How a plain scalar is written that stands at a part of the JSON; nothing where it is no such scalar.
pub type Written<'y> = dyn Fn(Range<usize>) -> Option<&'y str> + 'y;

/// A task file's parameters.
// No `Debug`: it would show secrets.
pub struct TaskFile {
    parameters: Parameters,
    entries: Vec<Entry>,
    /// The values that nobody may see.
    secrets: Vec<Range<usize>>,
    /// What is wrong with a parameter by its name and type, and with what is run.
    pub mistakes: Vec<Diagnostic>,
    unfilled: Vec<Diagnostic>,
    runs_another: bool,
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
    /// Reads a file; nothing if it is no task. `written` tells how its scalars are written.
    #[must_use]
    pub fn read(json: &str, written: &Written<'_>) -> Option<Self> {
        let is_task = |entries: &Entries<'_>| {
            let keys = entries.iter().map(|(key, _)| key);
            Kind::of_keys(&keys) == Kind::Task
        };
        let entries = entries(json).filter(is_task)?;
        let mut reader = Reader::new(json, written);
        reader.judge_keys(&entries);
        let program = value(&entries, "run").map_or(Program::This, |run| Program::of(run.get()));
        if let Program::Another(name) = &program {
            let run = value(&entries, "run").map_or(0..0, |run| reader.range(run));
            reader.other_program(run, name);
        }
        if let Some(params) = value(&entries, "params") {
            reader.params(params);
        }
        let keeps_cache = value(&entries, "caches").is_some_and(|caches| keeps_cache(caches.get()));
        Some(Self {
            parameters: super::read(reader.variables, keeps_cache),
            entries: reader.entries,
            secrets: reader.secrets,
            mistakes: reader.mistakes,
            unfilled: reader.unfilled,
            runs_another: program != Program::This,
        })
    }

    /// Whether the task runs another program, whose parameters nobody here can judge.
    #[must_use]
    pub fn runs_another(&self) -> bool {
        self.runs_another
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

    /// The file, of which `shown` is as much as may be shown whatever file it is, without what is secret in its parameters.
    #[must_use]
    pub fn mask(&self, shown: String) -> String {
        let mut masked = shown.into_bytes();
        for value in &self.secrets {
            let shown = |byte: &&mut u8| !b"{}[]:,\"".contains(byte);
            for byte in masked[value.clone()].iter_mut().filter(shown) {
                *byte = b'*';
            }
        }
        String::from_utf8(masked).expect("whole characters were replaced: those of a token")
    }

    /// What is secret in the parameters of the file, which is `json`: as JSON writes it, strings without their quotes.
    pub fn hidden<'json>(&self, json: &'json str) -> impl Iterator<Item = &'json str> {
        let values = self
            .secrets
            .iter()
            .filter_map(|value| json.get(value.clone()));
        values.map(|value| value.trim_matches('"'))
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

/// The value of a key of a file.
fn value<'json>(entries: &Entries<'json>, key: &str) -> Option<&'json RawValue> {
    let entry = entries.iter().find(|(name, _)| name == key);
    entry.map(|(_, value)| *value)
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

#[cfg(test)]
mod tests;
