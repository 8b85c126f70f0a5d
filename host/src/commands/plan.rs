//! `oci-image plan`: what would be built, as JSON, without a daemon.

use crate::cli::Source;
use crate::commands::{enter, print};
use crate::failure::Failure;
use crate::request::Request;

pub(super) fn run(source: &Source) -> Result<(), Failure> {
    let mut request = Request::read(&source.file, source.format)?;
    request.refuse_variables();
    enter(source.directory.as_deref())?;
    let plan = request.plan()?;
    print(&plan.as_plan().print())
}
