//! Archives of `docker save`: `manifest.json`, which names a config and layers by file.
//!
//! Such an archive has no manifest in the sense of a registry, so one is made, of OCI media types. A layer that lies
//! there uncompressed is served as it is: its digest is then its diff ID, which the config has, so that nothing is
//! hashed. A compressed layer is known by the name of its file if that is `blobs/ALGORITHM/HEX`; otherwise it is
//! hashed, once. Other names of files prove nothing: tools put the diff ID, a chain ID or a random ID there.
//!
//! Reads: `manifest.json`, the config, the first bytes of layers. Writes: nothing. Unknown here: registries.
//! Source: Docker image-spec v1.2, `Combined Image JSON + Filesystem Changeset Format`.

use std::collections::HashMap;
use std::io;

use oci_image_boundary::hashing::Hashing;
use oci_spec::image::{Descriptor, Digest, ImageManifest, ImageManifestBuilder, MediaType};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::blob::Blob;
use crate::digest::sha256;
use crate::error::ImageError;
use crate::image::Image;
use crate::layer::{self, Compression, LAYER_LIMIT};
use crate::manifest::Manifest;
use crate::store::Store;

/// The file that makes an archive one of `docker save`.
pub(super) const MANIFEST: &str = "manifest.json";

/// An image as `manifest.json` names it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Saved {
    pub(super) config: String,
    repo_tags: Vec<String>,
    pub(super) layers: Vec<String>,
}

/// A config, as far as it names layers.
#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) rootfs: Layers,
}

/// What a config calls `rootfs`.
#[derive(Deserialize)]
pub(super) struct Layers {
    pub(super) diff_ids: Vec<Digest>,
}

/// Reads the one image of an archive.
pub(super) fn read(store: &mut Store) -> Result<Image, ImageError> {
    let saved = only_image(store)?;
    let config_bytes = store.document(&saved.config)?;
    let config: Config = store.parse(&saved.config, &config_bytes)?;
    let (diff_ids, files) = (config.rootfs.diff_ids, saved.layers);
    if diff_ids.len() != files.len() {
        let (path, entry) = (store.path().into(), saved.config);
        return Err(ImageError::LayerCount {
            path,
            entry,
            diff_ids: diff_ids.len(),
            layers: files.len(),
        });
    }
    if files.len() > LAYER_LIMIT {
        return Err(ImageError::TooManyLayers {
            path: store.path().into(),
            entry: MANIFEST.into(),
            layers: files.len(),
            limit: LAYER_LIMIT,
        });
    }
    let mut blobs = HashMap::new();
    let config_digest = hashed(store, &config_bytes);
    let config = Descriptor::new(
        MediaType::ImageConfig,
        config_bytes.len() as u64,
        config_digest.clone(),
    );
    blobs.insert(config_digest, store.blob(&saved.config)?);
    let mut layers = Vec::with_capacity(files.len());
    let mut hashed = Hashed::new();
    for (file, diff_id) in files.iter().zip(diff_ids) {
        let (descriptor, blob) = served(store, file, diff_id, &mut hashed)?;
        blobs.insert(descriptor.digest().clone(), blob);
        layers.push(descriptor);
    }
    let (root, manifest) = manifest(store, config, layers);
    Ok(Image {
        root: root.clone(),
        manifests: HashMap::from([(root, manifest)]),
        blobs,
        effort: store.effort,
    })
}

/// The one image that `manifest.json` names.
pub(super) fn only_image(store: &mut Store) -> Result<Saved, ImageError> {
    let bytes = store.document(MANIFEST)?;
    let mut images: Vec<Saved> = store.parse(MANIFEST, &bytes)?;
    let path = || store.path().to_path_buf();
    match images.len() {
        0 => Err(ImageError::Empty { path: path() }),
        1 => Ok(images.remove(0)),
        _ => {
            let name = |image: Saved| image.repo_tags.into_iter().next().unwrap_or(image.config);
            Err(ImageError::SeveralImages {
                path: path(),
                names: images.into_iter().map(name).collect(),
            })
        }
    }
}

/// The digests of layers that had to be hashed, by where they are: an archive may name one of them a thousand times.
type Hashed = HashMap<(Option<u64>, String), Digest>;

/// A layer as it is served.
fn served(
    store: &mut Store,
    file: &str,
    diff_id: Digest,
    known: &mut Hashed,
) -> Result<(Descriptor, Blob), ImageError> {
    let blob = store.blob(file)?;
    if blob.size() == 0 {
        return Ok(layer::nothing());
    }
    let compression = Compression::of(&store.start_of(file, &blob, 4)?);
    let digest = match compression {
        Compression::None => diff_id,
        Compression::Gzip | Compression::Zstd => compressed_digest(store, file, &blob, known)?,
    };
    let descriptor = Descriptor::new(compression.media_type(), blob.size(), digest);
    Ok((descriptor, blob))
}

fn compressed_digest(
    store: &mut Store,
    file: &str,
    blob: &Blob,
    known: &mut Hashed,
) -> Result<Digest, ImageError> {
    let named = file
        .strip_prefix("blobs/")
        .and_then(|name| Digest::try_from(name.replacen('/', ":", 1)).ok());
    if let Some(digest) = named {
        return Ok(digest);
    }
    // In an archive several names can be links to one place; in a directory the name is all there is.
    let name = if blob.start().is_some() { "" } else { file };
    let place = (blob.start(), name.to_owned());
    if let Some(digest) = known.get(&place) {
        return Ok(digest.clone());
    }
    let digest = hash(store, file, blob)?;
    known.insert(place, digest.clone());
    Ok(digest)
}

fn hash(store: &mut Store, file: &str, blob: &Blob) -> Result<Digest, ImageError> {
    let reader = blob
        .open()
        .map_err(|source| store.unreadable(file, source))?;
    let mut hashing = Hashing::new(io::sink());
    reader
        .write_to(&mut hashing, blob.size(), &store.cancel)
        .map_err(|source| store.unreadable(file, source))?;
    let (_, hash, size) = hashing.finish();
    store.effort.read += size;
    store.effort.hashed += size;
    Ok(sha256(hash))
}

fn hashed(store: &mut Store, bytes: &[u8]) -> Digest {
    store.effort.hashed += bytes.len() as u64;
    sha256(Sha256::new_with_prefix(bytes))
}

fn manifest(store: &mut Store, config: Descriptor, layers: Vec<Descriptor>) -> (Digest, Manifest) {
    let manifest: ImageManifest = ImageManifestBuilder::default()
        .schema_version(oci_spec::image::SCHEMA_VERSION)
        .media_type(MediaType::ImageManifest)
        .config(config)
        .layers(layers)
        .build()
        .expect("every field that has no default is set");
    let bytes = serde_json::to_vec(&manifest)
        .expect("a manifest of descriptors without annotations is JSON");
    let digest = hashed(store, &bytes);
    let manifest = Manifest::of_image(&digest, &MediaType::ImageManifest, bytes, &manifest);
    (digest, manifest)
}
