//! Cache: what a solve may reuse, and what it leaves for the next one.
//!
//! A local cache is an OCI layout. Its index names only what is there in whole, and is replaced by rename: a build that is
//! killed at any moment leaves the old cache usable. Solves may export to one cache at the same time, each under its tag;
//! what no tag refers to any more is deleted by the last of them. Who is told of no tag reads `latest` (`buildctl`).
//!
//! Reads and writes: the cache's directory. Unknown here: how blobs travel (`content`).
//! Source: BuildKit, `client/solve.go`, `cache/remotecache`; OCI image-spec 1.1, image-layout.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use oci_spec::image::{Descriptor, Digest};
use rustix::fs::FlockOperation;
use tokio::time::sleep;

use crate::content::intake::Intake;
use crate::content::layout::{Layout, lock};
use crate::content::layout_error::LayoutError;
use crate::content::store::INGEST;
use oci_image_boundary::handle::Directory;

/// The annotation that holds a tag.
const TAG: &str = "org.opencontainers.image.ref.name";

/// The tag that is read and written by whoever is told of none.
const LATEST: &str = "latest";

/// How often a lock is tried. A blocking flock(2) cannot be called off.
const RETRY: Duration = Duration::from_millis(50);

/// A cache that a solve may reuse.
// `Debug` does not show attributes, which may be secret: see below.
#[derive(Clone)]
pub enum CacheImport {
    /// One manifest of a local cache; [`LocalCache::imports`] finds them.
    Local {
        /// The cache's directory.
        directory: Directory,
        /// Digest of the manifest.
        digest: Digest,
    },
    /// A cache that the daemon fetches itself.
    Remote {
        /// BuildKit's name of the importer: `registry`.
        kind: String,
        /// The importer's attributes: `ref`.
        attributes: BTreeMap<String, String>,
    },
}

/// A cache that a solve leaves.
#[derive(Clone)]
pub enum CacheExport {
    /// A local cache. A solve has at most one.
    Local {
        /// The cache's directory.
        directory: Directory,
        /// The tag that this solve's cache replaces; solves that run at the same time need different ones.
        tag: String,
        /// The exporter's attributes: `mode`, `compression`.
        attributes: BTreeMap<String, String>,
    },
    /// A cache that comes blob by blob, of which only those come that `intake` has not; what it is says
    /// [`Solved::cache`](crate::solve::Solved::cache). A solve has at most one, and no [`CacheExport::Local`] beside it.
    Blobs {
        /// The exporter's attributes: `mode`, `compression`.
        attributes: BTreeMap<String, String>,
        /// Takes the blobs.
        intake: Arc<dyn Intake>,
    },
    /// A cache that the daemon sends itself.
    Remote {
        /// BuildKit's name of the exporter: `registry`, `inline`.
        kind: String,
        /// The exporter's attributes: `ref`, `mode`.
        attributes: BTreeMap<String, String>,
    },
}

impl fmt::Debug for CacheImport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { digest, .. } => write!(formatter, "Local({digest})"),
            Self::Remote { kind, .. } => write!(formatter, "Remote({kind})"),
        }
    }
}

/// A directory that keeps build cache between builds.
#[derive(Debug, Clone)]
pub struct LocalCache {
    layout: Layout,
}

/// Why a local cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Its directory is no sound layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The daemon describes the cache that it sent in a way we do not understand.
    #[error("the daemon's description of the cache is malformed")]
    Response {
        /// The defect.
        source: serde_json::Error,
    },
}

/// A cache in use: nothing is deleted meanwhile.
#[derive(Debug)]
pub struct Lease {
    _lock: OwnedFd,
}

impl LocalCache {
    /// The cache in `directory`, which may be empty.
    pub fn new(directory: Directory) -> Self {
        Self {
            layout: Layout::new(directory),
        }
    }

    /// What can be imported: every manifest of the index, once. Nothing where there is no cache yet.
    ///
    /// Lists are compared with their digests, layers with their sizes. A layer is hashed when the daemon wants it, which most
    /// builds do with few; one that is damaged fails the solve with [`ContentError::Damaged`] as its cause.
    ///
    /// [`ContentError::Damaged`]: crate::content::ContentError::Damaged
    ///
    /// # Errors
    /// [`CacheError`] if the cache is damaged. A build can go on without it.
    pub fn imports(&self) -> Result<Vec<CacheImport>, CacheError> {
        let manifests = self.manifests()?;
        let imports = manifests.iter().map(|manifest| self.import(manifest));
        Ok(imports.collect())
    }

    /// The import of one of its manifests.
    pub fn import(&self, manifest: &Descriptor) -> CacheImport {
        CacheImport::Local {
            directory: self.directory().clone(),
            digest: manifest.digest().clone(),
        }
    }

    /// Every manifest of the index, once, for whoever serves them otherwise than [`CacheImport::Local`], of which the daemon unpacks all
    /// that it uses. Nothing where there is no cache yet.
    ///
    /// # Errors
    /// As of [`LocalCache::imports`].
    pub fn manifests(&self) -> Result<Vec<Descriptor>, CacheError> {
        let index = self.layout.index()?.unwrap_or_default();
        let mut manifests: Vec<Descriptor> = Vec::new();
        let mut reached = HashSet::new();
        for manifest in index {
            self.layout.reach(&manifest, &mut reached)?;
            if manifests
                .iter()
                .all(|known| known.digest() != manifest.digest())
            {
                manifests.push(manifest);
            }
        }
        Ok(manifests)
    }

    /// Where it is.
    pub fn directory(&self) -> &Directory {
        self.layout.directory()
    }

    /// Drops every tag but these, and gives the manifest of the last one the tag `latest` too, unless that is one of them;
    /// the next [`LocalCache::prune`] deletes what only other tags referred to.
    ///
    /// # Errors
    /// [`CacheError::Layout`].
    pub fn retain(&self, tags: &[&str]) -> Result<(), CacheError> {
        let _lease = self.locked(FlockOperation::LockShared)?;
        Ok(self.layout.change(|manifests| {
            manifests.retain(|manifest| tag(manifest).is_some_and(|tag| tags.contains(&tag)));
            if tags.contains(&LATEST) {
                return;
            }
            let mut last = manifests.clone();
            last.retain(|manifest| tag(manifest) == tags.last().copied());
            last.iter_mut()
                .for_each(|manifest| set_tag(manifest, LATEST));
            manifests.extend(last);
        })?)
    }

    /// Deletes everything, for example because [`LocalCache::imports`] has found damage. Does nothing while a solve exports
    /// to this cache.
    ///
    /// # Errors
    /// [`CacheError::Layout`].
    pub fn clear(&self) -> Result<(), CacheError> {
        let Some(_lock) = self.lock_alone() else {
            return Ok(());
        };
        self.layout.remove_index()?;
        Ok(self.layout.sweep(&HashSet::new())?)
    }

    /// Deletes what no tag refers to, and what writes that were cut short have left. Does nothing while a solve exports to
    /// this cache.
    ///
    /// # Errors
    /// [`CacheError`]; then nothing more is deleted.
    pub fn prune(&self) -> Result<(), CacheError> {
        // Whoever holds the lock prunes later.
        let Some(_lock) = self.lock_alone() else {
            return Ok(());
        };
        let Some(index) = self.layout.index()? else {
            return Ok(());
        };
        let mut reached = HashSet::new();
        for manifest in &index {
            self.layout.reach(manifest, &mut reached)?;
        }
        Ok(self.layout.sweep(&reached)?)
    }

    /// How many bytes its blobs have.
    ///
    /// # Errors
    /// [`CacheError::Layout`].
    pub fn size(&self) -> Result<u64, CacheError> {
        Ok(self.layout.size()?)
    }

    /// Makes the cache's directories, and keeps [`LocalCache::prune`] away until the lease is dropped. Waits for one that runs, and
    /// can be dropped meanwhile.
    ///
    /// # Errors
    /// [`CacheError::Layout`].
    pub async fn lease(&self) -> Result<Lease, CacheError> {
        loop {
            match self.locked(FlockOperation::NonBlockingLockShared) {
                Err(LayoutError::Read { source, .. })
                    if source.kind() == io::ErrorKind::WouldBlock =>
                {
                    sleep(RETRY).await;
                }
                locked => return Ok(Lease { _lock: locked? }),
            }
        }
    }

    /// The directory, made and locked.
    fn locked(&self, operation: FlockOperation) -> Result<OwnedFd, LayoutError> {
        self.layout.create()?;
        let directory = self.layout.directory();
        lock(directory, operation).map_err(|source| LayoutError::Read {
            path: directory.path().to_owned(),
            source,
        })
    }

    /// Where its blobs are, each below `blobs/sha256`, and where they grow. Both are there while it is leased.
    ///
    /// # Errors
    /// [`CacheError::Layout`].
    pub fn directories(&self) -> Result<(Directory, Directory), CacheError> {
        let directory = self.layout.directory();
        let ingest = (directory.own_directory(INGEST)).map_err(|source| LayoutError::Read {
            path: directory.full_path(INGEST),
            source,
        })?;
        Ok((directory.clone(), ingest))
    }

    /// Gives `tag` to a manifest, all of which is there.
    ///
    /// # Errors
    /// [`CacheError::Layout`].
    pub fn put(&self, tag_name: &str, mut descriptor: Descriptor) -> Result<(), CacheError> {
        set_tag(&mut descriptor, tag_name);
        Ok(self.layout.change(|manifests| {
            manifests.retain(|manifest| tag(manifest) != Some(tag_name));
            manifests.push(descriptor);
        })?)
    }

    fn lock_alone(&self) -> Option<OwnedFd> {
        lock(
            self.layout.directory(),
            FlockOperation::NonBlockingLockExclusive,
        )
        .ok()
    }
}

fn tag(manifest: &Descriptor) -> Option<&str> {
    manifest
        .annotations()
        .as_ref()?
        .get(TAG)
        .map(String::as_str)
}

fn set_tag(manifest: &mut Descriptor, name: &str) {
    manifest.set_annotations(Some(HashMap::from([(TAG.to_owned(), name.to_owned())])));
}
