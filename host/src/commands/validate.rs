//! `oci-image validate`: every mistake of requests, of tasks and of the tasks in pipelines, each with its place.
//!
//! A file that cannot be read is a mistake like others: the rest is validated all the same.

use oci_image::diagnostics::Report;
use oci_image::progress::amount;

use crate::cli::{ReportForm, Validate};
use crate::commands::answer::print;
use crate::commands::fixing::{self, MendedFile};
use crate::commands::reported;
use crate::commands::working_directory::working_directory;
use crate::failure::Failure;
use crate::request::stream::Wait;
use crate::request::{Below, Folder, Judge, Known, Subject, Unread};
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

/// What came of it.
struct Judged {
    reports: Vec<Report>,
    /// The names of pipelines in which nothing was judged.
    has_nothing: Vec<String>,
    left: usize,
    has_directory: bool,
}

pub(super) fn run(validate: &Validate, wait: Wait<'_>) -> Result<(), Failure> {
    let mut judged = judge(validate, wait)?;
    let mut mended = Vec::new();
    if validate.fix {
        mended = fixing::mended(&judged.reports);
    }
    if validate.write {
        mended.iter().try_for_each(MendedFile::write)?;
        judged = judge(validate, wait)?;
    }
    reported::show(&judged.reports, validate.output_format, wait)?;
    if validate.output_format == ReportForm::Text {
        tell(validate, &judged, wait);
    }
    if validate.write {
        let told = mended.iter().map(MendedFile::told);
        told.for_each(|said| stderr::notice(&said, wait.mode));
    } else {
        let patches: String = mended.iter().map(|file| &*file.patch).collect();
        print(&patches, wait.signals)?;
    }
    if judged.reports.iter().any(Report::is_wrong) {
        Err(Failure::Reported)
    } else {
        Ok(())
    }
}

/// Says beside the reports what was not judged.
fn tell(validate: &Validate, judged: &Judged, wait: Wait<'_>) {
    for name in &judged.has_nothing {
        let is_below = validate.directory.is_some();
        stderr::notice(&nothing_in(name, is_below), wait.mode);
    }
    if judged.has_directory {
        let said = counted(judged.reports.len(), judged.left);
        stderr::notice(&said, wait.mode);
    }
}

/// Reads and judges all that is named.
fn judge(validate: &Validate, wait: Wait<'_>) -> Result<Judged, Failure> {
    // Names of requests are relative to the directory that we were called in.
    let subjects = read(validate, wait)?;
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
    let judge = Judge::new(cancel);
    let mut judged = Judged {
        reports: Vec::new(),
        has_nothing: Vec::new(),
        left: subjects.left,
        has_directory: subjects.has_directory,
    };
    for (subject, is_named) in subjects.all {
        let report = match subject {
            Ok(subject) => {
                judge.begin(Known::default());
                let validated = subject.validate(below, &judge)?;
                if !validated.is_judged && !is_named {
                    judged.left += 1;
                    continue;
                }
                if !validated.is_judged {
                    judged.has_nothing.push(validated.report.name.clone());
                }
                validated.report
            }
            Err(unread) => unread.into(),
        };
        judged.reports.push(report);
    }
    Ok(judged)
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
    format!(
        "{} judged, {} left: no request, no task that builds an image, no pipeline that has one",
        amount::counted(judged, "file"),
        amount::counted(left, "file")
    )
}
