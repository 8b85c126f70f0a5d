//! The directory of the archives: one for each cache, and no more than fits.
//!
//! An archive takes its name when all of it is there, in the place of the one before, so that whatever ends a build leaves the old one or
//! the new one. What builds that were ended have left without a name is removed by the next that is alone.
//!
//! Reads and writes: the directory. Unknown here: what archives hold, steps.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::SystemTime;

use oci_image_boundary::handle::{Directory, PartialFile, remove};
use rustix::fs::{FlockOperation, Timespec, Timestamps, UTIME_NOW, flock};

use crate::archive::{Archive, WholeArchive};
use crate::error::MountError;
use crate::key::Key;

/// How the name of an archive ends.
const SUFFIX: &str = ".tar.zst";
/// How the name of one begins that grows.
const PARTIAL: &str = ".partial-";

/// The archives of caches, in a directory.
#[derive(Debug, Clone)]
pub struct Archives {
    directory: Directory,
    /// Keeps others from taking what grows here for what was left.
    _lock: Arc<OwnedFd>,
}

/// What became of the archives that have grown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The caches whose archives are kept, and how many bytes each has.
    pub kept: BTreeMap<Key, u64>,
    /// Those for which there is no room, the largest first.
    pub left_out: Vec<(Key, u64)>,
    /// How many bytes all archives have that are there.
    pub size: u64,
}

/// How many archives a directory has, and how many bytes they are together. Blocking.
///
/// # Errors
/// The system's, if it cannot be read.
pub fn held(directory: &Directory) -> io::Result<(usize, u64)> {
    let (mut count, mut bytes) = (0, 0);
    for name in directory.names()?.into_iter().filter(is_archive) {
        // One that goes meanwhile is none.
        if let Ok(metadata) = directory.beneath().metadata(&name) {
            count += 1;
            bytes += metadata.len();
        }
    }
    Ok((count, bytes))
}

/// Archives that have grown and have no names yet. Dropping them leaves nothing.
#[derive(Default)]
pub struct Grown(Vec<WholeArchive>);

/// An archive that may be kept: one that has grown, or that was there.
struct Candidate {
    key: Key,
    size: u64,
    is_used: bool,
    last_used: SystemTime,
    grown: Option<WholeArchive>,
}

impl Archives {
    /// Those in a directory, which may be empty. Blocking.
    ///
    /// # Errors
    /// [`MountError::Keep`].
    pub fn open(directory: Directory) -> Result<Self, MountError> {
        let open = || {
            let lock = directory.reopened()?;
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
                remove_partial(&directory)?;
            }
            flock(&lock, FlockOperation::LockShared)?;
            Ok(Arc::new(lock))
        };
        let name = directory.path().display().to_string();
        let lock = open().map_err(MountError::keeping("open", name))?;
        Ok(Self {
            directory,
            _lock: lock,
        })
    }

    /// Whether there is none. Blocking.
    ///
    /// # Errors
    /// [`MountError::Keep`].
    pub fn is_empty(&self) -> Result<bool, MountError> {
        Ok(self.names()?.is_empty())
    }

    /// The archive of a cache, if there is one; it counts as used now. Blocking.
    pub(crate) fn find(&self, key: &Key) -> Result<Option<Archive>, MountError> {
        let name = file_name(key);
        let opened = match self.directory.file_beneath(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.and_then(|file| {
                touch(&file);
                Archive::open(name.clone(), file)
            }),
        };
        let archive = opened.map_err(MountError::keeping("read", &name))?;
        let is_of_it = |archive: &Archive| archive.record.key == *key;
        match archive.filter(is_of_it) {
            Some(archive) => Ok(Some(archive)),
            None => Err(MountError::Damaged {
                name,
                how: "cut, or of another version",
            }),
        }
    }

    /// A file in which an archive grows.
    pub(crate) fn partial(&self) -> io::Result<PartialFile> {
        PartialFile::new(&self.directory, PARTIAL.as_ref())
    }

    /// Removes the archive of a cache. Blocking.
    ///
    /// # Errors
    /// [`MountError::Keep`].
    pub fn forget(&self, key: &Key) -> Result<(), MountError> {
        self.remove(&file_name(key))
    }

    /// Gives archives their names, as far as all that are there have no more than `limit` bytes together: what this build does not use goes
    /// first, the least recently used before others, and then the largest. `used` are the caches of this build. Blocking.
    ///
    /// # Errors
    /// [`MountError::Keep`]; then some have their names.
    pub fn settle(&self, grown: Grown, used: &[Key], limit: u64) -> Result<Settled, MountError> {
        let mut candidates = self.candidates(grown, used)?;
        // What is last is the first to go.
        candidates.sort_by_key(|candidate| {
            let size = candidate.is_used.then_some(candidate.size);
            (!candidate.is_used, size, Reverse(candidate.last_used))
        });
        let mut size: u64 = candidates.iter().map(|candidate| candidate.size).sum();
        let mut settled = Settled::default();
        while size > limit
            && let Some(dropped) = candidates.pop()
        {
            size -= dropped.size;
            self.forget(&dropped.key)?;
            if dropped.is_used {
                settled.left_out.push((dropped.key, dropped.size));
            }
        }
        settled.size = size;
        for Candidate {
            key, size, grown, ..
        } in candidates
        {
            let Some(whole) = grown else { continue };
            let name = file_name(&key);
            let put = whole.file.put(&self.directory, name.as_ref());
            put.map_err(MountError::keeping("write", name))?;
            settled.kept.insert(key, size);
        }
        Ok(settled)
    }

    fn candidates(&self, Grown(grown): Grown, used: &[Key]) -> Result<Vec<Candidate>, MountError> {
        let now = SystemTime::now();
        let replaced: Vec<String> = (grown.iter())
            .map(|whole| file_name(&whole.record.key))
            .collect();
        let mut candidates: Vec<Candidate> = (grown.into_iter())
            .map(|whole| Candidate {
                key: whole.record.key.clone(),
                size: whole.size(),
                is_used: true,
                last_used: now,
                grown: Some(whole),
            })
            .collect();
        for name in self.names()? {
            if replaced.contains(&name) {
                continue;
            }
            let read = self.directory.file_beneath(&name).and_then(|file| {
                let last_used = file.metadata()?.modified()?;
                Ok(Archive::open(name.clone(), file)?.map(|archive| (archive, last_used)))
            });
            match read.map_err(MountError::keeping("read", &name))? {
                Some((archive, last_used)) if file_name(&archive.record.key) == name => {
                    candidates.push(Candidate {
                        is_used: used.contains(&archive.record.key),
                        size: archive.size(),
                        key: archive.record.key,
                        last_used,
                        grown: None,
                    });
                }
                _ => self.remove(&name)?,
            }
        }
        Ok(candidates)
    }

    fn names(&self) -> Result<Vec<String>, MountError> {
        let names = self.directory.names();
        let names = names.map_err(MountError::keeping(
            "read",
            self.directory.path().display().to_string(),
        ))?;
        let archives = names.into_iter().filter(is_archive);
        Ok(archives
            .filter_map(|name| name.into_string().ok())
            .collect())
    }

    fn remove(&self, name: &str) -> Result<(), MountError> {
        match remove(&self.directory, name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(MountError::keeping("remove", name)(error))
            }
            _ => Ok(()),
        }
    }
}

impl Grown {
    pub(crate) fn of(whole: WholeArchive) -> Self {
        Self(vec![whole])
    }

    /// Adds others.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }
}

fn is_archive(name: &OsString) -> bool {
    let name = name.as_encoded_bytes();
    name.ends_with(SUFFIX.as_bytes()) && !name.starts_with(b".")
}

fn file_name(key: &Key) -> String {
    format!("{}{SUFFIX}", key.name())
}

/// Says that it was used now.
fn touch(file: &impl AsFd) {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    // Of a cache that cannot be written to the first to go is not known, and nothing goes.
    let _ = rustix::fs::futimens(file, &times);
}

fn remove_partial(directory: &Directory) -> io::Result<()> {
    let is_partial = |name: &OsString| name.as_encoded_bytes().starts_with(PARTIAL.as_bytes());
    for name in directory.names()?.into_iter().filter(is_partial) {
        remove(directory, name)?;
    }
    Ok(())
}
