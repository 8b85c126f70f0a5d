//! The resources of a pipeline, as far as they matter to a task: what they are, and of images the repository.

use std::collections::BTreeMap;

use super::variable::is_unknown;
use crate::yaml::JsonPart;

/// What a resource is.
#[derive(Default)]
struct ResourceKind {
    kind: Option<String>,
    repository: Option<String>,
}

/// The resources of a pipeline by name.
#[derive(Default)]
pub(super) struct ResourceKinds(BTreeMap<String, ResourceKind>);

/// The type of the resources to which images are pushed that are files.
const REGISTRY_IMAGE: &str = "registry-image";

impl ResourceKinds {
    pub(super) fn of(pipeline: &JsonPart<'_>) -> Self {
        let resources = pipeline.key("resources").map(|list| list.items());
        let resources = resources.unwrap_or_default().into_iter();
        let kind = |resource: JsonPart<'_>| {
            let name = resource.key("name")?.text()?;
            let kind = resource.key("type").and_then(|kind| kind.text());
            let repository = repository_of(&resource);
            Some((name, ResourceKind { kind, repository }))
        };
        Self(resources.filter_map(kind).collect())
    }

    /// The repository of an image.
    pub(super) fn repository(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.repository.as_deref()
    }

    /// Whether an image is pushed to it from a file.
    pub(super) fn takes_image(&self, name: &str) -> bool {
        let kind = self.0.get(name).and_then(|one| one.kind.as_deref());
        kind == Some(REGISTRY_IMAGE)
    }
}

/// The repository of an image, which a resource or a task's `image_resource` names.
pub(super) fn repository_of(resource: &JsonPart<'_>) -> Option<String> {
    let repository = resource.key("source")?.key("repository")?.text()?;
    Some(repository).filter(|repository| !is_unknown(repository))
}
