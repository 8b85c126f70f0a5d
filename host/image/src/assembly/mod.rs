//! Assembly: an image from the blobs that this machine has, as an archive or a layout, and as a tree.
//!
//! - `assembled`: an image with all that it names; `rewriting`: documents, in which layers have the names that they have by now.
//! - `archive`, `directory`: the forms in which it is written; `sources`: what an archive says of its layers besides.
//! - `tree`: its layers as files.
//! - `transfer`: how a blob gets into a file; `error`: why an image cannot be put together.

mod archive;
mod assembled;
mod directory;
mod error;
mod rewriting;
mod sources;
mod transfer;
mod tree;

pub use assembled::{Assembly, Figures};
pub use error::AssemblyError;
pub use rewriting::LayerForm;
