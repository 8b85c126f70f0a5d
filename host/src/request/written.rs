//! How the object of a request is written, and where in that its parts stand.
//!
//! The planner counts bytes of an object in JSON; whoever wrote YAML, or a task's parameters, is shown their own text.

use std::collections::BTreeMap;

use oci_image::idiom;
use oci_image::planner::inline_secrets;
use oci_image::task::Parameters;
use oci_image::task::file::TaskFile;
use oci_image::yaml;
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Severity};

/// How the object is written.
pub(super) enum Written {
    /// In JSON, from this byte of the text up to that.
    Json { start: usize, end: usize },
    /// In YAML, which is the whole text.
    Yaml(yaml::Document),
    /// As parameters of a task; there is no text.
    Task(Parameters),
    /// As those of a task file, which is the whole text.
    TaskFile(yaml::Document, Box<TaskFile>),
}

impl Written {
    /// The object in JSON.
    pub(super) fn json<'a>(&'a self, text: &'a str) -> &'a str {
        match self {
            Self::Json { start, end } => &text[*start..*end],
            Self::Yaml(document) => document.json(),
            Self::Task(parameters) => parameters.json(),
            Self::TaskFile(_, task) => task.json(),
        }
    }

    /// The byte of the text from which places are counted.
    pub(super) fn start(&self) -> usize {
        match self {
            Self::Json { start, .. } => *start,
            Self::Yaml(_) | Self::Task(_) | Self::TaskFile(..) => 0,
        }
    }

    /// Texts beside the one of the request, by the names that places give them.
    pub(super) fn texts(&self) -> BTreeMap<String, String> {
        match self {
            Self::Task(parameters) => parameters.texts(),
            Self::Json { .. } | Self::Yaml(_) | Self::TaskFile(..) => BTreeMap::new(),
        }
    }

    /// Whether something is left open that only Concourse can fill in.
    pub(super) fn has_variables(&self) -> bool {
        matches!(self, Self::TaskFile(_, task) if task.has_variables())
    }

    /// Makes a mistake of what only Concourse can fill in.
    pub(super) fn refuse_variables(&mut self) {
        if let Self::TaskFile(_, task) = self {
            task.refuse_variables();
        }
    }

    /// Whether what the planner says is told: of another program's parameters it would be nonsense.
    pub(super) fn is_judged(&self) -> bool {
        !matches!(self, Self::TaskFile(_, task) if task.runs_another())
    }

    /// The text as it is shown, with masks for all that may be a secret.
    pub(super) fn shown(&self, text: &str) -> String {
        match self {
            Self::Json { .. } => inline_secrets::shown(text),
            Self::Yaml(document) => document.mask(text, &inline_secrets::shown(document.json())),
            // That of a task file was masked as it was read.
            Self::TaskFile(..) | Self::Task(_) => text.to_owned(),
        }
    }

    /// What was found on the way to the planner.
    pub(super) fn mistakes(&self) -> impl Iterator<Item = &Diagnostic> {
        let (of_text, of_values): (&[Diagnostic], &[Diagnostic]) = match self {
            Self::Json { .. } => (&[], &[]),
            Self::Yaml(document) => (&document.mistakes, &[]),
            Self::Task(parameters) => (&[], &parameters.mistakes),
            Self::TaskFile(document, task) => (&document.mistakes, &task.mistakes),
        };
        of_text.iter().chain(of_values)
    }

    /// What the planner said, at its places in the text, beside what was found on the way to the planner.
    pub(super) fn in_text(&self, text: &str, said: Vec<Diagnostic>) -> Vec<Diagnostic> {
        match self {
            Self::Json { .. } => said,
            Self::Yaml(document) => {
                let said = said.into_iter().map(|one| Diagnostic {
                    help: one.help.as_deref().map(idiom::in_yaml),
                    ..one
                });
                in_yaml(document, text, said.collect())
            }
            Self::Task(parameters) => {
                let said = said.into_iter().map(|one| parameters.of_parameters(one));
                parameters.mistakes.iter().cloned().chain(said).collect()
            }
            Self::TaskFile(document, task) => {
                let said = said
                    .into_iter()
                    .map(|one| task.of_file(document.json(), one));
                let all = task.mistakes.iter().cloned().chain(said).collect();
                let mut all = in_yaml(document, text, all);
                // The order of a file is its own.
                all.sort_by_key(start);
                all
            }
        }
    }
}

fn in_yaml(document: &yaml::Document, text: &str, mut said: Vec<Diagnostic>) -> Vec<Diagnostic> {
    for diagnostic in &mut said {
        place_in_yaml(document, text, diagnostic);
    }
    if document.mistakes.is_empty() {
        return said;
    }
    let is_error = |mistake: &&Diagnostic| mistake.severity == Severity::Error;
    let errors = document.mistakes.iter().filter(is_error);
    let own: Vec<Option<u32>> = errors.map(start).collect();
    // A wrong tag on a value, say, is one mistake, whatever type the value then has.
    said.retain(|diagnostic| !own.contains(&start(diagnostic)));
    said.extend(document.mistakes.iter().cloned());
    said.sort_by_key(start);
    said
}

/// Where in the text it stands.
fn start(diagnostic: &Diagnostic) -> Option<u32> {
    match diagnostic.place {
        Some(Place::Object(span)) => Some(span.start),
        _ => None,
    }
}

fn place_in_yaml(document: &yaml::Document, text: &str, diagnostic: &mut Diagnostic) {
    let Some(Place::Object(json)) = diagnostic.place else {
        return;
    };
    let is_type = diagnostic.code == Code::WrongType.name();
    if let Some(word) = document
        .plain_scalar(text, json.start as usize..json.end as usize)
        .filter(|_| is_type && diagnostic.allowed.iter().any(|value| value == "true"))
    {
        let meant = match word.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" => Some("true"),
            "no" | "n" | "off" => Some("false"),
            _ => None,
        };
        if let Some(meant) = meant {
            let help = format!("`{word}` is a string in YAML 1.2: write `{meant}`");
            diagnostic.help = Some(help);
        }
    }
    let place = document.place(text, document.json(), json);
    diagnostic.place = Some(Place::Object(place));
}
