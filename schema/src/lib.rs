//! The contracts of `oci-image`, and nothing that runs.
//!
//! In reading order:
//!
//! - `contract`: the contracts as texts, and their versions.
//! - [`object`]: what a user writes: the object of a request; `object_registry`, `object_secret`: the maps in it; `object_caches`:
//!   its lists of caches, as its JSON Schema has them. `presence`: null.
//! - [`key`]: the keys of the object, one row a key: what reads, judges, passes on and documents them goes by it.
//! - `row`: what a row says.
//! - [`passed`]: what is only passed on, as the text of an attribute.
//! - [`parameter`]: what a task says in its environment, and the keys of the object that it stands for.
//! - [`builders`]: a file of daemons that are not ours.
//! - [`platform`]: the names of platforms that are known.
//! - [`compression`]: the codecs of layers, and their levels.
//! - [`frontend`]: the word that stands for no frontend.
//! - [`cache_mounts`]: the word that stands for no cache mount, and how much is kept of all.
//! - [`layer_cache`]: caches that the daemon reads and writes itself: their types, and how people write one.
//! - [`quantity`]: numbers with a unit, as people write them.
//! - [`event`]: the lines of `build --progress json`.
//! - [`outcome`]: what a build has come to, as data.
//! - [`gc`]: what the daemon keeps between builds, where nobody says.
//! - [`mirror`]: a mirror of a registry, as people write it.
//! - [`login`]: what a text logs in with, which nobody is shown.
//! - `json_schema`: the JSON Schemas of object, message and task, generated (feature `json-schema`, as the next six).
//! - `task`: a Concourse task file that runs this program. `pipeline`: such a task within a pipeline.
//! - `pattern`: what they say by regular expressions; `address`: those of hosts.
//! - `condition`: what keys say of each other.
//! - `snippet`: what editors insert.
//! - [`beyond`]: the rules that no JSON Schema can express.
//! - [`code`]: the rules of a request, by name.
//! - [`diagnostic`]: a defect of a request, as data.
//! - [`interface`]: what the message `build` of an object needs and gives.
//! - [`plan`]: what will be built, with no choice left open.
//! - [`protocol`]: the prototype protocol (Concourse RFC 37): message in, info and responses out.
//!
//! [`WIT`] is the same contract for other languages: `diagnostic`, `interface` and `plan` are its records, field by field. [`FORMS_WIT`] is
//! that of the forms in which people write.

#[cfg(feature = "json-schema")]
mod address;
pub mod beyond;
pub mod builders;
pub mod cache_mounts;
pub mod code;
pub mod compression;
#[cfg(feature = "json-schema")]
mod condition;
mod contract;
pub mod diagnostic;
pub mod event;
pub mod frontend;
pub mod gc;
pub mod interface;
#[cfg(feature = "json-schema")]
pub mod json_schema;
pub mod key;
pub mod layer_cache;
pub mod login;
pub mod mirror;
pub mod object;
#[cfg(feature = "json-schema")]
mod object_caches;
mod object_registry;
mod object_secret;
pub mod outcome;
pub mod parameter;
pub mod passed;
#[cfg(feature = "json-schema")]
mod pattern;
#[cfg(feature = "json-schema")]
pub mod pipeline;
pub mod plan;
pub mod platform;
mod presence;
pub mod protocol;
pub mod quantity;
mod row;
#[cfg(feature = "json-schema")]
mod snippet;
#[cfg(feature = "json-schema")]
pub mod task;

pub use contract::{
    BUILDERS_JSON_SCHEMA, FORMS_VERSION, FORMS_WIT, JSON_SCHEMA, MESSAGE_JSON_SCHEMA,
    PIPELINE_JSON_SCHEMA, PLANNER_VERSION, PROGRESS_JSON_SCHEMA, TASK_JSON_SCHEMA, VERSION, WIT,
};
