//! Outputs: the directories that Concourse collects, and what each solve leaves in its own.
//!
//! All results are staged first, and take their names together.
//!
//! Reads: staged images. Writes: staged outputs, and their names. Unknown here: how a solve makes what is in them.

use std::sync::Arc;

use oci_image_schema::plan::{self, ImageFormat};

use crate::boundary::cancel::{Cancel, Cancelled};
use crate::executor::built::Built;
use crate::executor::error::BuildError;
use crate::executor::exports;
use crate::executor::staging::Staging;
use crate::executor::work::Work;
use crate::image::contents::Contents;
use crate::planner::checked_plan::CheckedPlan;

/// The outputs of a plan's solves while none has its final name, by the solve's place in the plan.
pub(super) struct Outputs(Vec<Option<Output>>);

/// The output of one solve.
pub(super) struct Output {
    pub(super) export: plan::ImageExport,
    pub(super) staging: Arc<Staging>,
}

impl Outputs {
    /// Prepares every output of the plan in a working directory. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Open`], [`BuildError::Output`].
    pub(super) fn stage(plan: &CheckedPlan, work: &mut Work) -> Result<Self, BuildError> {
        let stage = |solve: &plan::Solve| {
            let Some(export) = solve.export.clone() else {
                return Ok(None);
            };
            let output = work.directory("output", &export.directory)?;
            let staging = Arc::new(Staging::begin(output)?);
            Ok(Some(Output { export, staging }))
        };
        plan.solves()
            .iter()
            .map(stage)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Puts each image together, and unpacks it, from what this machine has, checks it, and writes what describes it beside it. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Assembly`], [`BuildError::NotTheImage`], [`BuildError::Output`], [`BuildError::Metadata`].
    pub(super) fn assemble(
        &self,
        built: &mut [Built],
        contents: &Contents,
    ) -> Result<(), BuildError> {
        for image in built {
            if let Some(output) = &self.0[image.index] {
                output.assemble(image, contents)?;
                output.describe(image)?;
            }
        }
        Ok(())
    }

    /// Gives all results their names, unless it is called off before the first. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Output`], [`BuildError::Cancelled`].
    pub(super) fn publish(self, cancelled: &Cancel) -> Result<(), BuildError> {
        if cancelled.is_cancelled() {
            return Err(BuildError::Cancelled(Cancelled));
        }
        Ok(self
            .0
            .into_iter()
            .flatten()
            .try_for_each(|output| output.staging.publish())?)
    }
}

impl Output {
    fn assemble(&self, image: &mut Built, contents: &Contents) -> Result<(), BuildError> {
        let assembled = exports::assemble(&self.export, &image.root, contents, &self.staging);
        let exported = assembled.map_err(|source| BuildError::Assembly {
            path: image.image.clone().into(),
            source,
        })?;
        (image.root, image.figures, image.lost) = (exported.root, exported.figures, exported.lost);
        if self.export.format == ImageFormat::OciLayout {
            image.digest = image.root.digest().clone();
        }
        Ok(())
    }

    fn describe(&self, image: &Built) -> Result<(), BuildError> {
        let failed = |source| BuildError::Metadata {
            path: image.image.clone().into(),
            source,
        };
        let format = self.export.format;
        let staged = exports::staged(format, &self.staging, &image.digest);
        let staged = staged.map_err(|source| BuildError::NotTheImage {
            path: image.image.clone().into(),
            source,
        })?;
        self.staging
            .write("digest", image.digest.as_ref().as_bytes())?;
        if self.export.rootfs {
            let metadata = exports::metadata(&staged).map_err(failed)?;
            self.staging.write("metadata.json", &metadata)?;
        }
        Ok(())
    }
}
