//! Contents: blobs of images that this machine has, so that they need not come again.
//!
//! - `found`: all places where one may be; `stamp`: whether it is the one that its digest names, without reading it twice.
//! - `kept`: the place that is ours, and keeps what comes; `arrival`: a blob that comes; `turns`: one at a time of each.
//! - `handover`: layers that a daemon need not pull. `joined`: one image of what several daemons have built.
//! - `directories`: what stands in that.
//! - `layer_encoder`: a layer that is compressed; `recoded`: those that were, by what they are without. `prune`: what is not kept longer.

mod arrival;
mod directories;
mod found;
mod handover;
mod joined;
mod kept;
mod layer_encoder;
mod prune;
mod recoded;
mod stamp;
mod turns;

pub use arrival::Arrival;
pub use found::Contents;
pub use kept::KeptBlobs;
pub use prune::Limits;
