//! The program, as it is installed. That it is built whenever tests are is what the suites at the top rely on: Cargo builds a
//! program for the tests of its own package only.

use std::process::Command;

#[test]
fn program_tells_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_oci-image"))
        .arg("--version")
        .output()
        .expect("it was built for this test");

    let version = format!("oci-image {}\n", env!("CARGO_PKG_VERSION"));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(&version));
}
