//! Exports: what the daemon sends of an image, and the image in a staged output.
//!
//! An image comes blob by blob: what this machine has does not come, and layers come as they are, for we compress them on every core
//! (`intake`). What came is put together when the solves are done, and unpacked at the same time: the tree of an image is in its
//! layers, and a daemon that is asked for it would read all of it once more and send it beside them.
//!
//! Reads: kept blobs; a staged image, for its config. Writes: staged outputs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use oci_image_schema::plan::{ImageExport, ImageFormat};
use oci_spec::image::{Descriptor, Digest};

use crate::boundary::handle::Found;
use crate::buildkit::content::Intake;
use crate::buildkit::sink::SinkError;
use crate::buildkit::solve::Exporter;
use crate::executor::staging::Staging;
use crate::image::assembly::{Assembly, AssemblyError, Figures, LayerForm};
use crate::image::claim::{self, Claim};
use crate::image::contents::Contents;
use crate::image::error::ImageError;
use crate::image::rootfs::Lost;
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

/// The exporter of an image, whose blobs `intake` takes.
pub(super) fn exporter(intake: &Arc<dyn Intake>) -> Exporter {
    Exporter::Blobs {
        attributes: uncompressed(),
        intake: Arc::clone(intake),
    }
}

/// An image as it was put together.
pub(super) struct Exported {
    /// Its manifest or index, which names layers as we have compressed them.
    pub(super) root: Descriptor,
    pub(super) figures: Figures,
    /// What its root filesystem lost, if it has one.
    pub(super) lost: Lost,
}

/// Puts an image together in the staged output, and unpacks it there if that is asked for. Blocking.
///
/// # Errors
/// [`AssemblyError`].
pub(super) fn assemble(
    export: &ImageExport,
    image: &Descriptor,
    contents: &Contents,
    staging: &Staging,
) -> Result<Exported, AssemblyError> {
    let layers = match export.format {
        ImageFormat::DockerArchive => LayerForm::Gzip,
        ImageFormat::OciLayout => LayerForm::Compressed,
    };
    let image = Assembly::of(image, layers, contents)?;
    let (written, lost) = thread::scope(|scope| {
        let unpacking = export
            .rootfs
            .then(|| scope.spawn(|| unpack(&image, contents, staging)));
        let written = write(export.format, &image, contents, staging);
        let unpacked = unpacking.map_or(Ok(Lost::default()), |unpacking| {
            unpacking
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (written, unpacked)
    });
    written?;
    Ok(Exported {
        root: image.root().clone(),
        figures: image.figures(contents),
        lost: lost?,
    })
}

fn write(
    format: ImageFormat,
    image: &Assembly,
    contents: &Contents,
    staging: &Staging,
) -> Result<(), AssemblyError> {
    let path = staging.directory().full_path(name(format));
    let unwritten = |source| AssemblyError::Write {
        path: path.clone(),
        source,
    };
    match format {
        ImageFormat::DockerArchive => {
            let archive = staging.new_file(name(format)).map_err(unwritten)?;
            image.write_archive(&archive, &path, contents.cancel())
        }
        ImageFormat::OciLayout => {
            let layout = staging.directory().made_own_directory(name(format));
            image.write_layout(&layout.map_err(unwritten)?, contents)
        }
    }
}

fn unpack(image: &Assembly, contents: &Contents, staging: &Staging) -> Result<Lost, AssemblyError> {
    let tree = image.unpack(staging.directory(), ROOTFS.as_ref(), contents)?;
    Ok(tree.commit()?.lost)
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
