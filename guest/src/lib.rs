//! Planner.

use oci_image_schema::{diagnostic::Diagnostic, interface::Interface, plan::BuildPlan};

pub mod workspace;

#[cfg(target_family = "wasm")]
#[rustfmt::skip]
mod bindings;
#[cfg(target_family = "wasm")]
mod component;

/// Stub.
pub fn validate(_: &str) -> Vec<Diagnostic> {
    Vec::new()
}

/// Stub.
///
/// # Errors
/// Stub.
pub fn describe(_: &str) -> Result<Interface, Vec<Diagnostic>> {
    Ok(Interface::default())
}

/// Stub.
///
/// # Errors
/// Stub.
pub fn plan(_: &str, w: &dyn workspace::Workspace) -> Result<BuildPlan, Vec<Diagnostic>> {
    let _ = w.entry_at("image");
    let _ = w.read_text("image");
    Err(Vec::new())
}
