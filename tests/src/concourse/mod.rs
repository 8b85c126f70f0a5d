//! A task of Concourse, under runc: the product's image as a container, in the form that Concourse gives it.
//!
//! The container's init only sleeps. The working directory, the daemon's volume and each input, output and cache are
//! volumes of their own. The task's process is started beside the init, on a terminal of 500 columns and rows on which
//! nothing is ever typed, with its parameters in the environment. Privileged means every capability that this machine has,
//! and neither a user nor a cgroup namespace. The container has no network but its loopback.
//!
//! - `container`: the container, and what a task leaves in it.
//! - `specification`: what runc is told of it.
//! - `capability`: the capabilities of a container.
//! - `process`: a task's process, on its terminal.
//!
//! For root only. Source: a Concourse of August 2026 with containerd, as seen from inside.

mod capability;
mod container;
mod process;
mod specification;

pub use capability::Rights;
pub use container::Container;
pub use process::{Ended, GRACE, Process};
