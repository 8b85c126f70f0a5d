//! `LayerSources`: what each layer of an archive is, for those who would hash it to know.
//!
//! Who pushes an archive needs each layer's digest and size. They stand in its layout, but go-containerregistry, and with it
//! Concourse, reads `manifest.json` alone, and hashes every layer whose descriptor is not there: also those that the
//! registry has, which it then does not send.
//!
//! Reads: an archive's documents. Writes: its `manifest.json`, in place; what follows it moves. Unknown here: who made it.
//! Source: go-containerregistry v0.21.7, `pkg/v1/tarball`; moby v28, `image/tarexport`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use oci_spec::image::{Descriptor, ImageManifest};
use serde_json::{Value, json};
use tar::Header;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::Found;
use oci_image_boundary::regular_file::RegularFile;

use crate::docker::{self, Config};
use crate::entry;
use crate::error::ImageError;
use crate::image::Image;
use crate::layout;
use crate::store::Store;

/// The media type that who pushes gives a layer; the manifest it makes is one of Docker's.
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// How much may follow `manifest.json`, in bytes: `oci-layout` and the archive's end. What is longer is not moved.
const TAIL_LIMIT: usize = 64 << 10;

const BLOCK: usize = entry::BLOCK as usize;

/// Adds the descriptors of an archive's layers to its `manifest.json`; `image` is what it holds, and it is open for writing too.
/// Blocking.
///
/// An archive of another form than BuildKit writes it is left as it is: without an OCI layout, with several images, or with
/// layers behind its `manifest.json`; so is one whose layers are not gzip.
///
/// # Errors
/// [`ImageError`] if the archive is none, or cannot be written; then it may be damaged.
pub fn add(archive: &RegularFile, image: &Image) -> Result<(), ImageError> {
    let (path, cancel) = (archive.path(), Cancel::default());
    let mut store = Store::open(Found::File(archive.clone()), path, &cancel)?;
    if !image.is_gzip() || !store.holds(layout::MARKER) || !store.holds(docker::MANIFEST) {
        return Ok(());
    }
    let sources = sources(&mut store, image)?;
    let document = store.document(docker::MANIFEST)?;
    let mut saved: Value = store.parse(docker::MANIFEST, &document)?;
    let only = match saved.as_array_mut().map(Vec::as_mut_slice) {
        Some([only]) if !sources.is_empty() => only,
        _ => return Ok(()),
    };
    only["LayerSources"] = json!(sources);
    let place = store.blob(docker::MANIFEST)?;
    let Some(start) = place.start() else {
        return Ok(());
    };
    let saved = saved.to_string();
    let replaced = replace(archive.file(), start, place.size(), saved.as_bytes());
    replaced.map_err(|source| ImageError::Write {
        path: path.into(),
        source,
    })
}

/// The descriptor of each layer by its diff ID; none where the image is an index.
fn sources(store: &mut Store, image: &Image) -> Result<BTreeMap<String, Value>, ImageError> {
    let root = image.manifest(image.digest());
    let Some((root, config)) = root.and_then(|root| Some((root, root.config.as_ref()?))) else {
        return Ok(BTreeMap::new());
    };
    let name = layout::blob_name(config.digest());
    let document = store.document(&name)?;
    let config: Config = store.parse(&name, &document)?;
    let manifest: ImageManifest = store.parse(&layout::blob_name(image.digest()), &root.bytes)?;
    let mut layers: BTreeMap<String, Vec<&Descriptor>> = BTreeMap::new();
    for (diff_id, layer) in config.rootfs.diff_ids.iter().zip(manifest.layers()) {
        layers.entry(diff_id.to_string()).or_default().push(layer);
    }
    // One that is there twice, compressed in two ways, is two blobs under one name: who pushes would mix them up.
    let is_one = |layers: &[&Descriptor]| {
        layers
            .windows(2)
            .all(|pair| pair[0].digest() == pair[1].digest())
    };
    let described =
        layers
            .into_iter()
            .filter(|(_, layers)| is_one(layers))
            .map(|(diff_id, layers)| {
                let (size, digest) = (layers[0].size(), layers[0].digest().to_string());
                (
                    diff_id,
                    json!({"mediaType": LAYER, "size": size, "digest": digest}),
                )
            });
    Ok(described.collect())
}

/// Replaces a file of an archive, of which `start` and `size` are known.
fn replace(file: &File, start: u64, size: u64, content: &[u8]) -> io::Result<()> {
    let tail = (start + size).next_multiple_of(BLOCK as u64);
    let length = file.metadata()?.len();
    let rest = match usize::try_from(length.saturating_sub(tail)) {
        Ok(rest) if rest <= TAIL_LIMIT => rest,
        _ => return Ok(()),
    };
    let header = start - BLOCK as u64;
    let mut bytes = resized(file, header, content.len() as u64)?;
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    let end = bytes.len();
    bytes.resize(end + rest, 0);
    file.read_exact_at(&mut bytes[end..], tail)?;
    file.write_all_at(&bytes, header)?;
    file.set_len(header + bytes.len() as u64)
}

/// The header at an offset, for another size.
fn resized(file: &File, offset: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = [0; BLOCK];
    file.read_exact_at(&mut bytes, offset)?;
    let mut header = Header::from_byte_slice(&bytes).clone();
    header.set_size(size);
    header.set_cksum();
    Ok(header.as_bytes().to_vec())
}
