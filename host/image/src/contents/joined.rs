//! Joined: one image of what several daemons have built, each for some of its platforms.
//!
//! Reads: contents. Writes: kept blobs. Unknown here: who has built what. Source: OCI image-spec 1.1, image-index.

use std::io;

use oci_spec::image::{
    Descriptor, ImageIndex, ImageIndexBuilder, ImageManifest, MediaType, Platform,
};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::found::Contents;
use crate::digest::sha256;
use crate::layout::Role;

/// How large a document may be that is read whole, in bytes.
const LIMIT: u64 = 16 << 20;

impl Contents {
    /// The index of images, which are manifests, each of the platform that its config tells, or indexes: of an index all that it names is
    /// in it, attestations too. Blocking.
    ///
    /// # Errors
    /// The system's; of the kind `InvalidData` for what is no image, `NotFound` for one that is nowhere.
    pub fn join(&self, images: &[Descriptor]) -> io::Result<Descriptor> {
        let mut manifests = Vec::new();
        for root in images {
            match Role::of(root.media_type()) {
                Role::Index => manifests.extend(self.listed(root)?),
                _ => {
                    let mut manifest = Descriptor::new(
                        root.media_type().clone(),
                        root.size(),
                        root.digest().clone(),
                    );
                    manifest.set_platform(Some(self.platform(root)?));
                    manifests.push(manifest);
                }
            }
        }
        let index = ImageIndexBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageIndex)
            .manifests(manifests)
            .build()
            .map_err(io::Error::other)?;
        let bytes = serde_json::to_vec(&index)?;
        let digest = sha256(Sha256::new_with_prefix(&bytes));
        if let Some(mut arrival) = self.arrival(Some(&digest))? {
            arrival.write(&bytes)?;
            arrival.commit(&digest)?;
        }
        Ok(Descriptor::new(
            MediaType::ImageIndex,
            bytes.len() as u64,
            digest,
        ))
    }

    fn listed(&self, index: &Descriptor) -> io::Result<Vec<Descriptor>> {
        let index: ImageIndex = self.read(index)?;
        Ok(index.manifests().clone())
    }

    fn platform(&self, manifest: &Descriptor) -> io::Result<Platform> {
        let manifest: ImageManifest = self.read(manifest)?;
        self.read(manifest.config())
    }

    fn read<T: DeserializeOwned>(&self, document: &Descriptor) -> io::Result<T> {
        let blob = self
            .blob(document.digest())?
            .ok_or(io::ErrorKind::NotFound)?;
        if blob.size() > LIMIT {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; blob.size() as usize];
        blob.open()?.read_exact_at(&mut bytes, 0)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}
