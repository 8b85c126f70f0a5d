//! A document that can be read, of which it is known what its parts are: an object, a message, a task, or the tasks of a pipeline.

use oci_image::pipeline::{Pipeline, PipelineText};
use oci_image::task::file::{Kind, TaskFile};
use oci_image::yaml::{self, Dialect, JsonPart};

use super::description::{Description, Topic};
use super::tree::{Standing, Tree, WayStep};
use crate::cli::Format;

/// What a document is.
enum SceneKind {
    Whole(Topic),
    /// A pipeline, in whose JSON the configurations of tasks that build images begin at these bytes.
    Pipeline(Vec<usize>),
}

/// A document, and what it is.
pub(super) struct Scene {
    pub(super) tree: Tree,
    kind: SceneKind,
}

/// What something that stands in a document is a part of.
pub(super) struct Theme<'t> {
    pub(super) topic: Topic,
    /// The object, the message or the task.
    pub(super) whole: JsonPart<'t>,
    /// The way from there.
    pub(super) way: &'t [WayStep],
}

impl Scene {
    /// That of a text; nothing if it cannot be read, or is not ours. `is_ours` is whether it was when it could be read.
    pub(super) fn of(text: &str, format: Format, is_ours: bool) -> Option<Self> {
        let tree = Tree::of(text, format)?;
        let kind = match Kind::of(tree.whole().json()) {
            Kind::Pipeline => SceneKind::Pipeline(configs(text)?),
            Kind::Task => {
                TaskFile::builds(tree.whole().json()).then_some(SceneKind::Whole(Topic::Task))?
            }
            Kind::Object => SceneKind::Whole(object(&tree.whole(), is_ours)?),
        };
        Some(Self { tree, kind })
    }

    /// What something that stands in it is a part of.
    pub(super) fn theme<'t>(&'t self, standing: &'t Standing) -> Option<Theme<'t>> {
        let (topic, depth) = match &self.kind {
            SceneKind::Whole(topic) => (*topic, 0),
            SceneKind::Pipeline(configs) => {
                let mut parts = standing.parts.iter();
                let depth = parts.rposition(|part| configs.contains(&part.start))?;
                (Topic::Task, depth)
            }
        };
        Some(Theme {
            topic,
            whole: self.tree.part(&standing.parts[depth]),
            way: standing.way.get(depth..)?,
        })
    }

    /// The objects, messages and tasks in it.
    pub(super) fn themes(&self) -> Vec<(Topic, JsonPart<'_>)> {
        match &self.kind {
            SceneKind::Whole(topic) => vec![(*topic, self.tree.whole())],
            SceneKind::Pipeline(_) => Vec::new(),
        }
    }

    /// Whether a part is the configuration of a task that builds an image, in a pipeline.
    pub(super) fn is_config(&self, part: &JsonPart<'_>) -> bool {
        match &self.kind {
            SceneKind::Whole(_) => false,
            SceneKind::Pipeline(configs) => configs.contains(&part.range().start),
        }
    }
}

/// Where the configurations of the tasks begin that build images; nothing where there is none.
fn configs(text: &str) -> Option<Vec<usize>> {
    let text = PipelineText {
        name: String::new(),
        document: yaml::read(text, Dialect::Concourse).ok()?,
        text: text.to_owned(),
    };
    let configs = Pipeline::read(text, &mut |_| None).configs();
    (!configs.is_empty()).then_some(configs)
}

/// What a map is that is no file of Concourse, if it is ours.
fn object(whole: &JsonPart<'_>, is_ours: bool) -> Option<Topic> {
    let names: Vec<String> = whole
        .entries()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    let has = |name: &str| names.iter().any(|one| one == name);
    if has("object") && (is_ours || has("response_path")) {
        return Some(Topic::Message);
    }
    let keys = Description::of(Topic::Object, &[]).keys();
    // One of which so far only a key is written.
    let are_known = || {
        names
            .iter()
            .all(|name| keys.iter().any(|key| key.name == name))
    };
    let has_either = has("context") || has("output");
    let is_one = is_ours || has("context") && has("output") || has_either && are_known();
    is_one.then_some(Topic::Object)
}
