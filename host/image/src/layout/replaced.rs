//! What takes the place of manifests and indexes that are not right.
//!
//! Reads and writes: nothing. Unknown here: what is wrong with them.

use std::collections::HashMap;

use oci_spec::image::{Descriptor, Digest};
use serde_json::Value;

use crate::document;

/// By the digest of what lies there.
#[derive(Default)]
pub(super) struct Replaced(HashMap<Digest, Descriptor>);

impl Replaced {
    /// Puts a document in the place of another.
    pub(super) fn insert(&mut self, old: &Digest, new: Descriptor) {
        self.0.insert(old.clone(), new);
    }

    /// The digest of what is served for a manifest or an index.
    pub(super) fn served(&self, descriptor: &Descriptor) -> Digest {
        let replacement = self.0.get(descriptor.digest());
        replacement.unwrap_or(descriptor).digest().clone()
    }

    /// The index with the names of what takes the place of its manifests; `None` if it has none of them.
    pub(super) fn renamed(&self, index: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        let mut index: Value = serde_json::from_slice(index).ok()?;
        let manifests = document::member_mut(index.as_object_mut()?, "manifests")?;
        let mut changed = false;
        for child in manifests.as_array_mut()? {
            let child = child.as_object_mut()?;
            let replacement = document::member_mut(child, "digest")?
                .as_str()
                .and_then(|digest| self.0.get(&Digest::try_from(digest).ok()?));
            let Some(replacement) = replacement else {
                continue;
            };
            document::redescribe(child, replacement);
            changed = true;
        }
        changed.then(|| index.to_string().into_bytes())
    }
}
