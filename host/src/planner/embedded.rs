//! The planner that `build.rs` built and compiled: bytes in this program.

/// The precompiled component.
pub(super) static PLANNER: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/oci_image_planner.cwasm"));
