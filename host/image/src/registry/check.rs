//! The check of a blob while it is sent: whether it is the one of its digest.
//!
//! Reads and writes: nothing. Unknown here: where bytes come from.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256};

use crate::digest::sha256;

/// The first blob that was not the one of its digest. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Damage(Arc<Mutex<Option<Digest>>>);

impl Damage {
    pub(super) fn found(&self) -> Option<Digest> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, digest: Digest) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(digest);
    }
}

/// A blob that is on its way.
pub(super) struct Check {
    hash: Sha256,
    digest: Digest,
    damage: Damage,
}

impl Check {
    /// `None` for a digest that is of another algorithm, which the client compares all the same.
    pub(super) fn of(digest: &Digest, damage: &Damage) -> Option<Self> {
        let is_ours = digest.algorithm().as_ref() == "sha256";
        is_ours.then(|| Self {
            hash: Sha256::new(),
            digest: digest.clone(),
            damage: damage.clone(),
        })
    }

    /// Takes the next bytes. The last are not sent if the blob is another one.
    pub(super) fn taken(mut self, bytes: &[u8], is_last: bool) -> io::Result<Option<Self>> {
        self.hash.update(bytes);
        if !is_last {
            return Ok(Some(self));
        }
        if sha256(self.hash) == self.digest {
            return Ok(None);
        }
        self.damage.note(self.digest);
        Err(io::Error::from(io::ErrorKind::InvalidData))
    }
}
