//! A task that builds an image, within a pipeline: what is judged of it by itself.

use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

use super::task_path::{TaskPath, nearest, quoted};
use super::task_terms::{TaskDirectory, TaskParameter, TaskTerms};
use super::task_text::TaskText;
use super::text::{Said, TextPart};
use crate::task::file::TaskFile;
use oci_image_boundary::outside::listed;

/// The directory into which the image is written.
pub(super) const IMAGE: &str = "image";
/// The directory that keeps build cache.
const CACHE: &str = "cache";

/// A task that builds an image.
pub(super) struct BuildTask {
    /// The step's name.
    pub(super) name: String,
    /// Where that is written.
    pub(super) step: TextPart,
    pub(super) text: TaskText,
    pub(super) file: TaskFile,
    pub(super) terms: TaskTerms,
    /// Where what has no place of its own is told.
    pub(super) config: TextPart,
    /// Parts of the step that are names and nothing else, in the pipeline.
    pub(super) names: Vec<Range<usize>>,
}

impl BuildTask {
    /// What is said of a part of the task's own text.
    pub(super) fn said(&self, diagnostic: Diagnostic) -> Said {
        let part = match diagnostic.place {
            Some(Place::Object(span)) => self.text.written(&span.range()),
            _ => None,
        };
        Said {
            part: part.unwrap_or_else(|| self.config.clone()),
            diagnostic,
        }
    }

    /// What is wrong with its directories and paths. A script may do with them what it wants.
    pub(super) fn judge(&self) -> Vec<Said> {
        if !self.terms.is_direct {
            return Vec::new();
        }
        let mut found = Vec::new();
        self.judge_paths(&mut found);
        self.judge_outputs(&mut found);
        self.judge_caches(&mut found);
        let mut said: Vec<Said> = found.into_iter().map(|one| self.said(one)).collect();
        said.extend(self.judge_top());
        said
    }

    /// Where the task is given something, or keeps it; nothing if that may be anywhere.
    fn given(&self) -> Option<Vec<TaskPath>> {
        let kinds = [&self.terms.inputs, &self.terms.outputs, &self.terms.caches];
        if kinds.iter().any(|kind| kind.are_more) {
            return None;
        }
        let all = kinds.into_iter().flat_map(|kind| &kind.known);
        let given = all.map(place).collect::<Option<Vec<TaskPath>>>()?;
        // An input that is the working directory may hold anything.
        (!given.iter().any(TaskPath::is_top)).then_some(given)
    }

    /// Each path stands in something that the task is given.
    fn judge_paths(&self, found: &mut Vec<Diagnostic>) {
        let (Some(directory), Some(given)) = (&self.terms.directory, self.given()) else {
            return;
        };
        for (parameter, path) in self.terms.paths() {
            let place = TaskPath::of(directory, &path);
            let is_given = |place: &TaskPath| given.iter().any(|given| place.touches(given));
            if place.is_some_and(|place| !is_given(&place)) {
                found.push(self.outside(parameter, &path, directory, &given));
            }
        }
    }

    /// In the working directory itself, which is the context of a task that names none, is nothing but what it is given.
    fn judge_top(&self) -> Option<Said> {
        let is_top = |path: &str| {
            let place = TaskPath::of(self.terms.directory.as_deref()?, path);
            place.map(|place| place.is_top())
        };
        let context = self.terms.parameter("CONTEXT");
        let context_is_top = match context {
            None => is_top("") == Some(true),
            Some(context) => context.value.as_deref().and_then(is_top) == Some(true),
        };
        let names_file = self.terms.parameter("DOCKERFILE");
        let names_file = names_file.is_some_and(|file| file.value.as_deref() != Some(""));
        let unknown = Code::UnknownParameter.name(); // which may have been meant to name the context
        let may_be_named = self.file.mistakes.iter().any(|one| one.code == unknown);
        let is_open = self.text.has_more || self.given().is_none();
        if !context_is_top || names_file || may_be_named || is_open {
            return None;
        }
        let message = "the context is the working directory, in which no input puts a Dockerfile";
        let help = match &self.terms.inputs.known[..] {
            [only] => format!("add `CONTEXT: {}` to `params`", shown_path(&only.path)),
            [] => {
                "add the input that holds the context, and name its directory as `CONTEXT`".into()
            }
            _ => "name the directory of the input that holds the context as `CONTEXT`".into(),
        };
        let part = context.and_then(|context| self.text.written(&context.part));
        Some(Said {
            part: part.unwrap_or_else(|| self.step.clone()),
            diagnostic: Diagnostic::new(Code::PathOutsideInputs, message).help(help),
        })
    }

    /// What is said of a path that is in no input.
    fn outside(
        &self,
        parameter: &TaskParameter,
        path: &str,
        directory: &str,
        given: &[TaskPath],
    ) -> Diagnostic {
        let name = quoted(&parameter.name);
        let is_secret = parameter.name.starts_with("BUILDKIT_SECRET");
        let message = if is_secret {
            format!("the path of {name} is in no input of the task")
        } else {
            format!(
                "{name} is {}, which is in no input of the task",
                quoted(path)
            )
        };
        let inputs = self.terms.inputs.known.iter();
        let inputs: Vec<&str> = inputs.map(|one| &*one.path).collect();
        let first = path.trim_start_matches("./");
        let first = first.split('/').next().unwrap_or_default();
        let in_context = self.in_context(parameter, path, directory, given);
        let help =
            if let Some(meant) = nearest(first, inputs.iter().copied()).filter(|_| !is_secret) {
                format!("did you mean {}?", quoted(meant))
            } else if let Some(path) = in_context {
                format!(
                    "a path begins in the working directory, and not in the context: write {}",
                    quoted(&path)
                )
            } else if inputs.is_empty() && !is_secret {
                format!("add an input: `inputs: [{{name: {}}}]`", shown_path(first))
            } else {
                format!("a path begins with that of an input: {}", listed(&inputs))
            };
        at(
            Some(parameter.part.clone()),
            Code::PathOutsideInputs,
            &message,
        )
        .help(help)
    }

    /// The path of a file as it would be if it were meant to begin in the context.
    fn in_context(
        &self,
        parameter: &TaskParameter,
        path: &str,
        directory: &str,
        given: &[TaskPath],
    ) -> Option<String> {
        let is_file = parameter.name == "DOCKERFILE" || parameter.name.ends_with("_FILE");
        let context = self.terms.parameter("CONTEXT").filter(|_| is_file)?;
        let context = context.value.as_deref()?.trim_end_matches('/');
        let path = format!("{context}/{path}");
        let place = TaskPath::of(directory, &path)?;
        given.iter().any(|given| place.is_in(given)).then_some(path)
    }

    /// Each output is written by the build, or was there before.
    fn judge_outputs(&self, found: &mut Vec<Diagnostic>) {
        let terms = &self.terms;
        let Some(targets) = terms.list("ADDITIONAL_TARGETS") else {
            return;
        };
        let is_open = self.text.has_more || terms.outputs.are_more || terms.inputs.are_more;
        if is_open || terms.directory.as_deref() != Some("") {
            return;
        }
        let written = [IMAGE, CACHE]
            .into_iter()
            .chain(targets.iter().map(|target| &**target));
        let written = written.filter_map(|path| TaskPath::of("", path));
        let kept = terms
            .inputs
            .known
            .iter()
            .chain(&terms.caches.known)
            .filter_map(place);
        let written: Vec<TaskPath> = written.chain(kept).collect();
        for output in &terms.outputs.known {
            let is_written = |path: &TaskPath| written.iter().any(|other| path.touches(other));
            if place(output).is_none_or(|path| is_written(&path)) {
                continue;
            }
            let message = format!(
                "the output {} stays empty: nothing is written to {}",
                quoted(&output.name),
                quoted(&output.path)
            );
            let has_image = terms.outputs.known.iter().any(|other| other.path == IMAGE);
            let help = if has_image {
                "remove it, or list the stage of that name in `ADDITIONAL_TARGETS`"
            } else {
                "the image is written to `image`: add `path: image` to this output"
            };
            found.push(at(Some(output.part.clone()), Code::EmptyOutput, &message).help(help));
        }
    }

    /// Of the caches one is that of a build.
    fn judge_caches(&self, found: &mut Vec<Diagnostic>) {
        let caches = &self.terms.caches;
        let is_kept = |cache: &TaskDirectory| {
            let cache = place(cache);
            cache == TaskPath::of("", CACHE) || cache.is_none_or(|cache| self.reads(&cache))
        };
        let Some(first) = caches.known.first() else {
            return;
        };
        if caches.are_more || self.text.has_more || caches.known.iter().any(is_kept) {
            return;
        }
        let message = "build cache is kept in `cache`, and none of the task's caches is there";
        let help = "write `path: cache`";
        found.push(at(Some(first.part.clone()), Code::CacheMissing, message).help(help));
    }

    /// Whether a parameter names something in a directory.
    fn reads(&self, directory: &TaskPath) -> bool {
        let from = self.terms.directory.as_deref().unwrap_or_default();
        let paths = self.terms.paths();
        let mut places = paths
            .iter()
            .filter_map(|(_, path)| TaskPath::of(from, path));
        places.any(|place| place.touches(directory))
    }
}

/// Where a directory of a task stands.
fn place(directory: &TaskDirectory) -> Option<TaskPath> {
    TaskPath::of("", &directory.path)
}

/// A path as a help has it.
fn shown_path(path: &str) -> String {
    quoted(path).trim_matches('`').to_owned()
}

fn at(part: Option<Range<usize>>, code: Code, message: &str) -> Diagnostic {
    let told = Diagnostic::new(code, message);
    match part {
        Some(part) => told.at(Place::Object(Span::of(part))),
        None => told,
    }
}
