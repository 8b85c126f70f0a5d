//! What is done before a client is told of an image: once for each manifest, and who asks meanwhile waits too.
//!
//! A client that reads a manifest asks for its layers next.
//!
//! Reads and writes: nothing. Unknown here: what is done.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use oci_spec::image::Digest;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::image::Image;

/// What is done: of an image and the digest of one of its manifests.
type Deed = dyn Fn(&Image, &Digest) + Send + Sync;

/// What is done ahead, if anything is.
#[derive(Default)]
pub(super) struct Ahead {
    deed: OnceLock<Arc<Deed>>,
    done: Mutex<HashMap<Digest, Arc<OnceCell<()>>>>,
}

impl Ahead {
    /// Says what is to be done, from now on.
    pub(super) fn set(&self, deed: Arc<Deed>) {
        // The first one counts.
        let _ = self.deed.set(deed);
    }

    /// Does it, or waits until it is done.
    pub(super) async fn of(&self, image: &Arc<Image>, manifest: &Digest) {
        let Some(deed) = self.deed.get() else {
            return;
        };
        let cell = {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(done.entry(manifest.clone()).or_default())
        };
        cell.get_or_init(async || {
            let (deed, image, manifest) = (Arc::clone(deed), Arc::clone(image), manifest.clone());
            // What went wrong with it is no reason to tell nothing.
            let _ = spawn_blocking(move || deed(&image, &manifest)).await;
        })
        .await;
    }
}

impl Debug for Ahead {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ahead").finish_non_exhaustive()
    }
}
