//! The planner for others than the program: in Python, in Node, in a page. No host is compiled for it, only the guest's component.
//!
//! - [`package`]: a package of `tests/hosts`, installed.
//! - [`place`]: where things are.

pub mod package;
pub mod place;
