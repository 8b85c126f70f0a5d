//! `oci-image plan`: what would be built, as JSON, without a daemon unless the Dockerfile is looked into.

use oci_image::executor::Host;
use oci_image::inspection::agreed;
use oci_image::planner::checked_plan::CheckedPlan;

use crate::cli::Plan;
use crate::commands::answer::print;
use crate::commands::inspected::Inspected;
use crate::commands::runtime::Stopped;
use crate::failure::Failure;
use crate::request::stream::Wait;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image plan FILE` reads a file";

pub(super) fn run(asked: Plan, wait: Wait<'_>) -> Result<(), Failure> {
    let inspected = Inspected::read(&asked.named, asked.place, wait)?;
    if !asked.outline {
        return print(&inspected.plan.as_plan().print(), wait.signals);
    }
    let object = inspected.request.object().text();
    let asking = async |plan: &CheckedPlan, host: &Host, stop: Stopped| {
        agreed(plan, object, host, stop).await
    };
    let agreed = inspected.ask(wait, asking)?;
    print(&agreed.print(inspected.plan.as_plan()), wait.signals)
}
