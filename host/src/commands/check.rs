//! `oci-image check`: what is wrong or unwise in a Dockerfile, and in the request beside it.

use std::io;
use std::os::fd::AsFd as _;

use oci_image::diagnostics;
use oci_image::executor::Host;
use oci_image::inspection::{Checked, check};
use oci_image::planner::checked_plan::CheckedPlan;

use crate::cli::{Check, ReportForm};
use crate::commands::answer::print;
use crate::commands::inspected::Inspected;
use crate::commands::runtime::Stopped;
use crate::failure::Failure;
use crate::request::stream::Wait;
use crate::stderr;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image check FILE` reads a file";

pub(super) fn run(asked: Check, wait: Wait<'_>) -> Result<(), Failure> {
    let inspected = Inspected::read(&asked.named, asked.engine, wait)?;
    let object = inspected.request.object().text();
    let asking = async |plan: &CheckedPlan, host: &Host, stop: Stopped| {
        check(plan, object, host, stop).await
    };
    let Checked { found, files } = inspected.ask(wait, asking)?;
    let report = inspected
        .request
        .report_beside(&inspected.plan, found, files);
    let reports = std::slice::from_ref(&report);
    match asked.output_format {
        ReportForm::Text => {
            let text = diagnostics::text(&report, wait.mode.canvas(stderr::columns()));
            // Nobody hears it if standard error is closed.
            let _ = wait
                .signals
                .write_all(io::stderr().as_fd(), text.as_bytes());
        }
        ReportForm::Json => print(&diagnostics::json(reports), wait.signals)?,
        ReportForm::Sarif => print(&diagnostics::sarif(reports), wait.signals)?,
        ReportForm::Github => print(&diagnostics::github(reports), wait.signals)?,
    }
    if report.diagnostics.is_empty() {
        Ok(())
    } else {
        Err(Failure::Found)
    }
}
