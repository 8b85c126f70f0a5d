//! The courier: carries what a cache of `RUN --mount=type=cache` holds between a step of BuildKit and whoever keeps it.
//!
//! BuildKit never exports such a cache; a step that mounts it can read and fill it. The program of that step is this one: static, on an
//! otherwise empty root, with the cache at a directory and a socket that leads out of the daemon. It is told nothing but those two; what
//! is wanted of it comes by the socket.
//!
//! - [`errand`]: what the step is there for, from its arguments to its end. `saving`, `restoring`: the two that there are.
//! - [`message`]: what both sides say to each other; [`frame`]: how that goes over a stream of bytes.
//! - `walk`: what a cache holds, in order; `entry`: one thing of it. [`fingerprint`]: whether it is what it was. [`identity`]: which cache it
//!   is, whatever it holds.
//! - `archive`: all of it as a tar stream.
//!
//! An archive is a tar stream (`pax`) in zstd, which `tar --zstd -t` lists. Owners, modes, times to the nanosecond, links and extended
//! attributes are kept; of a file with holes as much is written as there is in it. Sockets and devices are left out.
//!
//! Reads and writes: the cache, the socket. Unknown here: who keeps it, BuildKit.

mod archive;
mod entry;
pub mod errand;
pub mod fingerprint;
pub mod frame;
pub mod identity;
pub mod message;
mod restoring;
mod saving;
mod walk;
