//! `LayerSources`: what each layer of an archive is, for those who would hash it to know.
//!
//! Who pushes an archive needs each layer's digest and size. They stand in its layout, but go-containerregistry, and with it
//! Concourse, reads `manifest.json` alone, and hashes every layer whose descriptor is not there: also those that the
//! registry has, which it then does not send.
//!
//! Reads and writes: nothing.
//! Source: go-containerregistry v0.21.7, `pkg/v1/tarball`; moby v28, `image/tarexport`.

use std::collections::BTreeMap;

use oci_spec::image::{Descriptor, Digest};
use serde_json::{Value, json};

/// The media type that who pushes gives a layer; the manifest it makes is one of Docker's.
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// The descriptor of each layer by its diff ID.
pub(super) fn of(diff_ids: &[Digest], layers: &[Descriptor]) -> BTreeMap<String, Value> {
    let mut by_id: BTreeMap<String, Vec<&Descriptor>> = BTreeMap::new();
    for (diff_id, layer) in diff_ids.iter().zip(layers) {
        by_id.entry(diff_id.to_string()).or_default().push(layer);
    }
    // One that is there twice, compressed in two ways, is two blobs under one name: who pushes would mix them up.
    by_id.retain(|_, layers| {
        layers
            .windows(2)
            .all(|pair| pair[0].digest() == pair[1].digest())
    });
    let described = by_id.into_iter().map(|(diff_id, layers)| {
        let (size, digest) = (layers[0].size(), layers[0].digest().to_string());
        let layer = json!({"mediaType": LAYER, "size": size, "digest": digest});
        (diff_id, layer)
    });
    described.collect()
}
