//! What a layer removes: what its whiteouts hide, and what its entries replace.
//!
//! Writes: beneath the root. Unknown here: what an entry is made of.

use crate::entry::Entry;
use crate::error::RootfsError;
use crate::path::RelativePath;
use crate::unpacking::Unpacking;
use crate::whiteout::Whiteout;

impl Unpacking {
    /// Hides what lies below the present layer.
    pub(crate) fn hide(
        &mut self,
        path: &RelativePath,
        whiteout: Whiteout,
        entry: &Entry,
    ) -> Result<(), RootfsError> {
        let (directory, _) = path.split();
        match whiteout {
            Whiteout::Meaningless => Ok(()),
            Whiteout::Invalid => Err(RootfsError::Whiteout {
                path: self.target.clone(),
                entry: entry.name(),
            }),
            Whiteout::Of(name) => {
                let hidden = directory.after(&name);
                self.enter(&hidden)?;
                self.uncover(&hidden)
            }
            Whiteout::OfAll => {
                self.enter(path)?;
                self.uncover_all(&directory)
            }
        }
    }

    /// Makes the directories on the way to a path.
    fn enter(&mut self, path: &RelativePath) -> Result<(), RootfsError> {
        self.placed(path, |_| ())?;
        let directory = path.split().0;
        self.has_made(&directory, false)
    }

    /// Removes what is not of the present layer at a path, and beneath it.
    fn uncover(&mut self, path: &RelativePath) -> Result<(), RootfsError> {
        if !self.own.has(path) {
            return self.clear(path);
        }
        // What is no directory has nothing beneath it.
        if self.directories.contains_key(path) {
            return self.uncover_all(path);
        }
        Ok(())
    }

    fn uncover_all(&mut self, directory: &RelativePath) -> Result<(), RootfsError> {
        if !self.own.is_above() || !self.own.bare(directory) {
            return Ok(());
        }
        let names = self.tree.names(directory);
        let names = names.map_err(|source| RootfsError::Enter {
            path: self.shown(directory),
            source: source.into(),
        })?;
        names
            .iter()
            .try_for_each(|name| self.uncover(&directory.after(name)))
    }

    /// Removes what stands at a path, whatever it is.
    pub(crate) fn clear(&mut self, path: &RelativePath) -> Result<(), RootfsError> {
        let removed = self.placed(path, |place| place.remove())?;
        removed.map_err(|source| RootfsError::Replace {
            path: self.shown(path),
            source,
        })?;
        self.forget(path);
        Ok(())
    }

    /// What was a directory, and all beneath it, is none any more.
    fn forget(&mut self, path: &RelativePath) {
        if self.directories.remove(path).is_none() {
            return; // of what is none nothing is beneath
        }
        let beneath = self.directories.range(path.beneath());
        let beneath: Vec<_> = beneath.map(|(path, _)| path.clone()).collect();
        for path in beneath {
            self.directories.remove(&path);
        }
    }
}
