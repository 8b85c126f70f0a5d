//! `oci-image targets`: which stages of a Dockerfile can be built.

use oci_image::inspection::stages;

use crate::cli::Inspect;
use crate::commands::answer::{document, print};
use crate::commands::inspected::Inspected;
use crate::failure::Failure;
use crate::request::stream::Wait;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image targets FILE` reads a file";

pub(super) fn run(asked: Inspect, wait: Wait<'_>) -> Result<(), Failure> {
    let inspected = Inspected::read(&asked.named, asked.place, wait)?;
    let stages = inspected.ask(wait, stages)?;
    let answer = if asked.json {
        document(&stages)
    } else {
        stages.text()
    };
    print(&answer, wait.signals)
}
