//! A layout: a directory of blobs with an index, as the OCI image-spec defines it.
//!
//! The index is replaced by rename, under a lock: it names only blobs that are there in whole, and whoever reads it sees the
//! old one or the new one.
//!
//! Reads and writes: the layout's directory. Unknown here: what the blobs are for (`cache`, `solve`).
//! Source: OCI image-spec 1.1, image-layout and image-index.

use std::collections::HashSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oci_spec::image::{Descriptor, Digest as BlobDigest, ImageIndexBuilder, MediaType};
use rustix::fs::FlockOperation;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::buildkit::local::hex;
use crate::buildkit::store::{Access, Store};
use crate::outside::shown;
use crate::regular_file;

/// A directory in the form of an OCI layout, or one that shall become it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    directory: PathBuf,
}

/// A layout that an exporter fills, beside the directory that it replaces when it is complete. Dropping it removes it.
pub(crate) struct LayoutStage {
    destination: PathBuf,
    staged: TempDir,
    layout: Layout,
}

/// Why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file of it cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file of it cannot be written or deleted.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file of it is not what it has to be.
    #[error("`{}` is not an index or a manifest", shown(path))]
    Parse {
        /// The file.
        path: PathBuf,
        /// The defect.
        source: serde_json::Error,
    },
    /// A blob is missing, or is not the one that its digest names.
    #[error("blob {digest} in `{}` is missing or damaged", shown(directory))]
    Blob {
        /// The layout.
        directory: PathBuf,
        /// The blob.
        digest: BlobDigest,
    },
}

/// A manifest or an index, as far as it names other blobs. Go writes an empty list as `null`.
#[derive(Deserialize)]
struct List {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

impl Layout {
    /// The layout in `directory`, which need not exist.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its blobs.
    pub(crate) fn store(&self, access: Access) -> Store {
        Store::new(self.directory.clone(), access)
    }

    /// Makes the directories that it needs.
    pub(crate) fn create(&self) -> Result<(), LayoutError> {
        ["blobs/sha256", "ingest"].iter().try_for_each(|name| {
            let path = self.directory.join(name);
            fs::create_dir_all(&path).map_err(|source| LayoutError::Write { path, source })
        })
    }

    /// Removes the index; the blobs are then nobody's.
    pub(crate) fn remove_index(&self) -> Result<(), LayoutError> {
        let path = self.directory.join("index.json");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LayoutError::Write {
                path,
                source: error,
            }),
            _ => Ok(()),
        }
    }

    /// Removes what only writers need.
    pub(crate) fn finish(&self) -> Result<(), LayoutError> {
        let path = self.directory.join("ingest");
        fs::remove_dir(&path).map_err(|source| LayoutError::Write { path, source })
    }

    /// What its index names; `None` if it has no index.
    pub(crate) fn index(&self) -> Result<Option<Vec<Descriptor>>, LayoutError> {
        let path = self.directory.join("index.json");
        match regular_file::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(|list: List| Some(list.manifests.unwrap_or_default()))
                .map_err(|source| LayoutError::Parse { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LayoutError::Read { path, source }),
        }
    }

    /// Replaces the index by rename, one writer after the other. A damaged index is replaced by a new one.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&mut Vec<Descriptor>),
    ) -> Result<(), LayoutError> {
        let path = self.directory.join("blobs");
        let _lock = lock(&path, FlockOperation::LockExclusive)
            .map_err(|source| LayoutError::Read { path, source })?;
        let mut manifests = match self.index() {
            Ok(index) => index.unwrap_or_default(),
            Err(LayoutError::Parse { .. }) => Vec::new(),
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
            "index.json",
            &serde_json::to_vec(&index).expect("an index has no map with keys but strings"),
        )
    }

    fn replace(&self, name: &str, text: &[u8]) -> Result<(), LayoutError> {
        let path = self.directory.join(name);
        let write = || {
            let mode = Permissions::from_mode(0o666);
            let mut file = tempfile::Builder::new()
                .permissions(mode)
                .tempfile_in(self.directory.join("ingest"))?;
            file.write_all(text)?;
            file.persist(&path).map_err(|error| error.error)
        };
        write().map(drop).map_err(|source| LayoutError::Write {
            path: path.clone(),
            source,
        })
    }

    /// Adds to `reached` the blob and all that it refers to, each of which is there in whole.
    pub(crate) fn reach(
        &self,
        descriptor: &Descriptor,
        reached: &mut HashSet<String>,
    ) -> Result<(), LayoutError> {
        let digest = descriptor.digest();
        if !reached.insert(digest.digest().to_owned()) {
            return Ok(());
        }
        let damaged = || LayoutError::Blob {
            directory: self.directory.clone(),
            digest: digest.clone(),
        };
        let path = self.store(Access::Read).path(digest);
        if fs::metadata(&path).map_err(|_| damaged())?.len() != descriptor.size() {
            return Err(damaged());
        }
        if !is_list(descriptor.media_type()) {
            return Ok(());
        }
        let text = regular_file::read(&path).map_err(|_| damaged())?;
        if hex(&Sha256::digest(&text)) != digest.digest() {
            return Err(damaged());
        }
        let list: List =
            serde_json::from_slice(&text).map_err(|source| LayoutError::Parse { path, source })?;
        let lists = [list.manifests, list.layers];
        let children = lists.iter().flatten().flatten().chain(&list.config);
        children
            .into_iter()
            .try_for_each(|child| self.reach(child, reached))
    }
}

impl LayoutStage {
    /// An empty layout beside `destination`.
    pub(crate) fn new(destination: &Path) -> Result<Self, LayoutError> {
        let parent = match destination.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let staged = tempfile::Builder::new()
            .prefix(".layout.")
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(parent)
            .map_err(|source| LayoutError::Write {
                path: destination.to_owned(),
                source,
            })?;
        let layout = Layout::new(staged.path().to_owned());
        layout.create()?;
        Ok(Self {
            destination: destination.to_owned(),
            staged,
            layout,
        })
    }

    /// Where the exporter puts its blobs.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Names the image, by the daemon's `descriptor` (JSON in base64), and takes the place of what was there.
    pub(crate) fn publish(self, descriptor: &str) -> Result<(), LayoutError> {
        let json = STANDARD.decode(descriptor).unwrap_or_default();
        let image: Descriptor =
            serde_json::from_slice(&json).map_err(|source| LayoutError::Parse {
                path: self.destination.clone(),
                source,
            })?;
        self.layout.change(|manifests| manifests.push(image))?;
        self.layout.finish()?;
        self.replace().map_err(|source| LayoutError::Write {
            path: self.destination,
            source,
        })
    }

    fn replace(&self) -> io::Result<()> {
        let staged = self.staged.path();
        // Exchanged, so that there is a layout at every moment; the old one goes with the stage.
        let exchanged = rustix::fs::renameat_with(
            rustix::fs::CWD,
            staged,
            rustix::fs::CWD,
            &self.destination,
            rustix::fs::RenameFlags::EXCHANGE,
        );
        match exchanged {
            Err(rustix::io::Errno::NOENT) => fs::rename(staged, &self.destination),
            other => Ok(other?),
        }
    }
}

/// Locks a directory until the file is dropped.
pub(crate) fn lock(directory: &Path, operation: FlockOperation) -> io::Result<File> {
    let file = File::open(directory)?;
    rustix::fs::flock(&file, operation)?;
    Ok(file)
}

/// Whether a blob of this type names other blobs.
fn is_list(media_type: &MediaType) -> bool {
    let docker = [
        "vnd.docker.distribution.manifest.v2+json",
        "vnd.docker.distribution.manifest.list.v2+json",
    ];
    match media_type {
        MediaType::ImageIndex | MediaType::ImageManifest => true,
        other => docker.iter().any(|name| other.to_string().ends_with(name)),
    }
}
