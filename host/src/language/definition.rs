//! Where what is named at a place stands: a stage in its Dockerfile, or a file.

use std::path::Path;

use lsp_types::{Location, Range};
use oci_image_schema::key::KEYS;

use super::address::address_of;
use super::client::Client;
use super::completion::{is_path, names_of};
use super::description::Topic;
use super::dockerfile_names::{DockerfileNames, dockerfiles_of};
use super::line_index::LineIndex;
use super::open_text::OpenText;
use super::scene::{Scene, Theme};
use super::tree::Standing;
use super::workspace::{self, FoundFile};

/// Where what is named at a byte of a text stands.
pub(super) fn definition(
    scene: &Scene,
    open: &OpenText,
    client: &Client,
    offset: usize,
) -> Option<Location> {
    let standing = scene
        .tree
        .standing(offset)
        .filter(|standing| !standing.is_key)?;
    let written = scene.tree.part(standing.parts.last()?).text()?;
    let find = |names: &[String]| workspace::find(&client.roots, &open.path, names);
    let Some(theme) = scene.theme(&standing) else {
        return is_file_of_task(scene, &standing)
            .then(|| find(&[written]))?
            .as_ref()
            .and_then(start_of);
    };
    let names = names_of(theme.way);
    let key = names
        .iter()
        .rev()
        .find(|name| !name.is_empty())?
        .to_ascii_lowercase();
    if ["target", "additional_targets"].contains(&&*key) {
        let found = find(&dockerfiles_of(theme.topic, &theme.whole))?;
        return stage(&found, &written, client);
    }
    if key == "context" {
        return start_of(&find(&dockerfiles_of(theme.topic, &theme.whole))?);
    }
    names_file(&theme, &names)
        .then(|| find(&[written]))?
        .as_ref()
        .and_then(start_of)
}

/// Whether the value of a key is the path of a file.
fn names_file(theme: &Theme<'_>, names: &[&str]) -> bool {
    match (theme.topic, names) {
        (Topic::Task, ["params", name]) => is_path(name),
        (Topic::Object, [name, ..]) | (Topic::Message, ["object", name, ..]) => {
            let row = KEYS.iter().find(|row| row.name == *name);
            row.is_some_and(|row| row.paths.is_some())
                || ["buildkit_secrets", "registries"].contains(name)
        }
        _ => false,
    }
}

/// Whether it is the file of a task, in a pipeline.
fn is_file_of_task(scene: &Scene, standing: &Standing) -> bool {
    let step = standing.parts.len().checked_sub(2);
    let step = step.map(|step| scene.tree.part(&standing.parts[step]));
    let is_task = step.is_some_and(|step| step.key("task").is_some());
    is_task && names_of(&standing.way).last() == Some(&"file")
}

/// Where a stage begins.
fn stage(found: &FoundFile, written: &str, client: &Client) -> Option<Location> {
    let names = DockerfileNames::of(&found.text);
    let is_named = |name: &str| {
        written
            .split(',')
            .any(|word| word.trim().eq_ignore_ascii_case(name))
    };
    let (_, span) = names.stages.into_iter().rfind(|(name, _)| is_named(name))?;
    let range = LineIndex::of(&found.text).range(&found.text, client.unit, span);
    location(&found.path, range)
}

fn start_of(found: &FoundFile) -> Option<Location> {
    location(&found.path, Range::default())
}

fn location(path: &Path, range: Range) -> Option<Location> {
    Some(Location::new(address_of(path)?, range))
}
