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

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::vec;

use crate::context::walk::ahead::{self, Ahead};
use crate::context::walk::entry::{Entry, Link};
use crate::context::walk::error::WalkError;
use crate::context::walk::filter::Filter;
use crate::context::walk::part::Item;
use crate::context::walk::root::Root;

/// Who is told of what a walk finds.
pub(crate) trait Visitor {
    /// Takes the next entry; the walk ends early if this breaks.
    fn visit(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> ControlFlow<()>;

    /// Told of a directory that is entered, before anything in it, whether or not it is itself handed over.
    fn enter(&mut self, path: &[u8], directory: &Entry) -> ControlFlow<()> {
        let _ = (path, directory);
        ControlFlow::Continue(())
    }
}

/// Of entries alone.
impl<F: FnMut(&[u8], &Entry, Link<'_>) -> ControlFlow<()>> Visitor for F {
    fn visit(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> ControlFlow<()> {
        self(path, entry, link)
    }
}

/// Lists what `filter` leaves of the tree below `root`, and hands it over one by one.
///
/// Of several names of one file the first one handed over is the file, the others are links to it.
/// Returns early, without an error, if the visitor breaks.
///
/// # Errors
/// The first [`WalkError`] in the order of the listing.
pub(crate) fn walk(root: &Root, filter: &Filter, visitor: impl Visitor) -> Result<(), WalkError> {
    ahead::run(root, filter, |ahead| {
        let mut emission = Emission {
            visitor,
            path: Vec::new(),
            frames: Vec::new(),
            names: HashMap::new(),
        };
        emission.run(ahead)
    })
}

/// The ordered half of a walk.
struct Emission<V> {
    visitor: V,
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

impl<V: Visitor> Emission<V> {
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
                    if self.visitor.enter(&self.path, &entry).is_break() {
                        break;
                    }
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
                let path = &self.path[..frame.directory];
                self.visitor.visit(path, &held, Link::None)?;
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
        self.visitor.visit(&self.path, entry, link)
    }
}

#[cfg(test)]
mod tests;
