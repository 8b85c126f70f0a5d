//! The program `oci-image`.
fn main() {}
