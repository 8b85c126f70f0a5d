//! What the planner may ask of the directories that an object names, or that the contract fixes: what might stand in them.
//!
//! Reads and writes: nothing. Source: `planner.wit`, interface `workspace`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use oci_image_schema::key::{given, image_archives};
use oci_image_schema::object::Object;

use super::path::{normal, parent};

/// What is asked of the build cache.
const CACHE_INDEX: (&str, &str) = ("cache", "index.json");

/// What is asked of a directory that should be an image, and of one that holds an image that is not there.
const OF_AN_IMAGE: [&str; 5] = [
    "oci-layout",
    "manifest.json",
    "image.tar",
    "image/oci-layout",
    "rootfs",
];
/// Those of them that make a directory an image.
const IMAGE_MARKERS: [&str; 2] = ["oci-layout", "manifest.json"];

/// A Dockerfile, and what it may be called besides.
const DOCKERFILE: &str = "Dockerfile";
const LOWER_CASE: &str = "dockerfile";

/// What might stand in a directory that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// The directory, as it is named.
    pub(super) directory: PathBuf,
    /// Where in it.
    pub(super) path: PathBuf,
}

/// What is asked of the directories that the object names.
pub(super) fn contents(object: &Object) -> BTreeMap<PathBuf, Content> {
    let mut contents = BTreeMap::new();
    let mut ask = |directory: &str, path: &str| {
        let content = Content {
            directory: normal(directory),
            path: normal(path.trim_start_matches('/')),
        };
        contents.insert(normal(&format!("{directory}/{path}")), content);
    };
    ask(CACHE_INDEX.0, CACHE_INDEX.1);
    match given(&object.dockerfile) {
        Some(dockerfile) => {
            // Only for a hint: many take the path to be relative to the context.
            ask(&object.context, dockerfile);
            ask(parent(dockerfile), LOWER_CASE);
        }
        None => [DOCKERFILE, LOWER_CASE]
            .iter()
            .for_each(|name| ask(&object.context, name)),
    }
    for path in object.context_inputs.values() {
        ask(&object.context, path);
    }
    for image in image_archives(object) {
        OF_AN_IMAGE.iter().for_each(|name| ask(image, name));
        let beside = OF_AN_IMAGE
            .iter()
            .filter(|name| !IMAGE_MARKERS.contains(name));
        beside.for_each(|name| ask(parent(image), name));
    }
    contents
}
