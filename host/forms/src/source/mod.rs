//! The source of an object: what somebody wrote, as one value, however it was written.
//!
//! A message, a file in JSON or YAML, a task's parameters in an environment or in a file: each becomes an object without its secrets,
//! and a map that leads from every part of it to what somebody wrote. What is said of the object is said there, in the language of
//! whoever wrote it, and shows nothing that may be secret.
//!
//! - [`origin`]: the source itself.
//! - [`map`]: the map of a source, a layer for each text that is made of another.
//! - [`layer`]: such a layer: which part of one text stands where in the other; and the one masking function.
//! - `form`: how a part of one text is written in the other, walked character by character.
//! - `json_string`: a JSON string's characters.
//! - `secret_path`: the paths of secrets, which may be the text itself.
//!
//! Reads, writes: nothing. Unknown here: where a text comes from, and what its rules are.

pub(crate) mod form;
pub(crate) mod json_string;
pub mod layer;
pub mod map;
pub mod origin;
pub(crate) mod secret_path;

pub use self::layer::Layer;
pub use self::map::{NamedText, SourceMap};
pub use self::origin::{Draft, Remarks, Source};
