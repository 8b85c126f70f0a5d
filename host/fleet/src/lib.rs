//! A fleet: several BuildKit daemons, of which one builds something.
//!
//! BuildKit has no scheduler: whoever asks for a build chooses where. What is built again goes where its cache is, as long as that
//! builder is well; what a lost builder had moves to others, and nothing else does.
//!
//! Knows nothing of Concourse, of requests or of plans.
//!
//! - [`builder`]: a builder, as it is configured.
//! - [`build_key`]: by what a build is known again. [`rank`]: the order in which builders are asked for it.
//! - [`wanted`]: what a builder must have. [`met`]: one that answers: what it says of itself. [`refusal`]: why one is not taken.
//! - [`fleet`]: the choice. `round`: the question to each. [`no_builder`]: why none is taken.

pub mod build_key;
pub mod builder;
pub mod fleet;
pub mod met;
pub mod no_builder;
pub mod rank;
pub mod refusal;
mod round;
pub mod wanted;

pub use build_key::BuildKey;
pub use builder::Builder;
pub use fleet::Fleet;
pub use met::Met;
pub use no_builder::NoBuilder;
pub use refusal::Refusal;
pub use wanted::Wanted;
