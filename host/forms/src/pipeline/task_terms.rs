//! The terms of a task: the directories that it is given, gives and keeps, and what its parameters say of paths.
//!
//! What only Concourse knows is left out, and that something is left out is told: of that nothing is judged.

use std::ops::Range;

use oci_image_schema::parameter::{FAMILIES, Form};

use super::variable::{is_filled_in, is_unknown};
use crate::task::file::Program;
use crate::task::variable::Role;
use crate::yaml::JsonPart;

/// A directory of a task.
#[derive(Debug, Clone)]
pub(super) struct TaskDirectory {
    /// The artifact that it is in the task's own words; of a cache its path.
    pub(super) name: String,
    /// Where it stands, below the working directory.
    pub(super) path: String,
    pub(super) is_optional: bool,
    /// Where that is written.
    pub(super) part: Range<usize>,
}

/// The directories of a kind.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskDirectories {
    pub(super) known: Vec<TaskDirectory>,
    /// Whether there may be others.
    pub(super) are_more: bool,
}

/// A parameter of a task.
// No `Debug`: it would show secrets.
pub(super) struct TaskParameter {
    pub(super) name: String,
    /// Nothing if only Concourse knows it.
    pub(super) value: Option<String>,
    pub(super) part: Range<usize>,
}

/// What a task needs and gives.
// No `Debug`: it would show secrets.
pub(super) struct TaskTerms {
    pub(super) inputs: TaskDirectories,
    pub(super) outputs: TaskDirectories,
    pub(super) caches: TaskDirectories,
    /// Those that count; nothing is said of others.
    pub(super) params: Vec<TaskParameter>,
    /// Whether it builds on a daemon that somebody else runs, who is the one to need privileges.
    pub(super) is_elsewhere: bool,
    /// Whether it runs the program itself: a script may do anything besides.
    pub(super) is_direct: bool,
    /// The directory in which the program runs; nothing if only Concourse knows it.
    pub(super) directory: Option<String>,
}

impl TaskTerms {
    /// Those of a task's configuration.
    pub(super) fn of(config: &JsonPart<'_>) -> Self {
        let run = config.key("run");
        let program = run.as_ref().map(|run| Program::of(run.json()));
        let directory = run.and_then(|run| run.key("dir"));
        let directory = directory.map(|part| part.text().filter(|text| !is_unknown(text)));
        Self {
            inputs: directories(config, "inputs"),
            outputs: directories(config, "outputs"),
            caches: directories(config, "caches"),
            params: params(config),
            is_elsewhere: is_elsewhere(config),
            is_direct: program == Some(Program::This),
            directory: directory.unwrap_or_else(|| Some(String::new())),
        }
    }

    /// The parameter of that name, in upper or lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&TaskParameter> {
        let named = |wanted: &str| self.params.iter().find(|one| one.name == wanted);
        named(name).or_else(|| named(&name.to_ascii_lowercase()))
    }

    /// Whether a flag is set; nothing if only Concourse knows.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.parameter(name) {
            None => Some(false),
            Some(TaskParameter { value: None, .. }) => None,
            Some(TaskParameter {
                value: Some(text), ..
            }) => {
                let flag = oci_image_schema::parameter::flag(text);
                flag.or_else(|| text.is_empty().then_some(false))
            }
        }
    }

    /// Whether what is built is an OCI layout and no archive; nothing if only Concourse knows.
    pub(super) fn makes_layout(&self) -> Option<bool> {
        let platforms = match self.parameter("IMAGE_PLATFORM") {
            None => Some(false),
            Some(platforms) => platforms.value.as_ref().map(|text| text.contains(',')),
        };
        match (self.flag("OUTPUT_OCI"), platforms) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        }
    }

    /// The elements of a list; nothing if only Concourse knows.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let Some(parameter) = self.parameter(name) else {
            return Some(Vec::new());
        };
        let text = parameter.value.as_ref()?;
        let items = text.split(',').map(str::trim);
        let items = items.filter(|item| !item.is_empty());
        Some(items.map(str::to_owned).collect())
    }

    /// The paths that parameters name, each with the parameter.
    pub(super) fn paths(&self) -> Vec<(&TaskParameter, String)> {
        let mut paths = Vec::new();
        for parameter in &self.params {
            let Some(value) = parameter.value.as_deref().filter(|value| !value.is_empty()) else {
                continue;
            };
            match Role::of(&parameter.name) {
                Some(Role::Parameter(one)) if one.is_path() => {
                    paths.push((parameter, value.to_owned()));
                }
                Some(Role::Parameter(one)) if one.form == Form::List && names_images(one.key) => {
                    let pairs = value.split(',').filter_map(|pair| pair.split_once('='));
                    paths.extend(pairs.map(|(_, path)| (parameter, path.trim().to_owned())));
                }
                Some(Role::Member(family)) if family.is_path() => {
                    paths.push((parameter, value.to_owned()));
                }
                _ => {}
            }
        }
        paths
    }
}

/// Variables that name daemons of somebody else.
const BUILDERS: [&str; 2] = ["BUILDKIT_HOST", "OCI_IMAGE_BUILDERS"];

/// Whether a key names images to preload.
fn names_images(key: &str) -> bool {
    FAMILIES
        .iter()
        .any(|family| family.key == key && family.is_path())
}

fn directories(config: &JsonPart<'_>, key: &str) -> TaskDirectories {
    let mut found = TaskDirectories::default();
    let Some(list) = config.key(key) else {
        return found;
    };
    found.are_more = is_filled_in(&list);
    for item in list.items() {
        let text = |key| {
            item.key(key)
                .and_then(|part| Some((part.text()?, part.range())))
        };
        let (name, path) = (text("name"), text("path"));
        let shown = name.clone().or_else(|| path.clone());
        let Some((name, part)) = shown.filter(|(name, _)| !is_unknown(name)) else {
            found.are_more = true;
            continue;
        };
        let path = path.map_or_else(|| name.clone(), |(path, _)| path);
        if is_unknown(&path) {
            found.are_more = true;
            continue;
        }
        let is_optional = item
            .key("optional")
            .is_some_and(|part| part.json() != "false");
        found.known.push(TaskDirectory {
            name,
            path,
            is_optional,
            part,
        });
    }
    found
}

/// Whether a variable names builders.
fn is_elsewhere(config: &JsonPart<'_>) -> bool {
    let is_set = |name: &&str| {
        let value = config.key("params").and_then(|params| params.key(name));
        value.is_some_and(|value| !matches!(value.json(), "null" | "\"\""))
    };
    BUILDERS.iter().any(is_set)
}

fn params(config: &JsonPart<'_>) -> Vec<TaskParameter> {
    let params = config.key("params").map(|params| params.entries());
    let params = params.unwrap_or_default().into_iter();
    let known = params.filter(|entry| Role::of(&entry.name).is_some());
    let parameter = known.map(|entry| {
        let json = entry.value.json();
        let value = match json.as_bytes().first() {
            Some(b'"') => entry.value.text(),
            Some(b'n') => Some(String::new()),
            Some(b'{' | b'[') => None,
            _ => Some(json.to_owned()),
        };
        TaskParameter {
            name: entry.name,
            value: value.filter(|value| !is_unknown(value)),
            part: entry.value.range(),
        }
    });
    parameter.collect()
}
