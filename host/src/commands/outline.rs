//! `oci-image outline`: what each target of a Dockerfile reads from outside.

use oci_image::inspection::{Needs, needs};

use crate::cli::Inspect;
use crate::commands::answer::{document, print};
use crate::commands::inspected::Inspected;
use crate::failure::Failure;
use crate::request::stream::Wait;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image outline FILE` reads a file";

pub(super) fn run(asked: Inspect, wait: Wait<'_>) -> Result<(), Failure> {
    let inspected = Inspected::read(&asked.named, asked.place, wait)?;
    let needs = inspected.ask(wait, needs)?;
    if asked.json {
        return print(&document(&needs), wait.signals);
    }
    let blocks: Vec<String> = needs.iter().map(Needs::text).collect();
    print(&blocks.join("\n"), wait.signals)
}
