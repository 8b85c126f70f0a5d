//! Exports: what the daemon sends of an image, on its way into a staged output.
//!
//! The root filesystem comes from BuildKit's `tar` exporter in the same solve, already flattened: it streams while the
//! image's layers are still compressed, and no layer is ever applied by our code.
//!
//! Who pushes an archive judges by its first layer alone whether all are compressed, and pushes what is not gzip as gzip
//! (go-containerregistry, `pkg/v1/tarball`). So every layer of an archive is gzip, whatever its base's are. A layout says of
//! each layer what it is, and keeps it.
//!
//! Reads: a staged image, for its config. Writes: staged outputs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use oci_image_schema::plan::{ImageExport, ImageFormat};

use crate::buildkit::sink::{ChunkReader, FileSink, Received, Sink, SinkError};
use crate::buildkit::solve::Exporter;
use crate::executor::outputs::Staging;
use crate::image::rootfs::{Rootfs, Summary};
use crate::image::{Image, metadata};

/// The root filesystem's directory in an output.
const ROOTFS: &str = "rootfs";

/// The attributes of an archive, and of the cache beside it, for layers that are all gzip. A layer that is gzip already is
/// not touched.
// The cache too: without force, BuildKit v0.32.2 lists every combination of a chain's layers before and after conversion
// (`cache/remote.go`), a thousand for ten layers.
const ALL_GZIP: [(&str, &str); 2] = [("compression", "gzip"), ("force-compression", "true")];

/// How the layers of an export are compressed, as attributes of an exporter.
#[must_use]
pub fn compression(format: ImageFormat) -> BTreeMap<String, String> {
    match format {
        ImageFormat::DockerArchive => ALL_GZIP
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ImageFormat::OciLayout => BTreeMap::new(),
    }
}

/// Name of the image in an output: a file, or a directory in OCI image layout.
#[must_use]
pub fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::DockerArchive => "image.tar",
        ImageFormat::OciLayout => "image",
    }
}

/// The exporters of one export, each into the staged output.
#[must_use]
pub fn exporters(
    export: &ImageExport,
    staging: &Arc<Staging>,
    on_warning: fn(&str),
) -> Vec<Exporter> {
    let to = staging.path(name(export.format));
    let attributes = compression(export.format);
    let image = match export.format {
        ImageFormat::DockerArchive => Exporter::Docker {
            attributes,
            sink: StagedSink::shared(FileSink::new(to), staging),
        },
        ImageFormat::OciLayout => Exporter::OciLayout {
            attributes,
            directory: to,
        },
    };
    let rootfs = export.rootfs.then(|| Exporter::Tar {
        attributes: BTreeMap::new(),
        sink: StagedSink::shared(
            RootfsSink {
                directory: staging.path(ROOTFS),
                on_warning,
            },
            staging,
        ),
    });
    [image].into_iter().chain(rootfs).collect()
}

/// The bytes of `metadata.json` for an image that is staged. Blocking.
///
/// # Errors
/// Whatever keeps the image or its config from being read.
pub fn metadata(format: ImageFormat, staging: &Staging) -> Result<Vec<u8>, SinkError> {
    let image = Image::open(&staging.path(name(format)))?;
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
    directory: PathBuf,
    on_warning: fn(&str),
}

impl Sink for RootfsSink {
    fn receive(&self, chunks: ChunkReader) -> Result<Received, SinkError> {
        let tree = Rootfs::unpack(chunks, &self.directory)?;
        let on_warning = self.on_warning;
        Ok(Received::new(move || {
            warn_of_losses(&tree.commit()?, on_warning);
            Ok(())
        }))
    }
}

fn warn_of_losses(summary: &Summary, on_warning: fn(&str)) {
    if !summary.lost.is_nothing() {
        on_warning(&format!(
            "`rootfs/` lost what this user may not keep: {}",
            summary.lost
        ));
    }
}
