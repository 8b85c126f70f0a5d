//! Contents: every place where a blob of an image may be on this machine.
//!
//! A layer that is not compressed is compressed as soon as it is asked for, wherever it is: that is what an image needs of it.
//!
//! Reads: kept blobs, images, layouts. Writes: kept blobs. Unknown here: what an image is made of (`assembly`).

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::Directory;
use oci_image_boundary::hashing::Hashing;
use oci_spec::image::Digest;

use super::arrival::Arrival;
use super::kept::KeptBlobs;
use super::layer_encoder::LayerEncoder;
use super::recoded::Become;
use crate::blob::Blob;
use crate::codec::Decoder;
use crate::digest::sha256;
use crate::image::Image;
use crate::layer;
use crate::layout::blob_name;
use crate::meter::Meter;

/// How many blobs are held open that another program may remove.
const HELD_LIMIT: usize = 256;

/// Blobs that this machine has, wherever they are. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Contents {
    kept: KeptBlobs,
    images: Vec<Arc<Image>>,
    layouts: Vec<Directory>,
    /// What was found in layouts, held open.
    held: Arc<Mutex<HashMap<Digest, Blob>>>,
    cancel: Cancel,
    compressing: Meter,
    writing: Meter,
    unpacking: Meter,
    handing_over: Meter,
}

impl Contents {
    /// Those that are kept, and those of images and of layouts, which are directories with `blobs/ALGORITHM/HEX`; reading ends when it
    /// is called off.
    pub fn new(
        kept: KeptBlobs,
        images: Vec<Arc<Image>>,
        layouts: Vec<Directory>,
        cancel: Cancel,
    ) -> Self {
        Self {
            kept,
            images,
            layouts,
            held: Arc::default(),
            cancel,
            compressing: Meter::default(),
            writing: Meter::default(),
            unpacking: Meter::default(),
            handing_over: Meter::default(),
        }
    }

    /// Those that came from a daemon.
    pub fn kept(&self) -> &KeptBlobs {
        &self.kept
    }

    /// Whether work on them is still wanted.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// How far layers are compressed that are here already.
    pub fn compressing(&self) -> &Meter {
        &self.compressing
    }

    /// How far images are written that are put together from them.
    pub fn writing(&self) -> &Meter {
        &self.writing
    }

    /// How far layers of them are unpacked.
    pub fn unpacking(&self) -> &Meter {
        &self.unpacking
    }

    /// How far layers of base images are handed over to a daemon.
    pub fn handing_over(&self) -> &Meter {
        &self.handing_over
    }

    /// Those that are kept, when nothing else is wanted any more.
    pub fn into_kept(self) -> KeptBlobs {
        self.kept
    }

    /// A place for a blob that a daemon has; `None` if it need not come. Blocking, for as long as another brings the same one.
    ///
    /// # Errors
    /// The system's; that it was called off.
    pub fn arrival(&self, digest: Option<&Digest>) -> io::Result<Option<Arrival>> {
        let Some(digest) = digest else {
            return Ok(Some(Arrival::new(self.kept.clone(), None)));
        };
        let turn = self.kept.turn(digest);
        let is_had = self.is_had(digest)?;
        Ok((!is_had).then(|| Arrival::new(self.kept.clone(), Some(turn))))
    }

    /// A blob that is the one that its digest names. Blocking.
    ///
    /// # Errors
    /// That it was called off.
    pub(crate) fn blob(&self, digest: &Digest) -> io::Result<Option<Blob>> {
        if let Some(kept) = self.kept.blob(digest, &self.cancel)? {
            return Ok(Some(kept));
        }
        for blob in self.places(digest) {
            if self.is_sound(digest, &blob)? {
                return Ok(Some(blob));
            }
        }
        Ok(None)
    }

    /// A layer where it is not compressed. Blocking.
    ///
    /// # Errors
    /// That it was called off.
    pub(crate) fn raw(&self, layer: &Digest) -> io::Result<Option<Blob>> {
        let is_raw = |blob: &Blob| layer::start(blob).is_ok_and(|start| layer::is_raw(&start));
        for blob in self.places(layer).into_iter().filter(is_raw) {
            if self.is_the_one(layer, &blob)? {
                return Ok(Some(blob));
            }
        }
        Ok(None)
    }

    /// Whether a blob, wherever it is, is the one that its digest names. Blocking.
    ///
    /// # Errors
    /// That it was called off.
    pub(crate) fn is_the_one(&self, digest: &Digest, blob: &Blob) -> io::Result<bool> {
        (self.kept.stamps()).is_sound(digest, blob, &self.cancel)
    }

    /// Whether a blob need not come. A layer that is not compressed is compressed, in one reading with its comparison.
    fn is_had(&self, digest: &Digest) -> io::Result<bool> {
        if self.become_of(digest)?.is_some() || self.kept.blob(digest, &self.cancel)?.is_some() {
            return Ok(true);
        }
        for blob in self.places(digest) {
            let is_had = match layer::start(&blob) {
                Ok(start) if layer::is_raw(&start) => self.compress(digest, &blob),
                Ok(_) => self.is_sound(digest, &blob),
                Err(unread) => Err(unread),
            };
            // What cannot be read there comes from elsewhere.
            if is_had.unwrap_or(false) {
                return Ok(true);
            }
            self.cancel.check()?;
        }
        Ok(false)
    }

    /// Whether a blob is the one that its digest names; it is held then.
    fn is_sound(&self, digest: &Digest, blob: &Blob) -> io::Result<bool> {
        let is_sound = self.is_the_one(digest, blob)?;
        if is_sound {
            self.hold(digest, blob);
        }
        Ok(is_sound)
    }

    /// Where a blob of this name is, sound or not, beside those that are kept.
    fn places(&self, digest: &Digest) -> Vec<Blob> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let of_images = (self.images.iter()).filter_map(|image| image.blob(digest).cloned());
        let name = || blob_name(digest);
        let of_layouts =
            (self.layouts.iter()).filter_map(|layout| Blob::named(layout, name())?.opened().ok());
        let held = held.get(digest).cloned();
        held.into_iter()
            .chain(of_images)
            .chain(of_layouts)
            .collect()
    }

    /// Keeps a blob from going before the image is put together.
    fn hold(&self, digest: &Digest, blob: &Blob) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() < HELD_LIMIT {
            held.entry(digest.clone()).or_insert_with(|| blob.clone());
        }
    }

    /// A layer as our codec compresses it, if that was done. Blocking.
    ///
    /// # Errors
    /// That it was called off.
    pub(crate) fn become_of(&self, layer: &Digest) -> io::Result<Option<(Become, Blob)>> {
        let Some(becomes) = self.kept.recoded().of(layer) else {
            return Ok(None);
        };
        let blob = self.blob(&becomes.digest)?;
        let blob = blob.filter(|blob| blob.size() == becomes.size);
        Ok(blob.map(|blob| (becomes, blob)))
    }

    /// Compresses a layer by our codec, whatever it is by now. Blocking.
    ///
    /// # Errors
    /// The blob's own; the system's; that it was called off.
    pub(crate) fn recode(&self, layer: &Digest, blob: &Blob) -> io::Result<Option<(Become, Blob)>> {
        let _turn = self.kept.turn(layer);
        if let Some(done) = self.become_of(layer)? {
            return Ok(Some(done));
        }
        let mut encoder = LayerEncoder::new(&self.kept)?;
        let stretch = self.compressing.begin(blob.size());
        let stream = blob.open()?.stream(blob.size(), self.cancel.clone());
        let mut raw = Decoder::new(stretch.metered(stream))?;
        io::copy(&mut raw, &mut encoder)?;
        encoder.commit(&self.kept, layer)?;
        self.become_of(layer)
    }

    /// Whether a blob was the layer of that digest, and is kept as it is compressed.
    fn compress(&self, layer: &Digest, blob: &Blob) -> io::Result<bool> {
        let mut hashing = Hashing::new(LayerEncoder::new(&self.kept)?);
        let stretch = self.compressing.begin(blob.size());
        let mut metered = stretch.metered(&mut hashing);
        (blob.open()?).write_to(&mut metered, blob.size(), &self.cancel)?;
        let (encoder, hash, _) = hashing.finish();
        if sha256(hash) != *layer {
            return Ok(false);
        }
        encoder.commit(&self.kept, layer)?;
        self.kept.stamps().vouch(layer, blob);
        Ok(true)
    }
}
