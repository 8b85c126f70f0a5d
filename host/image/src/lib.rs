//! Images as files: opened by index, unpacked, and described.
//!
//! No layer is copied, decompressed or, where its digest is known, hashed: an [`Image`] knows where each of its blobs
//! lies in a file. Nothing of an archive is trusted: what is read is bounded, and every document is verified against
//! the digest that names it. What is said of a layer and is wrong is put right, in a manifest that takes its place.
//!
//! - [`Image`]: an image as its manifests, which are in memory, and its blobs, which are ranges of files.
//! - [`blob`]: one blob, and reading it at any offset.
//! - [`error`]: why an archive or a layout cannot be opened, by file and entry.
//! - [`claim`]: whether an image is whole, and the one that it is said to be.
//! - [`rootfs`]: the layers of an image as a directory that nothing can leave.
//! - [`registry`]: a registry that serves images to this machine.
//! - [`metadata`]: `metadata.json`, from an image's config.
//! - [`contents`]: blobs that this machine has, so that they need not come again; [`assembly`]: an image from them.
//! - [`codec`]: compression on all cores, into bytes that do not depend on how many there are.
//! - [`Meter`] (`meter`): how far the work of both is.
//!
//! Private: `image`, `manifest`, `effort`, `digest` (an image as a value), `open` (by what it is), `store` and `members` (the files of an
//! archive or a directory by name), `layout` and `docker` (what the names mean), `document` (JSON as Go reads it), `layer` (what a layer
//! is, whatever is said of it). Tar streams by entry and as trees are those of `oci-image-tree`.

pub mod assembly;
pub mod blob;
pub mod claim;
pub mod codec;
pub mod contents;
mod digest;
mod docker;
mod document;
mod effort;
pub mod error;
mod image;
mod layer;
mod layout;
mod manifest;
mod members;
pub mod metadata;
mod meter;
mod open;
pub mod registry;
pub mod rootfs;
mod store;

pub use effort::Effort;
pub use image::Image;
pub use manifest::{Manifest, Referrer};
pub use meter::Meter;
