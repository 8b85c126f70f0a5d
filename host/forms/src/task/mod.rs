//! The parameters of a task, as the object that means the same, with the place of every value.
//!
//! A task of Concourse is told what to build by variables of its environment, as `oci-build-task` is. Here they become one object for
//! the planner, and each token of it remembers the variable that it came from: so what the planner says about an element of a
//! list is shown in the variable. A text shown is `NAME=value`, and of a secret's text only stars.
//!
//! - [`parameters`]: the parameters of an environment, as an object.
//! - [`file`](mod@file): the same of a task file.
//! - [`evidence`]: whether an environment is a task's, and whether a task builds an image.
//! - `variable`: a variable that is a parameter, and one that was meant to be.
//! - `writer`: variables to the object.
//!
//! Reads: what it is given. Writes: nothing. Unknown here: what a key of the object means.
//! Source: `oci_image_schema::parameter`.

pub mod evidence;
pub mod file;
pub mod parameters;
#[cfg(test)]
mod tests;
pub(crate) mod variable;
mod writer;

pub use self::parameters::{Parameters, is_secret, read};
