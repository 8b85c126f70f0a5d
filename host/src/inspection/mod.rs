//! Inspection: what is to be told of a Dockerfile before anything is built from it.
//!
//! The frontend is asked, as a build asks it: so base images and their `ONBUILD` count, and the frontend that the Dockerfile names.
//!
//! - [`stages`]: what can be built.
//! - [`needs`]: what each target of a plan reads from outside: arguments, secrets, agents, caches.
//! - [`check`]: what is unwise in the Dockerfile; and where it and the request do not go together.
//! - [`agreed`] (`agreement`): what is read from outside, beside the plan that is to give it; `given`: where that does.
//! - `dockerfile`: the Dockerfile's text, and places in it. `columns`: rows of text that stand below each other.
//!
//! Reads and writes: through the executor. Unknown here: how a frontend is asked.

mod agreement;
mod check;
mod columns;
mod dockerfile;
mod given;
mod needs;
mod stages;

pub use agreement::{Agreed, agreed};
pub use check::{Checked, check};
pub use needs::{NeededArgument, NeededCache, NeededMount, Needs, needs};
pub use stages::{Stage, Stages, stages};
