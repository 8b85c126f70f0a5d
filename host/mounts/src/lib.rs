//! Caches of `RUN --mount=type=cache` that outlive their daemon: what they hold is kept in a directory between builds.
//!
//! BuildKit never exports them. A step of our own, which mounts the cache and nothing else, carries what it holds out of the daemon or
//! into it; neither an image nor a Dockerfile is needed for that, and no layer is made. It works wherever steps run.
//!
//! - [`archives`]: the directory, with an archive for each cache. `archive`: one of them; `record`: what it says of itself.
//! - [`key`]: which cache it is.
//! - [`carrier`]: carries what a cache holds, by a step: [`carrier::Carrier`]. `program`: what the step runs. `talk`: what is said with it.
//! - [`error`]: why a cache is not kept, or not restored. It never is a build's failure.
//!
//! Archives are not trusted: what one holds is unpacked in the step, where nothing but the cache can be reached, and each is compared with its
//! digest before the cache is what it holds.
//!
//! Reads and writes: the directory, a directory for the program. Unknown here: which caches a build uses, who is told.

mod archive;
pub mod archives;
pub mod carrier;
pub mod error;
pub mod key;
mod program;
mod record;
mod talk;

pub use archives::Archives;
pub use carrier::{Carrier, Restored, Saved};
pub use error::MountError;
pub use key::Key;
pub use oci_image_courier::identity::Identity;
pub use oci_image_courier::message::Amount;
