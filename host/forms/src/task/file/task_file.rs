//! A task file, and its parameters as an object.

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::diagnostic::Diagnostic;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::entry::Entry;
use super::kind::{Entries, Kind, entries};
use super::params::{Reader, Written};
use super::program::Program;
use crate::inline_secrets::MaskedObject;
use crate::inline_secrets::{Hidden, Reading, mask, shown};
use crate::source::Layer;
use crate::task::evidence::is_build;
use crate::task::parameters::{self, Parameters};

/// The directory that is a task's build cache.
const CACHE: &str = "cache";

/// A task file's parameters.
// No `Debug`: it would show secrets.
pub struct TaskFile {
    parameters: Parameters,
    entries: Vec<Entry>,
    /// The values that nobody may see.
    secrets: Vec<Range<usize>>,
    /// What is wrong with a parameter by its name and type, and with what is run.
    pub mistakes: Vec<Diagnostic>,
    /// Each `((variable))`: Concourse fills them in before a task runs, and nobody else can.
    pub unfilled: Vec<Diagnostic>,
    runs_another: bool,
}

/// What a task says, as far as it may be seen.
// No `Debug`: what is hidden would be shown.
pub struct Seen {
    /// What its parameters say.
    pub object: MaskedObject,
    /// What nobody is shown of it.
    pub hidden: Hidden,
    /// The file in JSON, as people may see it.
    pub file: String,
    /// The layer of a source map from the object to that.
    pub layer: Layer,
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
        Some(Self::of_entries(json, &entries, written))
    }

    /// Whether a file in JSON, which is a task, builds an image by this program, or by one that is told the same.
    #[must_use]
    pub fn builds(json: &str) -> bool {
        let file = entries(json).unwrap_or_default();
        let program = value(&file, "run").map_or(Program::Script, |run| Program::of(run.get()));
        let image = value(&file, "image_resource").and_then(|image| repository(image.get()));
        let params = value(&file, "params").and_then(|params| entries(params.get()));
        let params = params.unwrap_or_default();
        let names = params.iter().map(|(name, _)| name.as_str());
        is_build(&program, image.as_deref(), names)
    }

    /// Reads what is a task by the place where it stands, whatever keys it has.
    pub(crate) fn of_config(json: &str, written: &Written<'_>) -> Self {
        Self::of_entries(json, &entries(json).unwrap_or_default(), written)
    }

    fn of_entries(json: &str, entries: &Entries<'_>, written: &Written<'_>) -> Self {
        let mut reader = Reader::new(json, written);
        reader.judge_keys(entries);
        let program = value(entries, "run").map_or(Program::Script, |run| Program::of(run.get()));
        if let Program::Another(name) = &program {
            let run = value(entries, "run").map_or(0..0, |run| reader.range(run));
            reader.other_program(run, name);
        }
        if let Some(params) = value(entries, "params") {
            reader.params(params);
            reader.stand_in();
        }
        let keeps_cache = value(entries, "caches").is_some_and(|caches| keeps_cache(caches.get()));
        Self {
            parameters: parameters::read(reader.variables, keeps_cache),
            entries: reader.entries,
            secrets: reader.secrets,
            mistakes: reader.mistakes,
            unfilled: reader.unfilled,
            runs_another: matches!(program, Program::Another(_)),
        }
    }

    /// What the file, which is `json`, says, as far as it may be seen.
    #[must_use]
    pub fn seen(&self, json: &str) -> Seen {
        let mut hidden = Reading::of(json).hidden;
        self.hidden(json).for_each(|text| hidden.add(text));
        let (file, object) = (self.mask(shown(json)), mask(self.json()));
        let layer = self.layer(object.text(), &file);
        Seen {
            object,
            hidden,
            file,
            layer,
        }
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

    /// The layer of a source map from the object to the file, which is `json` as far as it may be seen; `object` is the object so.
    #[must_use]
    pub fn layer(&self, object: &str, json: &str) -> Layer {
        let entries = self.entries.iter().map(|entry| (&*entry.name, entry));
        let entries: BTreeMap<&str, &Entry> = entries.collect();
        let mut layer = Layer::default();
        for piece in &self.parameters.layer.pieces {
            let variable = self.parameters.variables.get(piece.origin as usize);
            if let Some(entry) = variable.and_then(|variable| entries.get(&*variable.name)) {
                entry.tell(object, json, piece, &mut layer);
            }
        }
        layer
    }
}

/// The value of a key of a file.
fn value<'json>(entries: &Entries<'json>, key: &str) -> Option<&'json RawValue> {
    let entry = entries.iter().find(|(name, _)| name == key);
    entry.map(|(_, value)| *value)
}

/// The repository of an image, as a resource names it.
fn repository(image: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Image {
        source: ImageSource,
    }
    #[derive(Deserialize)]
    struct ImageSource {
        repository: String,
    }
    let image: Image = serde_json::from_str(image).ok()?;
    Some(image.source.repository)
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
