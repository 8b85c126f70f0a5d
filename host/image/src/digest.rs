//! Digests of bytes, by the algorithms of the image-spec.
//!
//! Reads and writes: nothing.

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

fn digest(algorithm: &str, hex: &str) -> Digest {
    Digest::try_from(format!("{algorithm}:{hex}")).expect("a hash in hexadecimal is a digest")
}
