//! What comes from outside, held: a path is followed once, a text is shown without commands, and whoever waits can be called off.
//!
//! - [`handle`]: what a path leads to, followed once and held; and what grows beside its final name.
//! - [`regular_file`]: files that are opened where nobody knows what stands.
//! - [`outside`]: texts from outside as they may be shown.
//! - [`secret_bytes`]: bytes that nobody is shown.
//! - [`near_miss`]: whether one name was probably meant by another. [`line`](mod@line): where a line begins.
//! - [`cancel`]: how work that blocks is asked to end early.
//! - [`blocking`]: such work, for those who await it.
//! - [`chain`]: an error with its causes; [`hex`]: bytes as digits; [`hashing`]: bytes hashed as they pass.
//!
//! In a sandbox only what is about texts is there. Below all other rooms. Unknown here: requests, daemons, images.

#[cfg(not(target_family = "wasm"))]
pub mod blocking;
#[cfg(not(target_family = "wasm"))]
pub mod cancel;
pub mod chain;
#[cfg(not(target_family = "wasm"))]
pub mod handle;
pub mod hashing;
pub mod hex;
pub mod line;
pub mod near_miss;
pub mod outside;
#[cfg(not(target_family = "wasm"))]
pub mod regular_file;
pub mod secret_bytes;
