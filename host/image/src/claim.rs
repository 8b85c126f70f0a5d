//! A claim: that a file or a directory holds one whole image, and which.
//!
//! Who made the image is not believed. Every document is hashed and must be the one that its digest names, configs included;
//! everything that a manifest or an index names must be there, in the size that is said. Layers are not read: who takes the
//! image hashes them anyway, and they are what is large.
//!
//! Reads: an archive's or a layout's headers and documents. Writes: nothing. Unknown here: who claims it.

use std::path::Path;

use oci_spec::image::{Descriptor, Digest, ImageIndex, ImageManifest};

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::Found;

use crate::digest::digest_like;
use crate::error::ImageError;
use crate::image::Image;
use crate::manifest::Manifest;
use crate::store::Store;
use crate::{docker, layout};

/// What an image is said to be.
#[derive(Debug, Clone, Copy)]
pub enum Claim<'digest> {
    /// An archive of one platform, whose config has this digest; `manifest.json` names the same image as its layout does.
    Config(&'digest Digest),
    /// A layout whose manifest or index has this digest.
    Root(&'digest Digest),
}

/// Opens an image that is what it is said to be; messages call it by `path`. Blocking.
///
/// # Errors
/// [`ImageError`], as of [`Image::read`]; [`ImageError::AnotherImage`] and [`ImageError::Disagreement`] besides.
pub fn check(found: Found, path: &Path, claim: Claim<'_>) -> Result<Image, ImageError> {
    let mut store = Store::open(found, path, &Cancel::default())?;
    let image = layout::read(&mut store)?;
    let root = layout::only(&mut store)?;
    for (digest, manifest) in image.manifests() {
        complete(&mut store, &image, digest, manifest)?;
    }
    match claim {
        Claim::Root(digest) => same(path, digest, root.digest())?,
        Claim::Config(digest) => {
            let manifest = image.manifest(root.digest());
            let config = manifest.and_then(|manifest| manifest.config.as_ref());
            let actual = config.map_or(root.digest(), Descriptor::digest);
            same(path, digest, actual)?;
            if let Some(manifest) = manifest {
                agreed(&mut store, root.digest(), manifest)?;
            }
        }
    }
    Ok(image)
}

fn same(path: &Path, said: &Digest, actual: &Digest) -> Result<(), ImageError> {
    if said == actual {
        return Ok(());
    }
    Err(ImageError::AnotherImage {
        path: path.into(),
        said: said.to_string(),
        actual: actual.to_string(),
    })
}

/// Whether everything that a manifest or an index names is there, and its config is the one that its digest means.
fn complete(
    store: &mut Store,
    image: &Image,
    digest: &Digest,
    manifest: &Manifest,
) -> Result<(), ImageError> {
    let name = layout::blob_name(digest);
    let named: Vec<Descriptor> = match &manifest.config {
        Some(config) => {
            intact(store, config)?;
            layers(store, &name, manifest)?
        }
        None => {
            let index: ImageIndex = store.parse(&name, &manifest.bytes)?;
            index.manifests().clone()
        }
    };
    let is_there = |named: &Digest| image.blob(named).is_some() || image.manifest(named).is_some();
    match named.iter().find(|named| !is_there(named.digest())) {
        None => Ok(()),
        Some(missing) => Err(ImageError::Missing {
            path: store.path().into(),
            entry: layout::blob_name(missing.digest()),
        }),
    }
}

fn layers(store: &Store, name: &str, manifest: &Manifest) -> Result<Vec<Descriptor>, ImageError> {
    let manifest: ImageManifest = store.parse(name, &manifest.bytes)?;
    Ok(manifest.layers().clone())
}

/// Whether a config has the content that its digest says.
fn intact(store: &mut Store, config: &Descriptor) -> Result<(), ImageError> {
    let entry = layout::blob_name(config.digest());
    let document = store.document(&entry)?;
    match digest_like(config.digest(), &document) {
        Some(actual) if actual == *config.digest() => Ok(()),
        Some(actual) => Err(ImageError::BlobDigest {
            path: store.path().into(),
            entry,
            actual: actual.to_string(),
        }),
        None => Err(ImageError::DigestAlgorithm {
            path: store.path().into(),
            entry,
        }),
    }
}

/// Whether `manifest.json` names the config and the layers of the layout's manifest: there are readers of each.
fn agreed(store: &mut Store, digest: &Digest, manifest: &Manifest) -> Result<(), ImageError> {
    let saved = docker::only_image(store)?;
    let layers = layers(store, &layout::blob_name(digest), manifest)?;
    let layers = layers.iter().map(|layer| layout::blob_name(layer.digest()));
    let config = manifest.config.as_ref();
    let config = config.map(|config| layout::blob_name(config.digest()));
    if config.as_ref() == Some(&saved.config) && layers.eq(saved.layers) {
        return Ok(());
    }
    Err(ImageError::Disagreement {
        path: store.path().into(),
    })
}
