//! The handover of base images: their layers are in the daemon's store before it would pull them from us.
//!
//! Reads: base images. Writes: the daemon's store. Unknown here: how (`image::contents`).

use crate::boundary::blocking::blocking;
use crate::boundary::handle::Directory;
use crate::executor::bases::Bases;
use crate::executor::intake;
use crate::executor::site::Site;

/// Has the layers of each base image handed over that the daemon asks for. Nothing depends on it: what is not there is pulled.
pub(super) async fn arrange(bases: &Bases, site: Site<'_>) {
    let Some(registry) = bases.registry() else {
        return;
    };
    let root = site.host.root.clone();
    let stores = blocking(move || intake::of_daemon(&Directory::open(&root)?)).await;
    // Of several, one for each snapshotter that was ever in use here, it cannot be told which is the daemon's.
    let Ok([store]) = stores.as_deref() else {
        return;
    };
    let (store, contents) = (store.clone(), site.contents.clone());
    registry.ahead_of_manifests(move |image, manifest| {
        let _ = contents.hand_over(image, manifest, &store);
    });
}
