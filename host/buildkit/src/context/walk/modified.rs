//! The time by which the daemon tells whether it has a file already.
//!
//! The daemon keeps a context between builds, and takes a file of the same size and modification time for the one that it
//! has: content that was replaced together with its time (`touch -d`, `cp -p`, an archive with fixed times) would be built
//! from what stood there before. The time of the inode's last change cannot be set back, but is not sent. So where it
//! is another than the modification time, it decides the part of that time below a millisecond: a replaced file
//! is asked for again, and one that was left alone is not.
//!
//! Nothing of it reaches an image: layers and archives keep seconds, and the cache's digests no times. A step that mounts the
//! context sees it. Files whose times nobody has set keep theirs to the nanosecond.
//!
//! Source: fsutil at 6d9dc2ebad62 (`diff_containerd.go`), BuildKit (`cache/contenthash`), moby/buildkit#1368.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustix::fs::{FileType, Stat};

const SECOND: i64 = 1_000_000_000;
/// What of the modification time is given up, in nanoseconds.
// Less than what orders the files of one build tool's run, and a divisor of half a second, at which archives round. Of a
// million replacements of a file one is not seen.
const PART: i64 = 1_000_000;

/// What is sent as the modification time, in nanoseconds since 1970.
// A file system may give any time; one that does not fit into nanoseconds wraps, as it does in Go.
pub(super) fn modified(stat: &Stat) -> i64 {
    let modified = nanoseconds(stat.st_mtime, stat.st_mtime_nsec);
    let changed = nanoseconds(stat.st_ctime, stat.st_ctime_nsec);
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if !is_file || stat.st_size == 0 || modified == changed {
        return modified;
    }
    let mut hasher = DefaultHasher::new();
    (modified, changed, stat.st_ino).hash(&mut hasher);
    let part = (hasher.finish() % PART.cast_unsigned()).cast_signed();
    (modified - modified.rem_euclid(PART)).wrapping_add(part)
}

fn nanoseconds(seconds: i64, nanoseconds: u64) -> i64 {
    seconds
        .wrapping_mul(SECOND)
        .wrapping_add(nanoseconds.cast_signed())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn write(path: &Path, text: &str, modified: Option<Duration>) -> i64 {
        fs::write(path, text).unwrap();
        if let Some(since) = modified {
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(UNIX_EPOCH + since).unwrap();
        }
        time(path)
    }

    fn time(path: &Path) -> i64 {
        modified(&rustix::fs::lstat(path).unwrap())
    }

    fn changed(path: &Path) -> (i64, u64) {
        let stat = rustix::fs::lstat(path).unwrap();
        (stat.st_ctime, stat.st_ctime_nsec)
    }

    #[test]
    fn a_file_that_was_only_written_keeps_its_time() {
        let tree = tempfile::tempdir().unwrap();
        let path = tree.path().join("file");

        let sent = write(&path, "1.0.1", None);

        let stat = rustix::fs::lstat(&path).unwrap();
        assert_eq!(
            sent,
            stat.st_mtime * SECOND + stat.st_mtime_nsec.cast_signed()
        );
    }

    #[test]
    fn a_file_that_was_replaced_with_its_time_has_another_one_in_the_same_millisecond() {
        let tree = tempfile::tempdir().unwrap();
        let path = tree.path().join("file");
        let since = Duration::from_nanos(1_600_000_000_499_999_999);

        let before = write(&path, "1.0.1", Some(since));
        let again = time(&path);
        let first = changed(&path);
        let after = loop {
            let sent = write(&path, "1.0.2", Some(since));
            // The kernel's clock for files ticks in milliseconds.
            if changed(&path) != first {
                break sent;
            }
        };

        assert_eq!(before, again, "left alone");
        assert_ne!(before, after, "replaced");
        for sent in [before, after] {
            assert_eq!(sent / PART, 1_600_000_000_499, "{sent}");
        }
    }

    #[test]
    fn a_file_that_another_of_its_size_and_times_replaced_has_another_time() {
        let tree = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| tree.path().join(name));
        let since = Duration::from_secs(1);
        let before = write(&one, "1.0.1", Some(since));
        write(&other, "1.0.2", Some(since));

        fs::rename(&other, &one).unwrap();

        assert_ne!(time(&one), before);
    }

    #[test]
    fn a_time_before_1970_stays_in_its_millisecond() {
        let tree = tempfile::tempdir().unwrap();
        let path = tree.path().join("file");
        fs::write(&path, "old").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(UNIX_EPOCH - Duration::from_nanos(1_500_000_000))
            .unwrap();

        let sent = time(&path);

        assert!((-1_500_000_000..-1_499_000_000).contains(&sent), "{sent}");
    }
}
