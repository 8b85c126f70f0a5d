//! Usage: how many bytes of a disk a daemon's root has, by what they are for.
//!
//! Reads: the root, which a build may use meanwhile. Writes: nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::boundary::cancel::Cancel;
use crate::storage::error::StorageError;
use crate::storage::files;
use crate::storage::place::Place;

/// How many of the largest blobs are told.
const LARGEST: usize = 5;

/// What a root has of a disk, in bytes as the disk gives them. It is printed as JSON: its names are promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The root.
    pub root: PathBuf,
    /// All of it.
    pub total: u64,
    /// File systems of steps, contexts and bases.
    pub snapshots: u64,
    /// Blobs that the daemon pulled or made.
    pub content: u64,
    /// Blobs that came from the daemon, for the builds that follow.
    pub kept_blobs: u64,
    /// Programs of steps of our own, which carry cache mounts.
    pub programs: u64,
    /// Databases, the daemon's log, and whatever else.
    pub other: u64,
    /// The largest blobs, the largest first.
    pub largest_blobs: Vec<LargeBlob>,
    /// How many directories could not be read, and are not counted.
    pub unread_directories: u64,
}

/// A blob that is large.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LargeBlob {
    /// Its digest.
    pub digest: String,
    /// What it has of the disk.
    pub bytes: u64,
    /// Where it is.
    pub part: KeptPart,
}

/// A part of a root that holds blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptPart {
    /// The daemon's own.
    Content,
    /// Those that came from it.
    KeptBlobs,
}

impl Usage {
    /// That of a root; one that is not there has nothing. Blocking, for as long as it takes to look at every file.
    ///
    /// # Errors
    /// [`StorageError::Read`]; also that it was called off.
    pub fn of(root: &Path, cancel: &Cancel) -> Result<Self, StorageError> {
        let mut usage = Self {
            root: root.to_owned(),
            total: 0,
            snapshots: 0,
            content: 0,
            kept_blobs: 0,
            programs: 0,
            other: 0,
            largest_blobs: Vec::new(),
            unread_directories: 0,
        };
        let mut blobs = BTreeMap::new();
        let counted = files::each(root, cancel, |file| {
            let (place, blob) = Place::of(file.path);
            usage.add(place, file.bytes);
            if let (Some(part), Some(name)) = (holding_blobs(place), blob) {
                let digest = format!("sha256:{}", name.to_string_lossy());
                // By size, and by name where that is the same.
                blobs.insert((file.bytes, digest), part);
                if blobs.len() > LARGEST {
                    blobs.pop_first();
                }
            }
        });
        match counted {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                let path = root.to_owned();
                return Err(StorageError::Read { path, source });
            }
            Ok(unseen) => usage.unread_directories = unseen.directories,
        }
        let largest = blobs.into_iter().rev();
        usage.largest_blobs = largest
            .map(|((bytes, digest), part)| LargeBlob {
                digest,
                bytes,
                part,
            })
            .collect();
        Ok(usage)
    }

    fn add(&mut self, place: Place, bytes: u64) {
        let part = match place {
            Place::Snapshots => &mut self.snapshots,
            Place::Content => &mut self.content,
            Place::Kept => &mut self.kept_blobs,
            Place::Programs => &mut self.programs,
            Place::Other => &mut self.other,
        };
        *part += bytes;
        self.total += bytes;
    }
}

fn holding_blobs(place: Place) -> Option<KeptPart> {
    match place {
        Place::Content => Some(KeptPart::Content),
        Place::Kept => Some(KeptPart::KeptBlobs),
        Place::Snapshots | Place::Programs | Place::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn usage(root: &Path) -> Usage {
        Usage::of(root, &Cancel::default()).unwrap()
    }

    #[test]
    fn bytes_are_counted_by_what_they_are_for() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, size: usize| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![1; size]).unwrap();
        };
        write("runc-overlayfs/snapshots/snapshots/1/fs/file", 300_000);
        write("runc-overlayfs/content/blobs/sha256/aa", 100_000);
        write("kept-blobs/blobs/sha256/bb", 200_000);
        write("kept-blobs/stamps/bb.1", 0);
        write("programs/abc/courier", 80_000);
        write("cache.db", 50_000);

        let usage = usage(root.path());

        let within = |bytes: u64, size: u64| (size..size + 40_000).contains(&bytes);
        assert!(within(usage.snapshots, 300_000), "{usage:?}");
        assert!(within(usage.content, 100_000), "{usage:?}");
        assert!(within(usage.kept_blobs, 200_000), "{usage:?}");
        assert!(within(usage.programs, 80_000), "{usage:?}");
        assert!(within(usage.other, 50_000), "{usage:?}");
        let blobs = usage.content + usage.kept_blobs;
        let parts = usage.snapshots + blobs + usage.programs + usage.other;
        assert_eq!(usage.total, parts);
        let largest: Vec<_> = (usage.largest_blobs.iter())
            .map(|blob| (blob.digest.as_str(), blob.part))
            .collect();
        let expected = [
            ("sha256:bb", KeptPart::KeptBlobs),
            ("sha256:aa", KeptPart::Content),
        ];
        assert_eq!(largest, expected);
    }

    #[test]
    fn a_root_that_is_not_there_has_nothing_and_a_file_is_none() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(usage(&home.path().join("root")).total, 0);
        fs::write(home.path().join("file"), "").unwrap();

        let error = Usage::of(&home.path().join("file"), &Cancel::default()).unwrap_err();

        assert!(error.to_string().starts_with("cannot read `"), "{error}");
    }
}
