//! Contents: blobs, which the daemon reads and fills directories with.
//!
//! - `store`: blobs, each by its digest; `layout`: a store with an index; `cache`: its main use.
//! - `document`: an index or a manifest of a layout; `stage`: a layout that grows; `layout_error`: why one cannot be used.
//! - `service`: the attachable that serves stores, by the protocol of `containerd`; `part`: what it reads of a blob, of any `source`;
//!   `ingest`: takes a blob, and gives it to an `intake`.
//! - `received_bytes`: how much came.

mod cache;
mod containerd;
mod document;
mod ingest;
mod intake;
mod layout;
mod layout_error;
mod part;
mod received_bytes;
mod service;
mod source;
mod stage;
mod store;

pub use cache::{CacheError, CacheExport, CacheImport, Lease, LocalCache};
pub(crate) use containerd::{ContentServer, METHODS};
pub use intake::{IncomingBlob, Intake};
pub(crate) use layout::Layout;
pub use layout_error::LayoutError;
pub(crate) use received_bytes::ReceivedBytes;
pub(crate) use service::{Content, Offered};
pub use source::{BlobSource, OpenBlob};
pub(crate) use stage::LayoutStage;
pub(crate) use store::Access;
pub use store::{ContentError, Store};
