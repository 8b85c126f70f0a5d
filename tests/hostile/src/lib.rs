//! A planner that does everything that a planner must not. What it does is the object's text.
//!
//! `deeds` end a call before it answers, `lies` are answers that are false; `bindings` are the planner's own. Only a
//! component: natively it is empty. `tests/suites/sandbox.rs` calls it.

#![cfg(target_family = "wasm")]

#[path = "../../../guest/src/bindings.rs"]
#[rustfmt::skip]
mod bindings;
mod deeds;
mod lies;

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::interface::Interface;
use oci_image_schema::plan::BuildPlan;

use crate::bindings::exports::oci_image::planner::planner::Guest;

struct Hostile;

#[allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the exports that `export!` writes"
)]
mod exports {
    use super::{Hostile, bindings};

    bindings::export!(Hostile with_types_in bindings);
}

impl Guest for Hostile {
    fn validate(object: String) -> Vec<Diagnostic> {
        deeds::commit(&object);
        lies::diagnostics(&object)
    }

    fn describe(object: String) -> Result<Interface, Vec<Diagnostic>> {
        deeds::commit(&object);
        Ok(lies::interface(&object))
    }

    fn plan(object: String) -> Result<BuildPlan, Vec<Diagnostic>> {
        deeds::commit(&object);
        lies::plan(&object)
    }
}
