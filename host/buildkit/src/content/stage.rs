//! A stage: a layout that grows beside the name that it is to have.
//!
//! Reads and writes: the layout's directory. Unknown here: how blobs come into it.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oci_spec::image::Descriptor;
use rustix::fs::Mode;

use crate::content::layout::Layout;
use crate::content::layout_error::LayoutError;
use oci_image_boundary::handle::{Directory, PartialDirectory};

/// A layout that an exporter fills, beside the directory that it replaces when it is complete. Dropping it removes it.
pub(crate) struct LayoutStage {
    name: OsString,
    destination: PathBuf,
    staged: PartialDirectory,
    layout: Layout,
}

impl LayoutStage {
    /// An empty layout in a directory, beside the name that it is to have.
    pub(crate) fn new(directory: &Directory, name: &OsStr) -> Result<Self, LayoutError> {
        let destination = directory.full_path(name);
        let mode = Mode::RWXU | Mode::RWXG | Mode::RWXO;
        let staged = PartialDirectory::new(directory, ".layout.".as_ref(), mode);
        let staged = staged.map_err(|source| LayoutError::Write {
            path: destination.clone(),
            source,
        })?;
        let layout = Layout::new(staged.directory().clone());
        layout.create()?;
        Ok(Self {
            name: name.to_owned(),
            destination,
            staged,
            layout,
        })
    }

    /// Where the exporter puts its blobs.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Names the image, by the daemon's `descriptor` (JSON in base64), and takes the place of what was there. All that the image
    /// refers to is there, and nothing else.
    pub(crate) fn publish(mut self, descriptor: &str) -> Result<(), LayoutError> {
        let json = STANDARD.decode(descriptor).unwrap_or_default();
        let image: Descriptor =
            serde_json::from_slice(&json).map_err(|source| LayoutError::Descriptor {
                path: self.destination.clone(),
                source,
            })?;
        let mut reached = HashSet::new();
        self.layout.reach(&image, &mut reached)?;
        self.layout.sweep(&reached)?;
        self.layout.change(|manifests| manifests.push(image))?;
        self.layout.finish()?;
        // The old one goes with the stage.
        self.staged
            .put(&self.name)
            .map_err(|source| LayoutError::Write {
                path: self.destination,
                source,
            })
    }
}
