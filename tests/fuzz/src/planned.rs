//! A plan made natively, in a workspace where everything stands and each file holds one text.

use std::cell::RefCell;

use oci_image::planner::answers::Answers;
use oci_image::planner::workspace as host;
use oci_image_guest::workspace::{Entry, FileError, Workspace};
use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::plan::BuildPlan;

/// What was planned of an object, and what the workspace answered.
pub(crate) struct Planned {
    pub(crate) result: Result<BuildPlan, Vec<Diagnostic>>,
    pub(crate) answers: Answers,
}

/// Plans an object; `text` is what each file holds.
pub(crate) fn plan(object: &str, text: &str) -> Planned {
    let workspace = Everywhere {
        text,
        answers: RefCell::default(),
    };
    Planned {
        result: oci_image_guest::plan(object, &workspace),
        answers: workspace.answers.into_inner(),
    }
}

struct Everywhere<'t> {
    text: &'t str,
    answers: RefCell<Answers>,
}

impl Workspace for Everywhere<'_> {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        let mut answers = self.answers.borrow_mut();
        let told = answers.text(path.to_owned(), |_| Ok(self.text.to_owned()));
        told.map_err(|_| FileError::Denied)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        let (entry, told) = if path.ends_with("Dockerfile") {
            (Entry::File, host::Entry::File)
        } else {
            (Entry::Directory, host::Entry::Directory)
        };
        let mut answers = self.answers.borrow_mut();
        let told = answers.entry(path.to_owned(), |_| Ok(told));
        told.map(|_| entry).map_err(|_| FileError::Denied)
    }
}
