//! The paths that an object names, and those that the contract fixes: all that the host answers for.
//!
//! An object is asked about before it is known to be sound, because its files are judged together with it; so a key that is
//! not as it should be names nothing, and the others still name what they name. Which key names which paths stands in its row.
//!
//! A path is either named, and leads wherever it leads, or it is what might stand in a directory that is: then nothing in that directory
//! leads out of it.
//!
//! Paths are compared without what means nothing: `./`, doubled and trailing slashes. `..` is kept.
//!
//! Reads and writes: nothing. Source: `oci_image_schema::key`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use oci_image_schema::key::{Access, KEYS};
use oci_image_schema::object::Object;

use super::content::{Content, contents};
use super::path::{normal, single};
use super::sound_part;
use oci_image_forms::inline_secrets::MaskedObject;

/// Directories that the contract fixes.
const FIXED: [&str; 2] = ["image", "cache"];

/// What the planner may ask about.
pub(super) struct NamedPaths {
    secrets: BTreeSet<PathBuf>,
    texts: BTreeSet<PathBuf>,
    agents: BTreeSet<PathBuf>,
    places: BTreeSet<PathBuf>,
    contents: BTreeMap<PathBuf, Content>,
}

impl NamedPaths {
    /// The paths of an object.
    pub(super) fn of(object: &MaskedObject) -> Self {
        let (object, certificates) = sound_part::read(object);
        let of = |access: Access| named(&object, access).map(normal).collect::<BTreeSet<_>>();
        let (texts, secrets, agents) = (of(Access::Text), of(Access::Secret), of(Access::Agent));
        let mut places = of(Access::Place);
        places.extend(FIXED.into_iter().map(normal));
        places.extend(named(&object, Access::Output).filter_map(single));
        places.extend(certificates);
        places.extend(texts.iter().chain(&secrets).chain(&agents).cloned());
        Self {
            // A file that is named as a secret stays one, whatever else it is named as.
            texts: texts.difference(&secrets).cloned().collect(),
            agents,
            places,
            contents: contents(&object),
            secrets,
        }
    }

    /// Whether the planner may have the text at a path.
    pub(super) fn holds_text(&self, path: &str) -> bool {
        self.texts.contains(&normal(path))
    }

    /// Whether a path is that of a secret.
    pub(super) fn holds_secret(&self, path: &str) -> bool {
        self.secrets.contains(&normal(path))
    }

    /// Whether a path may be that of an agent's socket.
    pub(super) fn holds_agent(&self, path: &str) -> bool {
        self.agents.contains(&normal(path))
    }

    /// Whether the planner may know what stands at a path.
    pub(super) fn holds_place(&self, path: &str) -> bool {
        let path = normal(path);
        self.places.contains(&path) || self.contents.contains_key(&path)
    }

    /// What a path is that is not named itself: content of a directory that is.
    pub(super) fn content(&self, path: &str) -> Option<&Content> {
        let path = normal(path);
        let is_named = self.places.contains(&path);
        self.contents.get(&path).filter(|_| !is_named)
    }
}

/// The paths that keys of this access name.
fn named(object: &Object, access: Access) -> impl Iterator<Item = &str> {
    let paths = KEYS.iter().filter_map(|key| key.paths);
    let paths = paths.filter(move |paths| paths.access == access);
    paths.flat_map(|paths| (paths.of)(object))
}

#[cfg(test)]
mod tests;
