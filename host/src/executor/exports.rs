//! Exports: what the daemon sends of an image, on its way into a staged output.
//!
//! The root filesystem comes from BuildKit's `tar` exporter in the same solve, already flattened: it streams while the
//! image's layers are still compressed, and no layer is ever applied by our code.
//!
//! Reads: a staged image, for its config. Writes: staged outputs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use oci_image_schema::plan::{ImageExport, ImageFormat};
use oci_spec::image::Digest;

use crate::boundary::cancel::Cancel;
use crate::boundary::handle::{Directory, Found};
use crate::buildkit::sink::{ChunkReader, FileSink, Received, Sink, SinkError};
use crate::buildkit::solve::Exporter;
use crate::executor::audience::Audience;
use crate::executor::staging::Staging;
use crate::image::claim::{self, Claim};
use crate::image::error::ImageError;
use crate::image::rootfs::{Rootfs, Summary};
use crate::image::{Image, metadata};

/// The root filesystem's directory in an output.
const ROOTFS: &str = "rootfs";

/// Name of the image in an output: a file, or a directory in OCI image layout.
pub(super) fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::DockerArchive => "image.tar",
        ImageFormat::OciLayout => "image",
    }
}

/// The exporters of one export, each into the staged output; the attributes are those of the image's.
pub(super) fn exporters(
    export: &ImageExport,
    attributes: BTreeMap<String, String>,
    staging: &Arc<Staging>,
    audience: &Arc<dyn Audience>,
) -> Vec<Exporter> {
    let (directory, name) = (staging.directory().clone(), name(export.format).into());
    let image = match export.format {
        ImageFormat::DockerArchive => Exporter::Docker {
            attributes,
            sink: StagedSink::shared(FileSink::new(directory, name), staging),
        },
        ImageFormat::OciLayout => Exporter::OciLayout {
            attributes,
            directory,
            name,
        },
    };
    let rootfs = export.rootfs.then(|| Exporter::Tar {
        attributes: BTreeMap::new(),
        sink: StagedSink::shared(
            RootfsSink {
                directory: staging.directory().clone(),
                audience: Arc::clone(audience),
            },
            staging,
        ),
    });
    [image].into_iter().chain(rootfs).collect()
}

/// The image that is staged, if it is whole and the one that the daemon names by `digest`: that of its config, or of its
/// manifest or index where it is an OCI layout. Blocking.
///
/// # Errors
/// [`ImageError`].
pub(super) fn staged(
    format: ImageFormat,
    staging: &Staging,
    digest: &Digest,
) -> Result<Image, ImageError> {
    let claim = match format {
        ImageFormat::DockerArchive => Claim::Config(digest),
        ImageFormat::OciLayout => Claim::Root(digest),
    };
    let (found, path) = open(format, staging)?;
    claim::check(found, &path, claim)
}

/// The image that is staged, whatever it is. Blocking.
///
/// # Errors
/// [`ImageError`].
pub(super) fn image(format: ImageFormat, staging: &Staging) -> Result<Image, ImageError> {
    let (found, path) = open(format, staging)?;
    Image::read(found, &path, &Cancel::default())
}

fn open(format: ImageFormat, staging: &Staging) -> Result<(Found, PathBuf), ImageError> {
    let (directory, name) = (staging.directory(), name(format));
    let path = directory.full_path(name);
    let found = match format {
        ImageFormat::DockerArchive => staging.file(name).map(Found::File),
        ImageFormat::OciLayout => directory.own_directory(name).map(Found::Directory),
    };
    match found {
        Ok(found) => Ok((found, path)),
        Err(source) => Err(ImageError::Open { path, source }),
    }
}

/// The bytes of `metadata.json` for an image. Blocking.
///
/// # Errors
/// Whatever keeps its config from being read.
pub(super) fn metadata(image: &Image) -> Result<Vec<u8>, SinkError> {
    let root = image.manifest(image.digest()).ok_or("it has no manifest")?;
    let config = root
        .config
        .as_ref()
        .and_then(|config| image.blob(config.digest()))
        .ok_or("it has no config")?;
    let mut document = vec![0; usize::try_from(config.size())?];
    config.open()?.read_exact_at(&mut document, 0)?;
    Ok(metadata::metadata(&document)?)
}

/// A sink that writes into a staged output. It may outlive its solve for a moment, and what it writes then is cleared after it.
struct StagedSink<S> {
    sink: S,
    staging: Arc<Staging>,
}

impl<S: Sink + 'static> StagedSink<S> {
    fn shared(sink: S, staging: &Arc<Staging>) -> Arc<dyn Sink> {
        Arc::new(Self {
            sink,
            staging: Arc::clone(staging),
        })
    }
}

impl<S: Sink> Sink for StagedSink<S> {
    fn receive(&self, chunks: ChunkReader) -> Result<Received, SinkError> {
        let received = self.sink.receive(chunks)?;
        let staging = Arc::clone(&self.staging);
        Ok(Received::new(move || {
            let _staging = staging;
            received.publish()
        }))
    }
}

/// Unpacks a flattened tree into a directory that nothing can leave.
struct RootfsSink {
    directory: Directory,
    audience: Arc<dyn Audience>,
}

impl Sink for RootfsSink {
    fn receive(&self, chunks: ChunkReader) -> Result<Received, SinkError> {
        let tree = Rootfs::unpack(chunks, &self.directory, ROOTFS.as_ref())?;
        let audience = Arc::clone(&self.audience);
        Ok(Received::new(move || {
            warn_of_losses(&tree.commit()?, &*audience);
            Ok(())
        }))
    }
}

fn warn_of_losses(summary: &Summary, audience: &dyn Audience) {
    if !summary.lost.is_nothing() {
        audience.warning(&format!(
            "`rootfs/` lost what this user may not keep: {}",
            summary.lost
        ));
    }
}
