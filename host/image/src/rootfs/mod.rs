//! A root filesystem: the layers of an image, unpacked one above the other into a directory that nothing can leave.
//!
//! The tree grows beside its final place, and is renamed when it is complete. What comes out is what the daemon's own overlay shows,
//! without devices (`oci-image-tree`).
//!
//! Reads: layers, each once. Writes: the directory, and `NAME.partial-*` beside it. Unknown here: where layers are, who asks.
//!
//! - [`error`]: why a layer cannot be unpacked, by path.
//!
//! Private: `complete` (a root filesystem beside its final place), `growing` (one that is not), `staged` (a directory beside its final
//! place).

mod complete;
mod growing;
mod staged;

pub use complete::Rootfs;
pub use growing::GrowingRootfs;
pub use oci_image_tree::{Lost, Summary, error};
