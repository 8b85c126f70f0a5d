//! Cache mounts: whether those that are kept can be, and how much they are.
//!
//! Reads: the directory `cache` of a build, where there is one. Writes: nothing.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use crate::boundary::handle::Directory;
use crate::boundary::outside::shown;
use crate::doctor::finding::Finding;
use crate::executor::mounts::MOUNTS;
use crate::mounts::archives;
use crate::progress::amount;

const TOPIC: &str = "cache_mounts";

pub(super) fn look(cache: &Path) -> Finding {
    let place = cache.join(MOUNTS);
    let opened = Directory::open(cache).and_then(|cache| match cache.own_directory(MOUNTS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    });
    let held = match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let said = format!(
                "kept where a build has `cache` and a directory for it; here is no `{}`",
                shown(cache)
            );
            return Finding::fine(TOPIC, said);
        }
        opened => opened.and_then(|mounts| mounts.as_ref().map(archives::held).transpose()),
    };
    let held = match held {
        Err(error) => return unkept(format!("not kept: `{}`: {error}", shown(&place))),
        Ok(held) => held,
    };
    let written = if held.is_some() { &place } else { cache };
    let (count, bytes) = held.unwrap_or_default();
    if access(written, Access::WRITE_OK).is_err() {
        let said = format!(
            "restored, and never saved: `{}` is read-only",
            shown(&place)
        );
        return unkept(said);
    }
    let (count_said, bytes_said) = (amount::counted(count, "archive"), amount::size(bytes));
    Finding::fine(
        TOPIC,
        format!("{count_said}, {bytes_said}, in `{}`", shown(&place)),
    )
    .fact("archives", count)
    .fact("bytes", bytes)
}

fn unkept(said: String) -> Finding {
    Finding::remark(TOPIC, said)
        .with_remedy("let the user who builds own that directory, and nobody else write to it")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn what_is_kept_is_told_and_what_could_not_be_is_a_remark() {
        let place = tempfile::tempdir().unwrap();
        let cache = place.path().join("cache");
        let absent = look(&cache);
        fs::create_dir(&cache).unwrap();
        let empty = look(&cache);
        let mounts = cache.join(MOUNTS);
        fs::create_dir(&mounts).unwrap();
        fs::write(mounts.join("go-0123456789abcdef.tar.zst"), [0; 3000]).unwrap();
        fs::write(mounts.join(".partial-x"), [0; 100]).unwrap();
        let kept = look(&cache);
        fs::rename(&mounts, cache.join("elsewhere")).unwrap();
        symlink("elsewhere", &mounts).unwrap();
        let link = look(&cache);

        assert_eq!((absent.state, empty.state), (Verdict::Fine, Verdict::Fine));
        assert!(absent.said.starts_with("kept where a build has `cache`"));
        assert!(
            empty.said.starts_with("0 archives, 0B, in `"),
            "{}",
            empty.said
        );
        assert!(
            kept.said.starts_with("1 archive, 3.00kB, in `"),
            "{}",
            kept.said
        );
        assert_eq!(kept.facts["bytes"], 3000);
        assert_eq!(link.state, Verdict::Remark, "{}", link.said);
        assert!(link.said.starts_with("not kept: `"), "{}", link.said);
    }
}
