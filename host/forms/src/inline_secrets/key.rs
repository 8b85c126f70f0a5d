//! What the name of a key says of its value.

use std::sync::LazyLock;

use oci_image_schema::key::NAMES;
use oci_image_schema::layer_cache;

use super::audience::Audience;
use super::{SECRETS, SSH, TEXT};
use crate::letters::Letters;
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
    /// Layer caches stand below it.
    pub(super) holds_caches: bool,
    /// The names below it are the user's own.
    pub(super) holds_names: bool,
    /// The object of a message.
    pub(super) is_object: bool,
    /// One of a whole file, as nearly as it is spelt.
    pub(super) is_of_files: bool,
}

static LETTERS_OF_SSH: LazyLock<Letters<'_>> = LazyLock::new(|| Letters::of(SSH));
static LETTERS_OF_CACHES: LazyLock<[Letters<'_>; 2]> =
    LazyLock::new(|| layer_cache::KEYS.map(Letters::of));
/// The keys of a file, an object or a message.
static LETTERS_OF_FILES: LazyLock<Vec<Letters<'_>>> = LazyLock::new(|| {
    let names = NAMES.iter().copied().chain(OF_FILES);
    names.map(Letters::of).collect()
});

impl Key {
    /// What a name says, to an audience, where it is one of the whole file or not.
    pub(super) fn of(name: &str, audience: Audience, is_at_top: bool) -> Self {
        match audience {
            Audience::Planner => Self::written(name),
            Audience::Reader => Self::spelt(name, is_at_top),
        }
    }

    /// What it says as it is written.
    fn written(name: &str) -> Self {
        Self {
            holds_secrets: name == SECRETS,
            holds_text: name == TEXT,
            is_credential: false,
            names_keys: false,
            holds_caches: layer_cache::KEYS.contains(&name),
            holds_names: MAPS_OF_NAMES.contains(&name),
            is_object: name == OBJECT,
            is_of_files: true,
        }
    }

    /// What it says however it is spelt.
    fn spelt(name: &str, is_at_top: bool) -> Self {
        let letters = Letters::of(name);
        let is_of_files = || LETTERS_OF_FILES.iter().any(|of| letters.are_spelt(of));
        let names_keys = letters.are_spelt(&LETTERS_OF_SSH);
        Self {
            // Of an agent what may be a key is known better.
            holds_secrets: !names_keys && secret_name::holds_secrets(&letters),
            holds_text: secret_name::holds_text(&letters),
            is_credential: secret_name::is_credential(&letters),
            names_keys,
            holds_caches: LETTERS_OF_CACHES.iter().any(|of| letters.are_spelt(of)),
            is_of_files: !is_at_top || is_of_files(),
            ..Self::written(name)
        }
    }

    /// Whether the scalar that it has is masked.
    pub(super) fn hides(self, audience: Audience, value: &str) -> bool {
        match audience {
            Audience::Planner => self.holds_secrets,
            // In a task file, that may be the path of one.
            Audience::Reader => {
                self.is_credential || self.holds_secrets && !secret_name::is_path(value)
            }
        }
    }
}
