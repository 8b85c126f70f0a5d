//! `oci-image plan`: what would be built, as JSON, without a daemon.

use crate::cli::Named;
use crate::commands::answer::print;
use crate::commands::working_directory::working_directory;
use crate::failure::Failure;
use crate::request::Request;
use crate::request::stream::Wait;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image plan FILE` reads a file";

pub(super) fn run(source: &Named, wait: Wait<'_>) -> Result<(), Failure> {
    let mut request = Request::read(&source.file, source.format, wait)?;
    request.refuse_variables();
    let directory = working_directory(source.directory.as_deref())?;
    let plan = request.plan(&directory, wait.signals.cancel())?;
    print(&plan.as_plan().print(), wait.signals)
}
