//! `oci-image`: builds OCI images in Concourse with BuildKit.
//!
//! The rooms, in the order in which the data passes them:
//!
//! - [`buildkit`]: a BuildKit client: session, solve, status; knows nothing of Concourse or of our plan.
//! - [`image`]: images as files: archives and layouts by index, root filesystems, `metadata.json`.
//! - [`registry`]: serves such images on loopback, for reading only.

pub mod buildkit;
pub mod image;
pub mod registry;
