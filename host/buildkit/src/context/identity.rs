//! The identity of a session of contexts: by it the daemon finds again what it was sent in another session of that name.
//!
//! It is a capability. Whoever opens a session of that name is asked for files in its place, and a solve that names it is lent what it
//! serves. So it is a MAC of the fingerprint under a key that only this user has: with a bare hash whoever has a context could work
//! its identity out, and plant another in its place.
//!
//! What the daemon has under an identity is right only if the fingerprint covers it. A daemon that asks for something else (a
//! frontend of its own mind) gets it, after the key is gone: no later session has an identity of that key.
//!
//! Reads and writes: as the key and the dates do. Unknown here: sessions. Source: BuildKit, `session/manager.go`, `source/local`.

use std::io;
use std::mem;
use std::sync::Arc;

use crate::context::checkout::Checkout;
use crate::context::dated::Dated;
use crate::context::fingerprint::Fingerprint;
use crate::context::identity_key::IdentityKey;
use crate::context::local::Questions;
use crate::context::walk::Patterns;
use oci_image_boundary::hex::hex;

/// What a session of contexts is called. Clones are for sessions with several daemons.
#[derive(Clone)]
pub enum Identity {
    /// As no other: every context is compared.
    Random,
    /// As each session of the same contexts.
    Known(Arc<Known>),
    /// As each session of a checkout of the same files, if that can be told; as no other, if not. Either way its entries have dates of
    /// their own.
    Checkout {
        /// By what it is known.
        known: Option<Arc<Known>>,
        /// What is sent in it.
        dated: Arc<Dated>,
    },
}

/// The identity of contexts whose fingerprint is known.
pub struct Known {
    pub(crate) id: String,
    key: IdentityKey,
    questions: Arc<Questions>,
}

impl IdentityKey {
    /// The identity of what has this fingerprint.
    #[must_use]
    pub fn identify(&self, fingerprint: Fingerprint) -> Identity {
        let questions = Arc::new(Questions(fingerprint.questions));
        Identity::Known(self.known(&fingerprint.digest, questions))
    }

    /// The identity of a checkout, and what is sent of it: what the daemon was sent before has the date that it had. Blocking.
    ///
    /// # Errors
    /// The system's, if dates can neither be kept nor forgotten.
    pub fn identify_checkout(&self, mut checkout: Checkout) -> io::Result<Identity> {
        let questions = Arc::new(Questions(mem::take(&mut checkout.questions)));
        let is_known = checkout.unknown.is_none();
        let known = is_known.then(|| self.known(&checkout.digest, Arc::clone(&questions)));
        let dated = Dated::new(checkout, questions, self.clone())?;
        let dated = Arc::new(dated);
        Ok(Identity::Checkout { known, dated })
    }

    fn known(&self, digest: &[u8], questions: Arc<Questions>) -> Arc<Known> {
        Arc::new(Known {
            id: hex(self.sign(digest).as_ref()),
            key: self.clone(),
            questions,
        })
    }
}

impl Known {
    /// Prepares for the daemon's question: one that the fingerprint does not cover ends the key. Blocking.
    pub(crate) fn admit(&self, name: &str, patterns: &Patterns) -> io::Result<()> {
        if self.questions.cover(name, patterns) {
            return Ok(());
        }
        self.key.end()
    }
}

#[cfg(test)]
mod tests;
