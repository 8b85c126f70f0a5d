//! Caches of the tools for which people want them kept: each tool builds twice on an empty root, and the second time it compiles nothing and
//! fetches nothing. Packages are made on the spot and served on loopback; tools are this machine's.
//!
//! - `trial`: a tool, its packages, and builds with them.
//! - `go`, `rust`, `npm`, `pip`, `apt`: one each.

mod apt;
mod go;
mod npm;
mod pip;
mod rust;
mod trial;
