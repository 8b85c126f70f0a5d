//! `oci-image check`: what is wrong or unwise in a Dockerfile, and in the request beside it.

use oci_image::executor::Host;
use oci_image::inspection::{Checked, check};
use oci_image::planner::checked_plan::CheckedPlan;

use crate::cli::Check;
use crate::commands::inspected::Inspected;
use crate::commands::reported;
use crate::commands::runtime::Stopped;
use crate::failure::Failure;
use crate::request::stream::Wait;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image check FILE` reads a file";

pub(super) fn run(asked: Check, wait: Wait<'_>) -> Result<(), Failure> {
    let inspected = Inspected::read(&asked.named, asked.place, wait)?;
    let object = inspected.request.object().text();
    let asking = async |plan: &CheckedPlan, host: &Host, stop: Stopped| {
        check(plan, object, host, stop).await
    };
    let Checked { found, files } = inspected.ask(wait, asking)?;
    let report = inspected
        .request
        .report_beside(&inspected.plan, found, files);
    reported::show(std::slice::from_ref(&report), asked.output_format, wait)?;
    if report.diagnostics.is_empty() {
        Ok(())
    } else {
        Err(Failure::Found)
    }
}
