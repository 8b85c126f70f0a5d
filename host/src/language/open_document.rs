//! A document that is open in a client: its text, and what is said of it.

use lsp_types::Diagnostic as Mark;
use oci_image::diagnostics::Report;
use oci_image::yaml::MAX_TEXT;

use super::line_index::Unit;
use super::marks::marks;
use super::open_text::OpenText;
use super::scene::Scene;
use crate::failure::Failure;
use crate::request::{Judge, Known, Subject};

/// A document that is open.
pub(super) struct OpenDocument {
    pub(super) text: OpenText,
    known: Known,
    /// Whether it was found to be one that is judged here.
    pub(super) is_ours: bool,
    /// What is said of it; nothing if that is not known yet.
    report: Option<Report>,
    /// Whether the client was told.
    pub(super) is_told: bool,
}

impl OpenDocument {
    pub(super) fn new(text: OpenText) -> Self {
        Self {
            text,
            known: Known::default(),
            is_ours: false,
            report: None,
            is_told: false,
        }
    }

    /// It as it can be looked at; nothing if it cannot be read, or is not ours.
    pub(super) fn scene(&self) -> Option<Scene> {
        let OpenText { text, .. } = &self.text;
        let is_short = text.len() <= MAX_TEXT;
        is_short.then(|| Scene::of(text, self.text.format(), self.is_ours))?
    }

    /// Forgets what was said of it: it has changed.
    pub(super) fn forget(&mut self) {
        self.report = None;
        self.is_told = false;
    }

    /// What is said of it, and its text; nothing of one that is not ours.
    ///
    /// # Errors
    /// Those of the planner.
    pub(super) fn said(&mut self, judge: &Judge) -> Result<(&Report, &OpenText), Failure> {
        let report = match self.report.take() {
            Some(report) => report,
            None => {
                judge.begin(std::mem::take(&mut self.known));
                let judged = self.judged(judge);
                self.known = judge.end();
                judged?
            }
        };
        Ok((self.report.insert(report), &self.text))
    }

    /// The same as a client shows it.
    ///
    /// # Errors
    /// Those of the planner.
    pub(super) fn marks(&mut self, judge: &Judge, unit: Unit) -> Result<Vec<Mark>, Failure> {
        let (report, text) = self.said(judge)?;
        Ok(marks(report, text, unit))
    }

    fn judged(&mut self, judge: &Judge) -> Result<Report, Failure> {
        let OpenText {
            path, text, format, ..
        } = &self.text;
        if text.len() > MAX_TEXT {
            self.is_ours = false;
            return Ok(Report::default());
        }
        let found = Subject::of_open(path, text, *format, self.is_ours);
        self.is_ours = found.is_some();
        match found {
            None => Ok(Report::default()),
            Some(Err(unread)) => Ok(unread.into()),
            Some(Ok(subject)) => subject.told(judge),
        }
    }
}
