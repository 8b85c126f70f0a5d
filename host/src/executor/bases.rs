//! Bases: the preloaded base images of a build, where its daemon can have them.
//!
//! A daemon on this machine pulls them from a registry on loopback, and finds most layers in its store by then (`handover`). One that
//! is elsewhere cannot reach that: it reads them over the session of each solve, blob by blob, those that it has not.
//!
//! Reads: base images. Writes: nothing. Unknown here: which image is a solve's.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oci_spec::image::Digest;

use crate::buildkit::content::{BlobSource, OpenBlob};
use crate::buildkit::offered_image::OfferedImage;
use crate::executor::error::BuildError;
use crate::image::Image;
use crate::image::blob::Reader;
use crate::image::registry::{Registry, repositories};

/// The host of references to images that no registry has: a name that nobody can own (RFC 2606), so that a daemon which does not take
/// the image from us takes it from nowhere.
const NOWHERE: &str = "preloaded.invalid";

/// A base image that was read, under its argument.
pub(super) struct ReadBase {
    pub(super) argument: String,
    /// Where it is, as a person knows it.
    pub(super) path: PathBuf,
    pub(super) image: Image,
}

/// The preloaded base images of a build.
pub(super) enum Bases {
    /// At a registry on this machine's loopback.
    Served(Registry),
    /// Beside each solve.
    Offered(Vec<OfferedBase>),
}

/// A base image that goes with a solve.
pub(super) struct OfferedBase {
    argument: String,
    blobs: Arc<ImageBlobs>,
    image: OfferedImage,
}

impl Bases {
    /// Those of a daemon on this machine.
    ///
    /// # Errors
    /// [`BuildError::Registry`].
    pub(super) async fn served(bases: Vec<ReadBase>) -> Result<Self, BuildError> {
        if bases.is_empty() {
            return Ok(Self::Offered(Vec::new()));
        }
        let images = bases.into_iter().map(|base| (base.argument, base.image));
        Ok(Self::Served(Registry::serve(images.collect()).await?))
    }

    /// Those of a daemon that is elsewhere.
    pub(super) fn offered(bases: Vec<ReadBase>) -> Self {
        let names = repositories(bases.iter().map(|base| base.argument.as_str()));
        let named = bases.into_iter().zip(names);
        Self::Offered(named.map(|(base, name)| base.offered(&name)).collect())
    }

    /// The registry that serves them, if one does.
    pub(super) fn registry(&self) -> Option<&Registry> {
        match self {
            Self::Served(registry) => Some(registry),
            Self::Offered(_) => None,
        }
    }

    /// All of them, in no order.
    pub(super) fn images(&self) -> Vec<Arc<Image>> {
        match self {
            Self::Served(registry) => registry.images().cloned().collect(),
            Self::Offered(bases) => {
                let images = bases.iter().map(|base| &base.blobs.image);
                images.cloned().collect()
            }
        }
    }

    /// What a Dockerfile has to write after `FROM` for the image of an argument.
    pub(super) fn reference(&self, argument: &str) -> Option<&str> {
        match self {
            Self::Served(registry) => registry.reference(argument),
            Self::Offered(bases) => {
                let base = bases.iter().find(|base| base.argument == argument)?;
                Some(&base.image.repository)
            }
        }
    }

    /// What a solve offers of them to its daemon.
    pub(super) fn beside_a_solve(&self) -> Vec<OfferedImage> {
        match self {
            Self::Served(_) => Vec::new(),
            Self::Offered(bases) => bases.iter().map(|base| base.image.clone()).collect(),
        }
    }
}

impl ReadBase {
    fn offered(self, name: &str) -> OfferedBase {
        let digest = self.image.digest().clone();
        let blobs = Arc::new(ImageBlobs {
            image: Arc::new(self.image),
            path: self.path,
        });
        OfferedBase {
            argument: self.argument,
            image: OfferedImage {
                repository: format!("{NOWHERE}/{name}"),
                digest,
                blobs: Arc::clone(&blobs) as Arc<dyn BlobSource>,
            },
            blobs,
        }
    }
}

/// An image as blobs: its documents too, those that take the place of others included.
struct ImageBlobs {
    image: Arc<Image>,
    path: PathBuf,
}

impl BlobSource for ImageBlobs {
    fn open(&self, digest: &Digest) -> io::Result<Option<Box<dyn OpenBlob>>> {
        if let Some(manifest) = self.image.manifest(digest) {
            return Ok(Some(Box::new(Document(manifest.bytes.clone()))));
        }
        let Some(blob) = self.image.blob(digest) else {
            return Ok(None);
        };
        Ok(Some(Box::new(Layer {
            size: blob.size(),
            reader: blob.open()?,
        })))
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let blobs = Path::new("blobs").join(digest.algorithm().as_ref());
        self.path.join(blobs).join(digest.digest())
    }
}

/// A manifest or an index.
struct Document<B>(B);

impl<B: AsRef<[u8]> + Send> OpenBlob for Document<B> {
    fn size(&self) -> u64 {
        self.0.as_ref().len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let rest = usize::try_from(offset).ok();
        let rest = rest.and_then(|offset| self.0.as_ref().get(offset..)?.get(..buffer.len()));
        let rest = rest.ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(rest);
        Ok(())
    }
}

/// A config or a layer.
struct Layer {
    size: u64,
    reader: Reader,
}

impl OpenBlob for Layer {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.reader.read_exact_at(buffer, offset)
    }
}
