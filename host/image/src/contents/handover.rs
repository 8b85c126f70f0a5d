//! Handover: the layers of a base image into the store of a daemon, so that it need not pull them.
//!
//! A daemon that is to pull a blob which stands in its store takes it for pulled (containerd's stores share what they have among
//! namespaces). So a layer that lies on this disk is copied there, which takes the half of the time that a pull through a socket does,
//! and it is compared with its digest meanwhile: nobody need do that again.
//!
//! What cannot be handed over is pulled; what a daemon does not take goes with what it does not need.
//!
//! Reads: images. Writes: the daemon's store.
//! Source: containerd v2, `core/metadata` (`Writer`), `core/remotes` (`fetch`); BuildKit, `util/contentutil`.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::{Directory, PartialFile};
use oci_spec::image::{Digest, DigestAlgorithm, ImageManifest};
use rustix::fs::{Mode, fchmod};
use sha2::{Digest as _, Sha256};

use super::directories::BLOBS;
use super::found::Contents;
use crate::blob::Blob;
use crate::digest::sha256;
use crate::document;
use crate::image::Image;
use crate::meter::Stretch;

/// Pieces that are written and not hashed yet.
const PIECES: usize = 2;

/// As the daemon leaves its own: to be read by all.
const MODE: Mode = Mode::from_raw_mode(0o444);

impl Contents {
    /// Hands the layers of a manifest over to a daemon whose store is a directory with `blobs/ALGORITHM/HEX`, those that it has not.
    /// Blocking.
    ///
    /// # Errors
    /// The system's; that it was called off. What is there by then is whole.
    pub fn hand_over(&self, image: &Image, manifest: &Digest, store: &Directory) -> io::Result<()> {
        let manifest = image.manifest(manifest);
        let manifest = manifest.and_then(|manifest| {
            document::parse::<ImageManifest>(&manifest.bytes).ok() // an index names no layers
        });
        for layer in manifest.iter().flat_map(ImageManifest::layers) {
            let digest = layer.digest();
            if *digest.algorithm() != DigestAlgorithm::Sha256 {
                continue;
            }
            let blobs = store.made_own_directory(BLOBS)?;
            if let Some(blob) = image.blob(digest)
                && !blobs.beneath().exists(digest.digest())
            {
                self.hand_over_blob(digest, blob, &blobs)?;
            }
        }
        Ok(())
    }

    fn hand_over_blob(&self, digest: &Digest, blob: &Blob, blobs: &Directory) -> io::Result<()> {
        let _turn = self.kept().turn(digest);
        let partial = self.kept().partial()?;
        let stretch = self.handing_over().begin(blob.size());
        let (partial, found) = copied(blob, partial, &stretch, self.cancel())?;
        if found != *digest {
            return Ok(()); // the daemon will notice
        }
        fchmod(partial.file.as_fd(), MODE)?;
        // A daemon takes what has a blob's name for the blob, also after a loss of power.
        partial.file.sync_data()?;
        partial.put(blobs, digest.digest().as_ref())?;
        self.kept().stamps().vouch(digest, blob);
        Ok(())
    }
}

/// A file that a blob was copied into, and the digest of what was written.
fn copied(
    blob: &Blob,
    partial: PartialFile,
    stretch: &Stretch,
    cancel: &Cancel,
) -> io::Result<(PartialFile, Digest)> {
    let (pieces, written) = mpsc::sync_channel::<Vec<u8>>(PIECES);
    thread::scope(|scope| {
        let hashing = scope.spawn(move || {
            let hash = written
                .iter()
                .fold(Sha256::new(), |hash, piece| hash.chain_update(piece));
            sha256(hash)
        });
        let mut copy = Copy { partial, pieces };
        let mut metered = stretch.metered(&mut copy);
        let copied =
            (blob.open()).and_then(|reader| reader.write_to(&mut metered, blob.size(), cancel));
        let Copy { partial, pieces } = copy;
        drop(pieces); // nothing more comes
        let found = hashing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        copied?;
        Ok((partial, found))
    })
}

/// Writes pieces, and passes them on to who hashes them.
struct Copy {
    partial: PartialFile,
    pieces: SyncSender<Vec<u8>>,
}

impl Write for Copy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.partial.write(bytes)?;
        let piece = bytes[..count].to_vec();
        self.pieces
            .send(piece)
            .map_err(|_| io::Error::other("nobody hashes what is copied"))?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
