//! Decompression: whether the daemon finds a program that reads gzip faster than it does itself.
//!
//! Reads: `PATH`. Writes: nothing. Source: containerd, `pkg/archive/compression`.

use std::ffi::OsStr;

use crate::boundary::outside::shown;
use crate::daemon::on_path;
use crate::doctor::finding::Finding;

const TOPIC: &str = "decompression";

/// In the daemon's order.
const PROGRAMS: [&str; 2] = ["igzip", "unpigz"];

pub(super) fn look(path: &OsStr) -> Finding {
    let mut found = PROGRAMS
        .into_iter()
        .filter_map(|name| on_path(OsStr::new(name), path));
    match found.next() {
        Some(program) => Finding::fine(TOPIC, format!("by `{}`", shown(&program)))
            .fact("program", program.to_string_lossy()),
        None => Finding::remark(
            TOPIC,
            "neither `igzip` nor `unpigz` is on PATH: layers of bases are decompressed more slowly",
        )
        .with_remedy("install one (Debian: `apt-get install isal`)")
        .fact("program", None::<String>),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn the_faster_of_two_is_named_and_none_is_a_remark() {
        let bin = tempfile::tempdir().unwrap();
        for name in ["unpigz", "igzip"] {
            let path = bin.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }

        let found = look(bin.path().as_os_str());

        assert_eq!(found.state, Verdict::Fine);
        assert!(found.said.ends_with("/igzip`"), "{}", found.said);
    }
}
