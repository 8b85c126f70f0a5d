//! A root filesystem: the layers of an image, unpacked one above the other into a directory that nothing can leave.
//!
//! The layers may say whatever they like: each directory is opened from the one above, never through a link, and each
//! file is created new, never opened. The tree grows beside its final place, and its directories are open to this user
//! alone until the end, when they get their modes and times, deepest first; then it is renamed.
//!
//! What comes out is what the daemon's own overlay shows: a whiteout hides what is below its layer; a path that leads through a link
//! of its own layer goes where that leads, inside of the tree; through anything else that is no directory it goes by making one in its
//! place. Devices are left out.
//!
//! Reads: layers, each once. Writes: the directory, and `NAME.partial-*` beside it. Unknown here: where layers are, who asks.
//! Source: OCI image-spec 1.1, `layer`; containerd v2, `pkg/archive`.
//!
//! - [`error`]: why a layer cannot be unpacked, by path.
//!
//! Private: `complete` (a root filesystem beside its final place), `growing` (one that is not), `summary` (what was unpacked), `unpacking`
//! (the entries of a layer, each made as it comes), `own` (what the layer has made, as against those below), `whiteout` (names that hide
//! others), `staged` (a directory beside its final place), `path` (a path beneath the root), `tree` (directories by path), `resolution`
//! (where a path leads), `stream` (a layer as entries are read from it), `attributes`
//! (owners, modes, times, extended attributes).

mod attributes;
mod complete;
pub mod error;
mod growing;
mod own;
mod path;
mod resolution;
mod staged;
mod stream;
mod summary;
mod tree;
mod unpacking;
mod whiteout;

pub use attributes::Lost;
pub use complete::Rootfs;
pub use growing::GrowingRootfs;
pub use summary::Summary;
