//! The contracts of `oci-image`, and nothing that runs.
//!
//! In reading order:
//!
//! - [`object`]: what a user writes: the object of a request.
//! - `pattern`: what its generated JSON Schema says by regular expressions (feature `json-schema`).
//! - [`code`]: the rules of a request, by name.
//! - [`diagnostic`]: a defect of a request, as data.
//! - [`interface`]: what the message `build` of an object needs and gives.
//! - [`plan`]: what will be built, with no choice left open.
//! - [`protocol`]: the prototype protocol (Concourse RFC 37): message in, info and responses out.
//!
//! [`WIT`] is the same contract for other languages: `diagnostic`, `interface` and `plan` are its records, field by field.

pub mod code;
pub mod diagnostic;
pub mod interface;
pub mod object;
#[cfg(feature = "json-schema")]
mod pattern;
pub mod plan;
pub mod protocol;

/// The text of `planner.wit`.
pub const WIT: &str = include_str!("../planner.wit");

/// The version of the request's contract, and of its JSON Schema.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the package in `planner.wit`.
pub const PLANNER_VERSION: &str = "0.1.0";

/// The JSON Schema of the object, for editors: `oci-image.schema.json`.
pub const JSON_SCHEMA: &str = include_str!("../oci-image.schema.json");
