//! LLB: steps of a client's own, in place of what a frontend makes of files.
//!
//! - `exec`: a step, which is a program on an empty root; `exec_mount`: what is mounted there. `graph`: both as the daemon takes them.
//!
//! There is what a client needs that reaches what the daemon keeps, and no more: no images, no layers, no results but success.
//!
//! Reads and writes: nothing. Unknown here: how a step is solved (`client`).
//! Source: BuildKit, `solver/pb/ops.proto`, `client/llb`.

mod exec;
mod exec_mount;
mod graph;

pub use exec::ExecOp;
pub use exec_mount::ExecMount;
