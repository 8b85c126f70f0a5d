//! The request whose Dockerfile is inspected, and the machine on which that is done.

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::executor::{BuildError, Host};
use oci_image::planner::checked_plan::CheckedPlan;

use crate::cli::{BuildPlace, Named};
use crate::commands::build::quiet_host;
use crate::commands::runtime::{self, Stopped};
use crate::commands::working_directory::working_directory;
use crate::failure::Failure;
use crate::request::Request;
use crate::request::stream::Wait;

/// A request that is sound, and where its frontend can be asked.
pub(super) struct Inspected {
    pub(super) request: Request,
    pub(super) plan: CheckedPlan,
    pub(super) host: Host,
}

impl Inspected {
    /// As it is named.
    pub(super) fn read(named: &Named, place: BuildPlace, wait: Wait<'_>) -> Result<Self, Failure> {
        let mut request = Request::read(&named.file, named.format, wait)?;
        request.refuse_variables();
        let directory: WorkingDirectory = working_directory(named.directory.as_deref())?;
        let plan = request.plan(&directory, wait.signals.cancel())?;
        let seen_from = named.directory.as_deref();
        let host = quiet_host(place, seen_from, directory, wait)?;
        request.refuse_foreign_settings(&plan, &host)?;
        Ok(Self {
            request,
            plan,
            host,
        })
    }

    /// What comes of questions to its frontend.
    pub(super) fn ask<T>(
        &self,
        wait: Wait<'_>,
        asking: impl AsyncFnOnce(&CheckedPlan, &Host, Stopped) -> Result<T, BuildError>,
    ) -> Result<T, Failure> {
        let Self { plan, host, .. } = self;
        let asking = async |stop| Ok(asking(plan, host, stop).await?);
        runtime::run(wait.signals, asking)
    }
}
