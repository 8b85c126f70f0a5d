//! The JSON Schema of a Concourse task file that runs this program: `oci-image-task.schema.json`.
//!
//! - `file`: the file; `params`: the parameters in it.
//!
//! Source: Concourse's documentation of tasks (`config`); its `TaskEnv`, by which a value of another type becomes text.

mod file;
mod params;

pub use self::file::{Cache, Command, ImageResource, Input, Limits, Memory, Output, Task};
pub(crate) use self::params::FlagWords;
pub use self::params::Params;
