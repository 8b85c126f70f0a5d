//! The planner for others than the program: in Python, in Node, in a page. No host is compiled for it, only the guest's component.
//!
//! - [`package`]: a package of `tests/hosts`, installed.
//! - [`dist`]: what is given to others; [`artifact`]: the component as an OCI artifact.
//! - [`place`]: where things are.

pub mod artifact;
pub mod dist;
pub mod package;
pub mod place;
