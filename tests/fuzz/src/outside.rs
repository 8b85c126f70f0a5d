//! Texts from outside: whatever they are, they are shown as lines of ours.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use oci_image::boundary::outside::{LONGEST, is_unruly, shown, within_lines};

pub(crate) fn run(bytes: &[u8]) {
    let line = shown(OsStr::from_bytes(bytes)).to_string();
    assert!(!line.chars().any(is_unruly), "{line:?}");
    // The longest escape is `\u{10ffff}`.
    assert!(line.chars().count() <= LONGEST * 10 + 3);

    let lines = within_lines(&String::from_utf8_lossy(bytes));
    for (index, line) in lines.split('\n').enumerate() {
        assert!(index == 0 || line.starts_with("  | "), "{lines:?}");
        let is_ours = |character: char| character == '\t' || !is_unruly(character);
        assert!(line.chars().all(is_ours), "{lines:?}");
    }
}
