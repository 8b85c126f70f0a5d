//! The index of a layout, and the one image that is meant by it.
//!
//! Reads: `oci-layout`, `index.json`, and what they lead to. Writes: nothing.

use std::collections::HashSet;

use oci_spec::image::{Descriptor, ImageIndex, OciLayout};

use super::name::{INDEX, MARKER};
use super::walk::Walk;
use crate::error::ImageError;
use crate::image::Image;
use crate::store::Store;

/// The version of layouts that is known.
pub(crate) const VERSION: &str = "1.0.0";
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Reads the one image of a layout.
///
/// Where `index.json` names several, it is either itself the index of one image, its entries being platforms, or the
/// entry tagged `latest` is meant.
pub(crate) fn read(store: &mut Store) -> Result<Image, ImageError> {
    let marker = store.document(MARKER)?;
    let version: OciLayout = store.parse(MARKER, &marker)?;
    if version.image_layout_version() != VERSION {
        let version = version.image_layout_version().clone();
        return Err(ImageError::LayoutVersion {
            path: store.path().into(),
            version,
        });
    }
    let bytes = store.document(INDEX)?;
    let index: ImageIndex = store.parse(INDEX, &bytes)?;
    let mut walk = Walk::new(store);
    let root = match choose(walk.store(), &index)? {
        Choice::Entry(descriptor) => walk.follow(descriptor)?,
        Choice::Whole => walk.root_index(bytes, &index)?,
    };
    Ok(walk.image(root))
}

/// Reads the image of a layout whose manifest or index this is.
pub(crate) fn read_manifest(store: &mut Store, manifest: &Descriptor) -> Result<Image, ImageError> {
    let mut walk = Walk::new(store);
    let root = walk.follow(manifest)?;
    Ok(walk.image(root))
}

/// The one manifest or index that a layout names, as it lies there.
pub(crate) fn only(store: &mut Store) -> Result<Descriptor, ImageError> {
    let bytes = store.document(INDEX)?;
    let index: ImageIndex = store.parse(INDEX, &bytes)?;
    match choose(store, &index)? {
        Choice::Entry(descriptor) => Ok(descriptor.clone()),
        Choice::Whole => Err(several(store, index.manifests())),
    }
}

enum Choice<'index> {
    Entry(&'index Descriptor),
    Whole,
}

fn choose<'index>(store: &Store, index: &'index ImageIndex) -> Result<Choice<'index>, ImageError> {
    // One image may be listed once for each of its tags.
    let mut known = HashSet::new();
    let images: Vec<&Descriptor> = (index.manifests().iter())
        .filter(|image| known.insert(image.digest()))
        .collect();
    match images.as_slice() {
        [] => {
            return Err(ImageError::Empty {
                path: store.path().into(),
            });
        }
        [image] => return Ok(Choice::Entry(image)),
        several
            if several
                .iter()
                .all(|image| image.platform().is_some() && ref_name(image).is_none()) =>
        {
            return Ok(Choice::Whole);
        }
        _ => {}
    }
    let latest = index
        .manifests()
        .iter()
        .find(|image| ref_name(image) == Some("latest"));
    latest
        .map(Choice::Entry)
        .ok_or_else(|| several(store, images))
}

fn several<'image>(
    store: &Store,
    images: impl IntoIterator<Item = &'image Descriptor>,
) -> ImageError {
    let name = |image: &Descriptor| {
        let name = ref_name(image).unwrap_or(image.digest().as_ref());
        name.to_owned()
    };
    ImageError::SeveralImages {
        path: store.path().into(),
        names: images.into_iter().map(name).collect(),
    }
}

fn ref_name(descriptor: &Descriptor) -> Option<&str> {
    descriptor
        .annotations()
        .as_ref()?
        .get(REF_NAME)
        .map(String::as_str)
}
