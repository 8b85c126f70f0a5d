//! `oci-image plan`: what would be built, as JSON, without a daemon.

use crate::cli::Source;
use crate::commands::{enter, print};
use crate::failure::Failure;
use crate::request::Request;

pub(super) fn run(source: &Source, coloured: bool) -> Result<(), Failure> {
    let request = Request::read(&source.file, coloured)?;
    enter(source.directory.as_deref())?;
    let plan = request.plan(coloured)?;
    let mut text =
        serde_json::to_string_pretty(plan.as_plan()).expect("a plan has no map with other keys");
    text.push('\n');
    print(&text)
}
