//! Opening an image, by what it is: an archive of one of two kinds, or a directory.
//!
//! Reads: what [`Image::open`] says. Writes: nothing. Unknown here: what the documents mean.

use std::path::Path;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::{Directory, Found};
use oci_spec::image::Descriptor;

use crate::error::ImageError;
use crate::image::Image;
use crate::store::Store;
use crate::{docker, layout};

impl Image {
    /// Opens the image at `path`, by its content:
    ///
    /// - a tar archive of an OCI layout: `skopeo copy oci-archive:`, `buildctl -o type=oci` and `type=docker`, newer
    ///   `docker save`;
    /// - an archive of `docker save` without one: `skopeo copy docker-archive:`, older Docker, and what writes alike;
    /// - a directory that is an OCI layout: `skopeo copy oci:`, `umoci`, `buildctl -o type=oci,tar=false`.
    ///
    /// An index for several platforms is kept whole; manifests that it names and that are not there are left to the
    /// client, which asks for its own platform only. A manifest that gives a layer a media type that it does not have is
    /// replaced by one that is right, with a digest of its own. Blocking: reads headers and JSON documents, not layers. The one
    /// exception is a `docker save` layer that is compressed and not named by its digest: it is hashed once, because a
    /// blob has no other name. An archive compressed as a whole (`.tar.gz`) has no ranges to serve, and is refused.
    ///
    /// ```no_run
    /// use oci_image_image::Image;
    ///
    /// let image = Image::open("base.tar".as_ref())?;
    /// println!("{} after {} bytes", image.digest(), image.effort().read);
    /// # Ok::<(), oci_image_image::error::ImageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError`], which names the file and the entry: missing, cut short, of another size or content than its
    /// digest says, beyond a limit, or with a path that leaves the archive.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let found = Found::open(path).map_err(|source| ImageError::Open {
            path: path.into(),
            source,
        })?;
        Self::read(found, path, &Cancel::default())
    }

    /// The same of what was found at a path before, for as long as somebody wants it: a layer that has to be hashed may be large.
    ///
    /// # Errors
    /// As [`Image::open`]; after it was called off, any.
    pub fn read(found: Found, path: &Path, cancelled: &Cancel) -> Result<Self, ImageError> {
        let mut store = Store::open(found, path, cancelled)?;
        if store.holds(layout::MARKER) {
            layout::read(&mut store)
        } else if store.holds(docker::MANIFEST) {
            docker::read(&mut store)
        } else {
            Err(ImageError::NotAnImage { path: path.into() })
        }
    }

    /// The image of a layout whose manifest or index is this one, whatever else the layout names. Blocking, as [`Image::open`].
    ///
    /// # Errors
    /// As [`Image::read`].
    pub fn read_manifest(
        layout: Directory,
        manifest: &Descriptor,
        cancelled: &Cancel,
    ) -> Result<Self, ImageError> {
        let path = layout.path().to_owned();
        let mut store = Store::open(Found::Directory(layout), &path, cancelled)?;
        layout::read_manifest(&mut store, manifest)
    }
}
