//! A task file: its parameters, at their places in it.
//!
//! `params` are judged as Concourse and the schema of a task file do: by name and type, each once. What they say together is judged
//! by the planner, as in an environment. The rest of the file is Concourse's own, but for what it runs.
//!
//! - `task_file`: the file, and its parameters as an object.
//! - `entry`: where a parameter stands in it.
//! - `kind`: what a file is.
//! - `program`: what a task runs.
//! - `params`: its parameters.
//!
//! Unknown here: YAML. The file comes as JSON without white space, as `yaml` writes it, and places are those of that JSON.
//! Source: Concourse's documentation of tasks, and how its `TaskConfig` is read; `oci_image_schema::task`.

mod entry;
mod kind;
mod params;
mod program;
mod task_file;
#[cfg(test)]
mod tests;

pub use self::kind::Kind;
pub use self::params::Written;
pub(crate) use self::program::Program;
pub use self::task_file::{Seen, TaskFile};
