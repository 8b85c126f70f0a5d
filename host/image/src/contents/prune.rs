//! Prune: what of the kept blobs is not kept longer. What was not used for long goes, then what was used least lately, until the
//! rest is small enough.
//!
//! Reads and writes: the directory of kept blobs, which nobody else uses meanwhile.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::time::{Duration, SystemTime};

use oci_image_boundary::handle::{self, Directory};
use rustix::fs::{AtFlags, statat};

use super::directories::{BLOBS, INGEST, RECODED, STAMPS};
use super::recoded::Recoded;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a blob is kept that nobody uses.
    pub age: Duration,
    /// How many bytes are kept.
    pub size: u64,
}

impl Limits {
    /// Two weeks, and 8 GiB.
    pub const USUAL: Self = Self {
        age: Duration::from_secs(14 * 24 * 60 * 60),
        size: 8 << 30,
    };
}

/// A file of the directory.
struct KeptFile {
    name: OsString,
    size: u64,
    /// How long ago it was written, or a blob used.
    age: Duration,
}

/// Removes what is beyond the limits, what broken writes have left, and what is said of blobs that are gone.
pub(super) fn prune(kept: &Directory, limits: Limits) -> io::Result<()> {
    for left in entries(&kept.own_directory(INGEST)?)? {
        handle::remove(&kept.own_directory(INGEST)?, &left.name)?;
    }
    let blobs = blobs_that_stay(kept, limits)?;
    let stamps = kept.own_directory(STAMPS)?;
    for stamp in entries(&stamps)? {
        // One of a blob that is elsewhere spares a reading there.
        if stamp.age > limits.age {
            handle::remove(&stamps, &stamp.name)?;
        }
    }
    let recoded = kept.own_directory(RECODED)?;
    for codec in recoded.names()? {
        let directory = recoded.own_directory(&codec)?;
        let told = Recoded::new(directory.clone());
        for layer in entries(&directory)? {
            let stays = told
                .becomes(&layer.name)
                .is_some_and(|becomes| blobs.contains_key(OsStr::new(becomes.digest.digest())));
            if !stays {
                handle::remove(&directory, &layer.name)?;
            }
        }
    }
    Ok(())
}

/// Removes blobs that are too old or too many; of the others how long they were not used.
fn blobs_that_stay(kept: &Directory, limits: Limits) -> io::Result<HashMap<OsString, Duration>> {
    let used = used(&kept.own_directory(STAMPS)?)?;
    let blobs = kept.own_directory(BLOBS)?;
    let mut found = entries(&blobs)?;
    for blob in &mut found {
        blob.age = used.get(&blob.name).copied().unwrap_or(blob.age);
    }
    found.sort_by_key(|blob| blob.age);
    let mut total = 0;
    let mut stay = HashMap::new();
    for blob in found {
        total += blob.size;
        if blob.age > limits.age || total > limits.size {
            handle::remove(&blobs, &blob.name)?;
        } else {
            stay.insert(blob.name, blob.age);
        }
    }
    Ok(stay)
}

/// How long ago each blob was used, by its stamps.
fn used(stamps: &Directory) -> io::Result<HashMap<OsString, Duration>> {
    let mut used: HashMap<OsString, Duration> = HashMap::new();
    for stamp in entries(stamps)? {
        let name = stamp.name.to_string_lossy();
        let blob = name.split('.').next().unwrap_or_default();
        let age = used.entry(blob.into()).or_insert(stamp.age);
        *age = stamp.age.min(*age);
    }
    Ok(used)
}

/// What stands in a directory.
fn entries(directory: &Directory) -> io::Result<Vec<KeptFile>> {
    let now = SystemTime::now();
    let mut entries = Vec::new();
    for name in directory.names()? {
        let found = statat(directory, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        let modified = u64::try_from(found.st_mtime).unwrap_or(0);
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
        entries.push(KeptFile {
            name,
            size: u64::try_from(found.st_size).unwrap_or(0),
            // What is of the future is new.
            age: now.duration_since(modified).unwrap_or_default(),
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use super::*;

    /// Writes a file that was last written so many seconds ago.
    fn write(path: &Path, text: &str, age: u64) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        let time = SystemTime::now() - Duration::from_secs(age);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(time)
            .unwrap();
    }

    #[test]
    fn what_was_used_least_lately_goes_first_and_what_is_said_of_it_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (blob, age) in [("a", 500), ("b", 400), ("c", 300), ("d", 2000)] {
            write(&at(&format!("blobs/sha256/{blob}")), "0123456789", age);
        }
        let name = |letter: &str| letter.repeat(64);
        write(
            &at(&format!("blobs/sha256/{}", name("e"))),
            "0123456789",
            100,
        );
        write(&at("stamps/a.1"), "", 10);
        write(&at("stamps/a.2"), "", 600);
        write(&at("stamps/elsewhere.1"), "", 2000);
        write(&at("ingest/.tmp1"), "half", 0);
        write(
            &at("recoded/codec/kept"),
            &format!("sha256:{} 10", name("e")),
            0,
        );
        write(
            &at("recoded/codec/gone"),
            &format!("sha256:{} 10", name("f")),
            0,
        );
        write(&at("recoded/codec/odd"), "noise", 0);
        let limits = Limits {
            age: Duration::from_secs(1000),
            size: 35,
        };

        prune(&Directory::open(directory.path()).unwrap(), limits).unwrap();

        let names = |name: &str| {
            let entries = fs::read_dir(at(name)).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let e = name("e");
        assert_eq!(names("blobs/sha256"), ["a", "c", e.as_str()]);
        assert_eq!(names("stamps"), ["a.1", "a.2"]);
        assert_eq!(names("recoded/codec"), ["kept"]);
        assert!(names("ingest").is_empty());
    }
}
