//! Why a tar stream cannot be read.

use std::io;

use oci_image_boundary::outside::shown;

use crate::extension::EXTENSION_LIMIT;

/// Why a tar stream cannot be read. Offsets are bytes from the start of the stream.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The stream itself fails.
    #[error("cannot read at byte {offset}")]
    Read {
        /// Where.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// The stream ends inside a header, an extension or an entry's content.
    #[error("ends within an entry at byte {offset}")]
    Truncated {
        /// Where it ends.
        offset: u64,
    },
    /// A block that should be a header is none.
    #[error("no tar header at byte {offset}")]
    Checksum {
        /// Where.
        offset: u64,
    },
    /// A number of an entry cannot be read or does not fit its meaning.
    #[error("entry `{entry}` has an invalid {field}", entry = shown(entry))]
    Field {
        /// The entry's path.
        entry: String,
        /// Which number.
        field: &'static str,
    },
    /// A PAX record or GNU long name that breaks its format, or stands twice before one entry.
    #[error("malformed extension at byte {offset}")]
    Extension {
        /// Where the extension starts.
        offset: u64,
    },
    /// An extension beyond what is read.
    #[error("extension at byte {offset} holds {size} bytes, more than {EXTENSION_LIMIT}")]
    ExtensionSize {
        /// Where the extension starts.
        offset: u64,
        /// Its size in bytes.
        size: u64,
    },
}
