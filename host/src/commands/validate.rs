//! `oci-image validate`: every mistake of a request that can be seen without looking at a file.

use oci_image_schema::diagnostic::Severity;

use crate::cli::{Report, Validate};
use crate::commands::{enter, print, tell};
use crate::failure::Failure;
use crate::request::Request;

pub(super) fn run(validate: &Validate, coloured: bool) -> Result<(), Failure> {
    let request = Request::read(&validate.source.file, coloured)?;
    enter(validate.source.directory.as_deref())?;
    let diagnostics = request.validate()?;
    let wrong = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    match validate.output_format {
        Report::Json => {
            print(&request.report_json(&diagnostics))?;
            if wrong {
                Err(Failure::Request(String::new()))
            } else {
                Ok(())
            }
        }
        Report::Text if wrong => Err(Failure::Request(request.report(&diagnostics, coloured))),
        Report::Text => {
            tell(&request.report(&diagnostics, coloured));
            Ok(())
        }
    }
}
