//! Why a build failed, as a person reads it.
//!
//! - `report`: the text of a solve that failed.
//! - `cause`: the daemon's message made readable; `registry`: what a registry did not give; `layer_cache`: one that could not be
//!   written, or read.
//! - `hint`: what a person may do; `missing`: what the context has in place of a path that is not there;
//!   `last_words`: what shells and the kernel say.

mod cause;
mod hint;
mod last_words;
mod layer_cache;
mod missing;
mod registry;
mod report;

pub use hint::{FirstLine, Known};
pub use layer_cache::CacheFailure;
pub(crate) use layer_cache::warnings as cache_warnings;
pub use missing::{ContextName, Excluding, ListContext};
pub use report::FailureReport;
