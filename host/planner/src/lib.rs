//! The planner in its sandbox: an object's text goes in, a plan or diagnostics come out.
//!
//! The planner is a WebAssembly component, built from `guest/` and embedded. It sees the object and what the workspace
//! answers; it has no file, clock, network, environment or randomness, and its memory, instructions, calls and time are
//! limited. Whatever it does, loop, sleep, trap, exit, lie, ends as a [`PlannerError`]. A call starts from nothing: a store
//! of its own, because after a trap an instance is dead.
//!
//! In the order of a request's way:
//!
//! - [`planner`]: the planner itself, and its answers; [`planner_error`]: why it gave none that counts; [`refusal`]: why there is no
//!   plan.
//! - [`workspace`]: what the planner may ask, answered natively, for the `named_paths` of the object only: those of its
//!   `sound_part`, and the `content` of directories; by `path`, which compares them.
//! - `embedded`: the component; `engine_config`: under which configuration it is compiled and run; `linked`: with what it may import.
//! - `call`: one call; `sandbox`: its state; `wasi`: the empty world that std starts in; `ledger`: what the call used; `limits` and
//!   `deadline`: how much, how long; `pool`: for callers that call often.
//! - `bindings`: the contract's records, to the schema's types.
//! - [`answers`]: what the workspace answered.
//! - `asked`: what the object asks for, in the host's own reading; `asked_config`: of the daemon; by `file_pairs` and `yaml_pairs`, which read the
//!   files that it names.
//! - [`checked_plan`]: the plan, checked before it is obeyed, its configuration of the daemon by `checked_config`; `lie`: what is found.
//!   An interface is checked by `checked_interface`, diagnostics by `checked_diagnostics`.
//!
//! Reads: what the workspace reads. Writes: nothing. Unknown here: the daemon, the session, images.
//! Source: `schema/planner.wit`.

pub mod answers;
mod asked;
mod asked_config;
mod bindings;
mod call;
mod checked_config;
mod checked_diagnostics;
mod checked_interface;
pub mod checked_plan;
mod content;
mod deadline;
mod embedded;
mod engine_config;
mod file_pairs;
mod ledger;
mod lie;
mod limits;
mod linked;
mod named_paths;
mod path;
pub mod planner;
pub mod planner_error;
mod pool;
pub mod refusal;
mod sandbox;
mod sound_part;
mod wasi;
pub mod workspace;
mod yaml_pairs;

pub use self::checked_diagnostics::UnsoundDiagnostic;
pub use self::limits::{Limit, Limits};
pub use self::planner::Planner;
pub use self::planner_error::PlannerError;
pub use self::refusal::{Mistakes, Refusal};
pub use oci_image_forms::inline_secrets::{MAX_OBJECT, MaskedObject, mask};
