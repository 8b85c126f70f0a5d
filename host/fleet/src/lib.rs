//! A fleet: several BuildKit daemons, of which one builds something.
//!
//! BuildKit has no scheduler: whoever asks for a build chooses where. What is built again goes where its cache is, as long as that
//! builder is well; what a lost builder had moves to others, and nothing else does.
//!
//! Knows nothing of Concourse, of requests or of plans.
//!
//! - [`builder`]: a builder, as it is configured.
//! - [`build_key`]: by what a build is known again. [`rank`]: the order in which builders are asked for it.
//! - [`met`]: a builder that answers: what it says of itself. [`refusal`]: why one is not taken.
//! - [`fleet`]: the choice.

pub mod build_key;
pub mod builder;
pub mod fleet;
pub mod met;
pub mod rank;
pub mod refusal;

pub use build_key::BuildKey;
pub use builder::Builder;
pub use fleet::{Fleet, NoBuilder, Wanted};
pub use met::Met;
pub use refusal::Refusal;
