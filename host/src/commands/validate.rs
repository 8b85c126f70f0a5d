//! `oci-image validate`: every mistake of requests, of tasks and of the tasks in pipelines, each with its place.
//!
//! A file that cannot be read is a mistake like others: the rest is validated all the same.

use oci_image::diagnostics::Report;

use crate::cli::{ReportForm, Validate};
use crate::commands::reported;
use crate::commands::working_directory::working_directory;
use crate::failure::Failure;
use crate::request::stream::Wait;
use crate::request::{Below, Folder, Subject, Unread};
use crate::stderr;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image validate FILE...` reads files";

/// What there is to validate.
#[derive(Default)]
struct Subjects {
    /// Each with whether it was named: what a directory has may turn out to be nobody's here.
    all: Vec<(Result<Subject, Unread>, bool)>,
    /// How many files of directories are left.
    left: usize,
    has_directory: bool,
}

pub(super) fn run(validate: &Validate, wait: Wait<'_>) -> Result<(), Failure> {
    // Names of requests are relative to the directory that we were called in.
    let mut subjects = read(validate, wait)?;
    let cancel = wait.signals.cancel();
    if cancel.is_cancelled() {
        // What could not be read for that is no mistake of a request.
        return Err(Failure::Reported);
    }
    let directory = match &validate.directory {
        Some(directory) => Some((directory, working_directory(Some(directory))?)),
        None => None,
    };
    let below = directory
        .as_ref()
        .map(|(named, directory)| Below { named, directory });
    let mut reports = Vec::new();
    let mut has_nothing = Vec::new();
    for (subject, is_named) in subjects.all {
        let report = match subject {
            Ok(subject) => {
                let validated = subject.validate(below, cancel)?;
                if !validated.is_judged && !is_named {
                    subjects.left += 1;
                    continue;
                }
                if !validated.is_judged {
                    has_nothing.push(validated.report.name.clone());
                }
                validated.report
            }
            Err(unread) => unread.into(),
        };
        reports.push(report);
    }
    reported::show(&reports, validate.output_format, wait)?;
    if validate.output_format == ReportForm::Text {
        for name in &has_nothing {
            stderr::notice(&nothing_in(name, below.is_some()), wait.mode);
        }
        if subjects.has_directory {
            stderr::notice(&counted(reports.len(), subjects.left), wait.mode);
        }
    }
    if reports.iter().any(Report::is_wrong) {
        Err(Failure::Reported)
    } else {
        Ok(())
    }
}

/// Reads what is named: files, and what directories have.
fn read(validate: &Validate, wait: Wait<'_>) -> Result<Subjects, Failure> {
    let mut subjects = Subjects::default();
    for path in &validate.files {
        if !path.is_dir() {
            let subject = Subject::read(path, validate.format, wait);
            subjects.all.push((subject, true));
            continue;
        }
        let folder = Folder::read(path, wait.signals.cancel())?;
        let found = folder.subjects.into_iter();
        subjects.all.extend(found.map(|subject| (subject, false)));
        subjects.left += folder.left;
        subjects.has_directory = true;
    }
    Ok(subjects)
}

/// What is told of a pipeline in which nothing was judged.
fn nothing_in(name: &str, is_below: bool) -> String {
    let said = format!("`{name}` has no task that builds an image, as far as it can be read here");
    match is_below {
        true => said,
        false => format!("{said}: `--directory DIR` reads the files of tasks too"),
    }
}

/// What is told of a directory.
fn counted(judged: usize, left: usize) -> String {
    let files = |count| {
        if count == 1 {
            "1 file".to_owned()
        } else {
            format!("{count} files")
        }
    };
    format!(
        "{} judged, {} left: no request, no task that builds an image, no pipeline that has one",
        files(judged),
        files(left)
    )
}
