//! A layout: a directory of blobs with an index, as the OCI image-spec defines it.
//!
//! The index is replaced by rename, under a lock: it names only blobs that are there in whole, and whoever reads it sees the
//! old one or the new one.
//!
//! Reads and writes: the layout's directory. Unknown here: what the blobs are for (`cache`, `solve`).
//! Source: OCI image-spec 1.1, image-layout and image-index.

use std::collections::HashSet;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use oci_spec::image::{Descriptor, ImageIndexBuilder, MediaType};
use rustix::fs::{AtFlags, FlockOperation, unlinkat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::content::document::{is_list, parse, read};
use crate::content::layout_error::LayoutError;
use crate::content::store::{Access, BLOBS, INGEST, Store};
use oci_image_boundary::handle::{Directory, PartialFile};
use oci_image_boundary::hex::hex;

/// What names the images of a layout.
const INDEX: &str = "index.json";
/// The most blobs that a layout may refer to, and the most images that its index may name.
const BLOB_LIMIT: usize = 1 << 16;
const INDEX_LIMIT: usize = 1024;

/// How many documents may stand above one another; of a cache they are two.
const HEIGHT_LIMIT: usize = 16;

/// A directory in the form of an OCI layout, or one that shall become it.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    directory: Directory,
}

impl Layout {
    /// The layout in `directory`, which may be empty.
    pub(crate) fn new(directory: Directory) -> Self {
        Self { directory }
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Its blobs.
    pub(crate) fn store(&self, access: Access) -> Store {
        Store::new(self.directory.clone(), access)
    }

    /// Makes the directories that it needs.
    pub(crate) fn create(&self) -> Result<(), LayoutError> {
        [BLOBS, INGEST].iter().try_for_each(|name| {
            let made = self.directory.made_own_directory(name);
            made.map(drop)
                .map_err(|source| self.unwritten(name, source))
        })
    }

    /// Removes the index; the blobs are then nobody's.
    pub(crate) fn remove_index(&self) -> Result<(), LayoutError> {
        match unlinkat(&self.directory, INDEX, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.unwritten(INDEX, error.into())),
        }
    }

    /// Removes what only writers need.
    pub(crate) fn finish(&self) -> Result<(), LayoutError> {
        unlinkat(&self.directory, INGEST, AtFlags::REMOVEDIR)
            .map_err(|error| self.unwritten(INGEST, error.into()))
    }

    /// Deletes every blob but those `kept`, and what writes that were cut short have left.
    pub(crate) fn sweep(&self, kept: &HashSet<String>) -> Result<(), LayoutError> {
        sweep(&self.directory, INGEST, &HashSet::new())?;
        sweep(&self.directory, BLOBS, kept)
    }

    /// How many bytes its blobs have.
    pub(crate) fn size(&self) -> Result<u64, LayoutError> {
        let unread = |source| LayoutError::Read {
            path: self.directory.full_path(BLOBS),
            source,
        };
        let blobs = self.directory.own_directory(BLOBS).map_err(unread)?;
        let names = blobs.names().map_err(unread)?;
        let sizes = names.iter().map(|name| blobs.beneath().metadata(name));
        // What goes meanwhile has none.
        Ok(sizes.flatten().map(|found| found.len()).sum())
    }

    /// What its index names; `None` if it has no index.
    pub(crate) fn index(&self) -> Result<Option<Vec<Descriptor>>, LayoutError> {
        let path = self.directory.full_path(INDEX);
        let file = match self.directory.file_beneath(INDEX) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LayoutError::Read { path, source }),
        };
        let manifests = parse(&path, &read(file, &path)?)?;
        let manifests = manifests.manifests.unwrap_or_default();
        if manifests.len() > INDEX_LIMIT {
            return Err(LayoutError::TooMany {
                path,
                limit: INDEX_LIMIT,
                what: "images",
            });
        }
        Ok(Some(manifests))
    }

    /// Replaces the index by rename, one writer after the other. A damaged index is replaced by a new one.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&mut Vec<Descriptor>),
    ) -> Result<(), LayoutError> {
        let _lock = (self.directory.own_directory("blobs"))
            .and_then(|blobs| lock(&blobs, FlockOperation::LockExclusive))
            .map_err(|source| LayoutError::Read {
                path: self.directory.full_path("blobs"),
                source,
            })?;
        let mut manifests = match self.index() {
            Ok(index) => index.unwrap_or_default(),
            Err(
                LayoutError::Parse { .. }
                | LayoutError::TooLarge { .. }
                | LayoutError::TooMany { .. },
            ) => Vec::new(),
            Err(error) => return Err(error),
        };
        change(&mut manifests);
        let index = ImageIndexBuilder::default()
            .schema_version(2u32)
            .media_type(MediaType::ImageIndex)
            .manifests(manifests)
            .build()
            .expect("an index has no other field that is required");
        self.replace("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        self.replace(
            INDEX,
            &serde_json::to_vec(&index).expect("an index has no map with keys but strings"),
        )
    }

    fn replace(&self, name: &str, text: &[u8]) -> Result<(), LayoutError> {
        let write = || {
            let ingest = self.directory.own_directory(INGEST)?;
            let mut partial = PartialFile::new(&ingest, ".tmp".as_ref())?;
            partial.file.write_all(text)?;
            partial.put(&self.directory, name.as_ref())
        };
        write().map_err(|source| self.unwritten(name, source))
    }

    fn unwritten(&self, name: &str, source: io::Error) -> LayoutError {
        LayoutError::Write {
            path: self.directory.full_path(name),
            source,
        }
    }

    /// Adds to `reached` the blob and all that it refers to, each of which is there in whole.
    pub(crate) fn reach(
        &self,
        root: &Descriptor,
        reached: &mut HashSet<String>,
    ) -> Result<(), LayoutError> {
        // A list of what is left, not a recursion: whoever wrote the layout decides how deep its indexes are nested.
        let mut left = Vec::new();
        if reached.insert(root.digest().digest().to_owned()) {
            left.push((root.clone(), 1));
        }
        while let Some((descriptor, depth)) = left.pop() {
            let children = self.children(&descriptor)?;
            let beyond = |limit, what| LayoutError::TooMany {
                path: self.store(Access::Read).path(descriptor.digest()),
                limit,
                what,
            };
            if depth > HEIGHT_LIMIT && !children.is_empty() {
                return Err(beyond(HEIGHT_LIMIT, "documents, one below the other"));
            }
            for child in children {
                if reached.insert(child.digest().digest().to_owned()) {
                    left.push((child, depth + 1));
                }
            }
            if reached.len() > BLOB_LIMIT {
                return Err(beyond(BLOB_LIMIT, "blobs"));
            }
        }
        Ok(())
    }

    /// What a blob that is there in whole refers to.
    fn children(&self, descriptor: &Descriptor) -> Result<Vec<Descriptor>, LayoutError> {
        let digest = descriptor.digest();
        let damaged = || LayoutError::Blob {
            directory: self.directory.path().to_owned(),
            digest: digest.clone(),
        };
        let store = self.store(Access::Read);
        let path = store.path(digest);
        if store.size(digest).map_err(|_| damaged())? != descriptor.size() {
            return Err(damaged());
        }
        if !is_list(descriptor.media_type()) {
            return Ok(Vec::new());
        }
        let file = store.open(digest).map_err(|_| damaged())?;
        let text = read(file, &path).map_err(|error| match error {
            LayoutError::Read { .. } => damaged(),
            error => error,
        })?;
        if hex(&Sha256::digest(&text)) != digest.digest() {
            return Err(damaged());
        }
        let list = parse(&path, &text)?;
        let lists = [list.manifests, list.layers];
        let mut children: Vec<_> = lists.into_iter().flatten().flatten().collect();
        children.extend(list.config);
        Ok(children)
    }
}

/// Deletes the files of a directory of a layout, except those with the given names.
fn sweep(layout: &Directory, name: &str, kept: &HashSet<String>) -> Result<(), LayoutError> {
    let unread = |source| LayoutError::Read {
        path: layout.full_path(name),
        source,
    };
    let directory = match layout.own_directory(name) {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unread(error)),
    };
    for name in directory.names().map_err(unread)? {
        if name.to_str().is_none_or(|name| !kept.contains(name)) {
            unlinkat(&directory, &name, AtFlags::empty()).map_err(|error| LayoutError::Write {
                path: directory.full_path(&name),
                source: error.into(),
            })?;
        }
    }
    Ok(())
}

/// Locks a directory until what is returned is dropped.
pub(crate) fn lock(directory: &Directory, operation: FlockOperation) -> io::Result<OwnedFd> {
    let opened = directory.reopened()?;
    rustix::fs::flock(&opened, operation)?;
    Ok(opened)
}
