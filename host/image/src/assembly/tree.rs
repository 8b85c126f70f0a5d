//! The tree of an image: its layers, unpacked one above the other.
//!
//! A layer is read where it is not compressed, if it is anywhere: what the daemon has made lies in its own store.
//!
//! Reads: blobs, contents. Writes: the tree. Unknown here: what an entry of a layer says (`rootfs`).

use std::ffi::OsStr;

use oci_image_boundary::handle::Directory;
use oci_spec::image::Digest;

use super::assembled::Assembly;
use super::error::AssemblyError;
use crate::blob::Blob;
use crate::contents::Contents;
use crate::rootfs::{GrowingRootfs, Rootfs};

impl Assembly {
    /// Unpacks the image, of one platform, into a directory, beside the name that it is to have there. Blocking.
    ///
    /// # Errors
    /// [`AssemblyError::SeveralPlatforms`]; [`AssemblyError::Document`]; [`AssemblyError::Blob`]; [`AssemblyError::Rootfs`].
    pub fn unpack(
        &self,
        directory: &Directory,
        name: &OsStr,
        contents: &Contents,
    ) -> Result<Rootfs, AssemblyError> {
        let manifest = self.manifest()?;
        let layers = manifest.layers().iter();
        let layers = layers.map(|layer| self.layer(layer.digest(), contents));
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let sizes = layers.iter().map(|(_, blob)| blob.size());
        let stretch = contents.unpacking().begin(sizes.sum());
        let mut growing = GrowingRootfs::beside(directory, name)?;
        for (digest, blob) in layers {
            let opened = blob.open().map_err(|source| AssemblyError::Blob {
                digest: digest.clone(),
                source,
            });
            let stream = opened?.stream(blob.size(), contents.cancel().clone());
            growing.add(stretch.metered(stream))?;
        }
        Ok(growing.finish()?)
    }

    /// Where a layer is read best.
    fn layer(&self, digest: &Digest, contents: &Contents) -> Result<(Digest, Blob), AssemblyError> {
        let missing = || AssemblyError::Missing {
            digest: digest.clone(),
        };
        let compressed = self.blobs.get(digest).ok_or_else(missing)?;
        let origin = self.origins.get(digest).filter(|origin| *origin != digest);
        let raw = origin.map(|origin| contents.raw(origin)).transpose();
        let raw = raw.map_err(|source| AssemblyError::Blob {
            digest: digest.clone(),
            source,
        })?;
        let blob = raw.flatten().unwrap_or_else(|| compressed.clone());
        Ok((digest.clone(), blob))
    }
}
