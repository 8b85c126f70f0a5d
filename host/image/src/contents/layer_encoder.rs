//! A layer that is compressed by our codec into a blob that is kept.
//!
//! Reads: nothing. Writes: kept blobs. Unknown here: where the layer comes from, whether it is what its digest says.

use std::io::{self, Write};

use oci_image_boundary::handle::PartialFile;
use oci_image_boundary::hashing::Hashing;
use oci_spec::image::Digest;

use super::kept::KeptBlobs;
use super::recoded::Become;
use crate::codec::Encoder;
use crate::digest::sha256;

/// Compresses what is written to it. Dropped before it is committed, nothing of it stays.
pub(super) struct LayerEncoder(Encoder<Hashing<PartialFile>>);

impl LayerEncoder {
    pub(super) fn new(kept: &KeptBlobs) -> io::Result<Self> {
        let file = Hashing::new(kept.partial()?);
        Ok(Self(Encoder::new(kept.codec(), file)))
    }

    /// Keeps what the layer of that digest has become.
    pub(super) fn commit(self, kept: &KeptBlobs, layer: &Digest) -> io::Result<()> {
        let (file, hash, size) = self.0.finish()?.finish();
        let digest = sha256(hash);
        kept.put(file, &digest)?;
        kept.recoded().put(layer, &Become { digest, size })
    }
}

impl Write for LayerEncoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
