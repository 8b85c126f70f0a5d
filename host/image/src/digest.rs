//! Digests of bytes, by the algorithms of the image-spec.
//!
//! Reads and writes: nothing.

use std::io::{self, Write};

use oci_image_boundary::hex::hex;
use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The digest of `bytes` by the algorithm of `like`, or `None` if that is none of the image-spec's.
pub(crate) fn digest_like(like: &Digest, bytes: &[u8]) -> Option<Digest> {
    let hex = match like.algorithm().as_ref() {
        "sha256" => hex(&Sha256::digest(bytes)),
        "sha384" => hex(&Sha384::digest(bytes)),
        "sha512" => hex(&Sha512::digest(bytes)),
        _ => return None,
    };
    Some(digest(like.algorithm().as_ref(), &hex))
}

/// The SHA-256 digest of a hash that is complete.
pub(crate) fn sha256(hash: Sha256) -> Digest {
    digest("sha256", &hex(&hash.finalize()))
}

/// Passes on what is written to it, and hashes it.
pub(crate) struct Hashing<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            size: 0,
        }
    }

    /// Whoever it was passed on to, and what was written: its digest, and how many bytes it has.
    pub(crate) fn finish(self) -> (W, Digest, u64) {
        (self.inner, sha256(self.hash), self.size)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn digest(algorithm: &str, hex: &str) -> Digest {
    Digest::try_from(format!("{algorithm}:{hex}")).expect("a hash in hexadecimal is a digest")
}
