//! What the name of a key says of its value.

use oci_image_schema::key::NAMES;

use super::audience::Audience;
use super::{SECRETS, SSH, TEXT};
use crate::secret_name;

/// The keys whose maps have names of the user's own, of which `text` may be one.
const MAPS_OF_NAMES: [&str; 2] = ["context_inputs", "registries"];

/// The keys of a whole file beside those of an object: of a message and a task.
const OF_FILES: [&str; 12] = [
    "$schema",
    OBJECT,
    "response_path",
    "platform",
    "run",
    "params",
    "inputs",
    "outputs",
    "caches",
    "image_resource",
    "rootfs_uri",
    "container_limits",
];

/// The key of a message that holds the object.
pub(super) const OBJECT: &str = "object";

/// What the name of a key says of its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// It is the map of secrets.
    pub(super) holds_secrets: bool,
    /// It is the text of one.
    pub(super) holds_text: bool,
    pub(super) is_credential: bool,
    /// It names keys of SSH.
    pub(super) names_keys: bool,
    /// The names below it are the user's own.
    pub(super) holds_names: bool,
    /// The object of a message.
    pub(super) is_object: bool,
    /// One of a whole file, as nearly as it is spelt.
    pub(super) is_of_files: bool,
}

impl Key {
    /// What a name says, to an audience, where it is one of the whole file or not.
    pub(super) fn of(name: &str, audience: Audience, is_at_top: bool) -> Self {
        let is_for_planner = audience == Audience::Planner;
        let names_keys = !is_for_planner && secret_name::is_spelt(name, [SSH]);
        Self {
            holds_secrets: match audience {
                Audience::Planner => name == SECRETS,
                // Of an agent what may be a key is known better.
                Audience::Reader => !names_keys && secret_name::holds_secrets(name),
            },
            holds_text: match audience {
                Audience::Planner => name == TEXT,
                Audience::Reader => secret_name::holds_text(name),
            },
            is_credential: !is_for_planner && secret_name::is_credential(name),
            names_keys,
            holds_names: MAPS_OF_NAMES.contains(&name),
            is_object: name == OBJECT,
            is_of_files: is_for_planner || !is_at_top || is_of_files(name),
        }
    }
}

/// Whether a key of a file, an object or a message has this name, or was meant to.
fn is_of_files(name: &str) -> bool {
    secret_name::is_spelt(name, NAMES.iter().copied().chain(OF_FILES))
}
