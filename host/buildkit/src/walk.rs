//! The walk: lists a directory tree, filtered, in the order that the daemon asks for.
//!
//! Depth first, the names of each directory in byte order, a directory before its entries: the daemon refuses any other
//! order (`changes out of order`). Directories are read and entries are examined by several threads ahead of that
//! order (`ahead`), within a bound of memory. What vanishes between two looks at it was never there; every other
//! failure ends the walk with its path.
//!
//! Reads: names and metadata below one root, never through a symlink. Writes: nothing.
//! Unknown here: the wire, and the contents of files.
//! Source: fsutil at 6d9dc2ebad62 (`fs.go`, `filter.go`, `stat.go`).

mod ahead;
mod entry;
mod filter;
mod follow;
mod modified;
mod root;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::{io, vec};

use crate::ignore::PatternError;

pub(crate) use entry::{Entry, Kind, Link};
pub(crate) use filter::{Filter, Patterns};
pub use root::Root;

use ahead::{Ahead, Item};
use entry::ATTRIBUTES_LIMIT;
use oci_image_boundary::outside::shown;

/// The longest path, in bytes (`PATH_MAX` without its NUL).
const PATH_LIMIT: usize = 4095;

/// Why a tree cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// A directory cannot be read.
    #[error("cannot list `{}`", shown(path))]
    List {
        /// The directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// An entry's metadata cannot be read.
    #[error("cannot examine `{}`", shown(path))]
    Examine {
        /// The entry.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A path is longer than the system takes, below the root alone; the daemon could not make it either.
    #[error(
        "`{}` is {length} bytes long below the directory that is sent, and the system takes {PATH_LIMIT}: shorten it, or leave it \
         out (`.dockerignore`)",
        shown(path)
    )]
    TooLong {
        /// The entry.
        path: PathBuf,
        /// The length of its path below the root, in bytes.
        length: usize,
    },
    /// An entry's extended attributes are more than the daemon takes.
    #[error(
        "the extended attributes of `{}` hold more than {ATTRIBUTES_LIMIT} bytes together, which the daemon does not take: remove \
         them, or leave it out (`.dockerignore`)",
        shown(path)
    )]
    Attributes {
        /// The entry.
        path: PathBuf,
    },
    /// A pattern of the filter is malformed.
    #[error("the daemon asks with a malformed pattern")]
    Pattern {
        /// The pattern.
        #[from]
        source: PatternError,
    },
    /// A thread of the walk panicked.
    #[error("the walk broke off in `{}`", shown(path))]
    Broken {
        /// What it was at.
        path: PathBuf,
    },
}

impl WalkError {
    /// Whether the tree holds what cannot be sent. Every other error is the machine's, or of what is asked.
    pub fn is_of_the_tree(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::Attributes { .. })
    }
}

/// Lists what `filter` leaves of the tree below `root`, and hands it over one by one.
///
/// Of several names of one file the first one handed over is the file, the others are links to it.
/// Returns early, without an error, if `each` breaks.
///
/// # Errors
/// The first [`WalkError`] in the order of the listing.
pub(crate) fn walk(
    root: &Root,
    filter: &Filter,
    each: impl FnMut(&[u8], &Entry, Link<'_>) -> ControlFlow<()>,
) -> Result<(), WalkError> {
    ahead::run(root, filter, |ahead| {
        let mut emission = Emission {
            each,
            path: Vec::new(),
            frames: Vec::new(),
            names: HashMap::new(),
        };
        emission.run(ahead)
    })
}

/// The ordered half of a walk.
struct Emission<F> {
    each: F,
    /// The path of the frame on top, and for a moment that of its entry.
    path: Vec<u8>,
    frames: Vec<Frame>,
    /// The first name of each file that has several, by device and inode.
    names: HashMap<(u64, u64), Vec<u8>>,
}

/// A list of items that is being handed over.
struct Frame {
    items: vec::IntoIter<Item>,
    /// How much of the path is the directory of these items.
    directory: usize,
    /// The directory itself, if it is handed over only should one of its entries be.
    held: Option<Box<Entry>>,
}

impl<F: FnMut(&[u8], &Entry, Link<'_>) -> ControlFlow<()>> Emission<F> {
    fn run(&mut self, ahead: &Ahead<'_>) -> Result<(), WalkError> {
        self.enter(ahead.take(ahead.top())?, 0, None);
        while let Some(frame) = self.frames.last_mut() {
            self.path.truncate(frame.directory);
            let Some(item) = frame.items.next() else {
                self.frames.pop();
                continue;
            };
            let directory = frame.directory;
            match item {
                Item::More(part) => self.enter(ahead.take(&part)?, directory, None),
                Item::File(entry) => {
                    self.append(&entry.name);
                    if self.hand_over(&entry).is_break() {
                        break;
                    }
                }
                Item::Directory {
                    entry,
                    shown,
                    contents,
                } => {
                    self.append(&entry.name);
                    if shown && self.hand_over(&entry).is_break() {
                        break;
                    }
                    let held = (!shown).then_some(entry);
                    self.enter(ahead.take(&contents)?, self.path.len(), held);
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, items: Vec<Item>, directory: usize, held: Option<Box<Entry>>) {
        self.frames.push(Frame {
            items: items.into_iter(),
            directory,
            held,
        });
    }

    fn append(&mut self, name: &[u8]) {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
    }

    /// Hands over the entry at the path, and before it the directories above that waited for one.
    fn hand_over(&mut self, entry: &Entry) -> ControlFlow<()> {
        for frame in &mut self.frames {
            if let Some(held) = frame.held.take() {
                (self.each)(&self.path[..frame.directory], &held, Link::None)?;
            }
        }
        let link = match (&entry.target, entry.shared) {
            (Some(target), _) => Link::Symbolic(target),
            (None, Some(file)) => match self.names.get(&file) {
                Some(first) => Link::Hard(first),
                None => {
                    self.names.insert(file, self.path.clone());
                    Link::None
                }
            },
            (None, None) => Link::None,
        };
        (self.each)(&self.path, entry, link)
    }
}

#[cfg(test)]
mod tests;
