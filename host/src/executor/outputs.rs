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
use crate::image::sources;
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

    /// By the place of the solve in the plan; `None` where it exports nothing.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&Output>> {
        self.0.iter().map(Option::as_ref)
    }

    /// Where archives are staged.
    pub(super) fn archives(&self) -> Vec<Arc<Staging>> {
        let outputs = self.0.iter().flatten();
        outputs
            .filter(|output| output.export.format == ImageFormat::DockerArchive)
            .map(|output| Arc::clone(&output.staging))
            .collect()
    }

    /// Checks that each image is the one that the daemon names, writes what describes it beside it, and gives all results their
    /// names, unless it is called off before the first. Blocking.
    ///
    /// # Errors
    /// [`BuildError::NotTheImage`], [`BuildError::Output`], [`BuildError::Metadata`], [`BuildError::Cancelled`].
    pub(super) fn publish(self, built: &[Built], cancelled: &Cancel) -> Result<(), BuildError> {
        for image in built {
            if let Some(output) = &self.0[image.index] {
                output.describe(image)?;
            }
        }
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
        if format == ImageFormat::DockerArchive {
            let archive = self.staging.file(exports::name(format));
            let archive = archive.map_err(|error| failed(error.into()))?;
            sources::add(&archive, &staged).map_err(|error| failed(error.into()))?;
        }
        if self.export.rootfs {
            let metadata = exports::metadata(&staged).map_err(failed)?;
            self.staging.write("metadata.json", &metadata)?;
        }
        Ok(())
    }
}
