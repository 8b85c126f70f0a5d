//! Images as files, seen from outside: one binary for all suites of the crate.
//!
//! - `archives`, `bounded`, `hostile`: archives and layouts of every kind, without end, and wrong.
//! - `handover`: layers of a base that a daemon need not pull.
//! - `codec`: layers compressed by blocks. `assembly`: what a daemon sends, kept and put together.
//! - `rootfs`: root filesystems; `layers`: those of several layers. `registry`: what serves images.
//! - `fixture`: images made by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]

mod archives;
mod assembly;
mod bounded;
mod codec;
mod fixture;
mod handover;
mod hostile;
mod layers;
mod registry;
mod rootfs;
