//! Excerpts: the place in a text that is meant, marked between its neighbours, in one style whatever the text is.
//!
//! `annotate-snippets` draws all of them, and no other crate names it. What is drawn is bounded, is no wider than the terminal, and
//! holds no character that commands one, whatever the text holds.
//!
//! - [`Canvas`] (`canvas`): how wide is drawn, and in colours or not. [`Level`] (`level`): how bad it is what is marked.
//! - [`Remark`] (`remark`): what is said of a text, with the place in it, as bytes; [`Place`] (`place`) is that place.
//! - [`Lines`] (`lines`): lines of a file that are meant, of which nobody knows what is in it. `line`: one of them as text.
//! - `printable`: texts without what would command a terminal.
//!
//! Reads, writes: nothing. Unknown here: requests, Dockerfiles, who reads it.

mod canvas;
mod level;
mod line;
mod lines;
mod place;
mod printable;
mod remark;

pub use canvas::Canvas;
pub use level::Level;
pub use lines::Lines;
pub use place::Place;
pub use remark::Remark;
