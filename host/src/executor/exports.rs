//! Exports: what the daemon sends of an image, and the image in a staged output.
//!
//! An image comes blob by blob: what this machine has does not come, and layers come as they are, for we compress them on every core
//! (`intake`). What came is put together when the solves are done.
//! The root filesystem comes from BuildKit's `tar` exporter in the same solve, already flattened: it streams while layers are
//! compressed, and no layer is ever applied by our code.
//!
//! Reads: kept blobs; a staged image, for its config. Writes: staged outputs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use oci_image_schema::plan::{ImageExport, ImageFormat};
use oci_spec::image::{Descriptor, Digest};

use crate::boundary::handle::{Directory, Found};
use crate::buildkit::content::Intake;
use crate::buildkit::sink::{ChunkReader, Received, Sink, SinkError};
use crate::buildkit::solve::Exporter;
use crate::executor::audience::Audience;
use crate::executor::staging::Staging;
use crate::image::assembly::{Assembly, AssemblyError, Figures, LayerForm};
use crate::image::claim::{self, Claim};
use crate::image::contents::Contents;
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

/// Attributes of an exporter that leaves the compression of layers to us. Those that are compressed stay so.
pub(super) fn uncompressed() -> BTreeMap<String, String> {
    [("compression".to_owned(), "uncompressed".to_owned())].into()
}

/// The exporters of one export: of the image, whose blobs `intake` takes, and of the root filesystem, into the staged output.
pub(super) fn exporters(
    export: &ImageExport,
    intake: &Arc<dyn Intake>,
    staging: &Arc<Staging>,
    audience: &Arc<dyn Audience>,
) -> Vec<Exporter> {
    let image = Exporter::Blobs {
        attributes: uncompressed(),
        intake: Arc::clone(intake),
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

/// Puts an image together in the staged output; its manifest or index, which names layers as we have compressed them, and its figures.
/// Blocking.
///
/// # Errors
/// [`AssemblyError`].
pub(super) fn assemble(
    format: ImageFormat,
    image: &Descriptor,
    contents: &Contents,
    staging: &Staging,
) -> Result<(Descriptor, Figures), AssemblyError> {
    let layers = match format {
        ImageFormat::DockerArchive => LayerForm::Gzip,
        ImageFormat::OciLayout => LayerForm::Compressed,
    };
    let cancel = contents.cancel();
    let image = Assembly::of(image, layers, contents)?;
    let path = staging.directory().full_path(name(format));
    let unwritten = |source| AssemblyError::Write {
        path: path.clone(),
        source,
    };
    match format {
        ImageFormat::DockerArchive => {
            let archive = staging.new_file(name(format)).map_err(unwritten)?;
            image.write_archive(&archive, &path, cancel)?;
        }
        ImageFormat::OciLayout => {
            let layout = staging.directory().made_own_directory(name(format));
            image.write_layout(&layout.map_err(unwritten)?, contents)?;
        }
    }
    Ok((image.root().clone(), image.figures(contents)))
}

/// The image that is staged, if it is whole and the one of `digest`: that of its config, or of its manifest or index where it is an
/// OCI layout. Blocking.
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
