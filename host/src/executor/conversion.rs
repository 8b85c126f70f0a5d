//! Conversion: whether the daemon has to make gzip of layers that are not.
//!
//! Who pushes an archive judges by its first layer alone whether all are compressed, and pushes what is not gzip as gzip
//! (go-containerregistry, `pkg/v1/tarball`; so does Concourse). So every layer of an archive is gzip, whatever its base's
//! are. A layout says of each layer what it is, and keeps it.
//!
//! A daemon that is asked to convert looks at every layer, and commits to its databases for each a dozen times, needed or
//! not. So it is asked where the need is known: a preloaded base has such layers, or it was needed on this root before.
//! Else one attempt more is made after an archive turned out to hold one; most of it is cached.
//!
//! Reads: staged archives. Writes: `converts-layers` in the daemon's root. Unknown here: solves.
//! Source: BuildKit, `cache/blobs.go`, `cache/remote.go`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use oci_image_schema::plan::ImageFormat;

use crate::boundary::blocking::blocking;
use crate::executor::exports;
use crate::executor::host::Host;
use crate::executor::staging::Staging;

/// The file in a daemon's root that says that layers were converted there.
const MARKER: &str = "converts-layers";

/// The attributes of an exporter whose layers are all gzip. One that is gzip already is not touched.
const ALL_GZIP: [(&str, &str); 2] = [("compression", "gzip"), ("force-compression", "true")];

/// Whether the daemon is asked to convert.
pub(super) struct Conversion {
    marker: PathBuf,
    is_on: bool,
}

impl Conversion {
    /// As this root needs it.
    pub(super) fn new(host: &Host) -> Self {
        let marker = host.root.join(MARKER);
        Self {
            is_on: marker.exists(),
            marker,
        }
    }

    /// Asks for it.
    pub(super) fn turn_on(&mut self) {
        self.is_on = true;
        // Without the file, the next build makes an attempt that this one has shown to be in vain.
        let _ = fs::write(&self.marker, "");
    }

    /// Attributes of an image's exporter.
    pub(super) fn of_image(&self, format: ImageFormat) -> BTreeMap<String, String> {
        match format {
            ImageFormat::DockerArchive => self.of_cache(),
            ImageFormat::OciLayout => BTreeMap::new(),
        }
    }

    /// Attributes of the cache's exporter.
    // Where layers were converted and are not asked to be, BuildKit lists every combination of a chain's layers before and
    // after conversion (`getAvailableBlobs`): a thousand for ten layers, and no end for thirty.
    pub(super) fn of_cache(&self) -> BTreeMap<String, String> {
        if self.is_on {
            let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
            ALL_GZIP.map(owned).into()
        } else {
            BTreeMap::new()
        }
    }

    /// Whether another attempt is worth its time, because an archive holds a layer that is not gzip.
    pub(super) async fn remedy(&mut self, archives: Vec<Arc<Staging>>, host: &Host) -> bool {
        let is_other = |staging: &Arc<Staging>| {
            let image = exports::image(ImageFormat::DockerArchive, staging);
            image.is_ok_and(|image| !image.is_gzip())
        };
        if !blocking(move || archives.iter().any(is_other)).await {
            return false;
        }
        if self.is_on {
            // The daemon believes what the base's manifest says.
            host.audience.warning(
                "a layer of the image is not gzip although its base says so: a push of it may be corrupt",
            );
            return false;
        }
        host.audience
            .warning("a layer of the image is not gzip, as a push needs it: exporting again");
        self.turn_on();
        true
    }
}
