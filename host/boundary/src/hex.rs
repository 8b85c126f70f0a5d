//! Hexadecimal, as digests and identities are written.
//!
//! Reads and writes: nothing.

use std::fmt::Write;

/// Two lower-case digits a byte.
///
/// ```
/// assert_eq!(oci_image_boundary::hex::hex(&[0, 0xaf]), "00af");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // A `String` takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
