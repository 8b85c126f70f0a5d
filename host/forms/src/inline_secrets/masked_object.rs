//! An object without the texts of its secrets, which stand apart: the only form in which one is planned.
//!
//! It is made by masking alone, so nobody can plan from one text, check against another and build with the secrets of a third.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use oci_image_boundary::secret_bytes::SecretBytes;
use oci_image_schema::object::Object;
use serde::de::Error as _;

use super::cache_secrets::CacheSecrets;

/// How long an object may be that is handed to the planner, in bytes.
// The planner's own limit too. That on memory would end a longer one as a fault of the planner.
pub const MAX_OBJECT: usize = 4 << 20;

/// How long a secret may be, in bytes: a step cannot be given a longer one.
pub const SECRET_LIMIT: u64 = 500 << 10;

/// An object without the texts of its secrets, and those.
#[derive(Debug)]
pub struct MaskedObject {
    text: String,
    secrets: Arc<BTreeMap<String, SecretBytes>>,
    cache_secrets: Arc<CacheSecrets>,
    /// What it says, once that was asked for.
    read: OnceLock<Result<Object, serde_json::Error>>,
}

impl MaskedObject {
    pub(super) fn new(
        text: String,
        secrets: BTreeMap<String, SecretBytes>,
        cache_secrets: CacheSecrets,
    ) -> Self {
        Self {
            text,
            secrets: Arc::new(secrets),
            cache_secrets: Arc::new(cache_secrets),
            read: OnceLock::new(),
        }
    }

    /// The object's text, as long as it was.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The texts of its secrets by id: those that the contract knows as inline secrets. Of two with one id the last.
    #[must_use]
    pub fn secrets(&self) -> &BTreeMap<String, SecretBytes> {
        &self.secrets
    }

    /// The secrets of its layer caches.
    #[must_use]
    pub fn cache_secrets(&self) -> &Arc<CacheSecrets> {
        &self.cache_secrets
    }

    /// What it says: read when that is asked for the first time, and never again.
    ///
    /// # Errors
    /// That of the first thing that is not sound.
    pub fn read(&self) -> Result<&Object, &serde_json::Error> {
        let read = || {
            if self.text.len() > MAX_OBJECT {
                return Err(serde_json::Error::custom("it is too long"));
            }
            serde_json::from_str(&self.text)
        };
        self.read.get_or_init(read).as_ref()
    }

    /// The secrets, for the plan that is made of it.
    #[must_use]
    pub fn shared_secrets(&self) -> Arc<BTreeMap<String, SecretBytes>> {
        Arc::clone(&self.secrets)
    }
}
