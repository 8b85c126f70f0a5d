//! Entries of a tar stream: a header with everything that extends it, then the entry's content.
//!
//! An extension is read only up to a limit of one megabyte, and PAX records are split by their stated length, never by
//! line: the value of `security.capability` is binary and may hold a line break. For these two reasons the iterator of
//! the `tar` crate is not used here (it splits at line breaks and reads without limit); its header type is.
//!
//! Reads: a stream, once, forwards. Writes: nothing. Unknown here: what an entry is good for, whether its path is safe.
//! Source: POSIX.1-2024 `pax` (ustar, `x` and `g` records); GNU tar (`L`, `K`, base-256 numbers); libarchive
//! (`SCHILY.xattr`).
//!
//! - `entries`: one entry after the other. `source`: what they are read from. `error`: why they cannot be.
//! - `header`: what header and extensions say of an entry.

mod entries;
mod error;
mod header;
mod source;

pub use entries::Entries;
pub use error::EntryError;
pub use header::{BLOCK, Entry, Kind};
pub use source::Source;
