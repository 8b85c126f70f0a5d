//! OCI image layouts, in a directory or in an archive: `oci-layout`, `index.json`, `blobs/ALGORITHM/HEX`.
//!
//! Everything reachable from the one image is found: indexes within indexes, manifests, configs, layers. Documents are
//! verified against their digests, because what they say decides what is served; layers are checked for their size
//! only, and verified by the client that pulls them.
//!
//! - `index`: which image is meant. `name`: what files are called.
//! - `walk`: everything below one descriptor. `role`: what a document is. `extent`: whether anybody would come to the end of it.
//! - `replaced`: what takes the place of documents that are not right.
//!
//! Reads: the documents. Writes: nothing. Unknown here: archives, registries.
//! Source: OCI image-spec 1.1, `image-layout`, `image-index`, `manifest`; Docker's image manifest v2, schema 2.

mod extent;
mod index;
mod name;
mod replaced;
mod role;
mod walk;

pub(crate) use index::{VERSION, only, read, read_manifest};
pub(crate) use name::{BLOBS, INDEX, MARKER, blob_name};
pub(crate) use role::Role;
