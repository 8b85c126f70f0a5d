//! A request written in YAML, as the JSON that means the same, with the place of every value in the YAML.
//!
//! The planner reads JSON and counts its bytes. Here a YAML text becomes such JSON in one pass over the parser's events, and each
//! token of it remembers where it stands in the YAML, down to the characters of a scalar: so what the planner says about
//! the third line of a block scalar is shown on that line.
//!
//! The subset is the one that JSON can say: maps, lists and scalars. Plain scalars mean what the core schema of YAML 1.2 says (`yes` is
//! a string, `1.10` a number), or in a task file what Concourse makes of them (`yes` is true, `1.10` is `1.1`). Anchors and
//! merge keys are expanded within the object's own limit. Of several documents the first is read, as Concourse does.
//!
//! - `document`: a text as JSON, with the place of each token.
//! - `json_part`: a part of that JSON, and what it holds.
//! - `reading`: reads a text.
//! - `composer`: events to JSON.
//! - `merge`: merge keys.
//! - `mistake`: what is refused, and what is odd.
//! - `tag`: what a tag makes of a value.
//! - `scalar`: what a plain scalar is.
//! - `offsets`: characters, which the parser counts, to bytes.
//! - `unread`: what of a text does not come into the JSON.
//!
//! Reads, writes: nothing. Unknown here: the keys of the object.
//! Source: YAML 1.2.2, chapters 7, 8 and 10.3 (core schema), through `saphyr-parser`, which gives events with places and builds no tree.

mod composer;
mod document;
mod json_part;
mod merge;
mod mistake;
mod offsets;
mod reading;
mod scalar;
mod tag;
#[cfg(test)]
mod tests;
mod unread;

pub use self::document::{Document, MAX_DEPTH, MAX_TEXT};
pub use self::json_part::{JsonEntry, JsonPart};
pub(crate) use self::merge::closing_quote;
pub use self::reading::read;
pub use self::scalar::Dialect;
pub use self::unread::mask_unread;
