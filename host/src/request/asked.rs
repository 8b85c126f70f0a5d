//! A request: what was asked for, planned and judged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::handle::WorkingDirectory;
use oci_image::diagnostics::Report;
use oci_image::executor::Host;
use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::{MaskedObject, Planner, PlannerError, Refusal};
use oci_image::source::Source;
use oci_image_schema::diagnostic::{Diagnostic, Severity};

use super::judge::Judge;
use super::{foreign_settings, ignore_file};
use crate::failure::Failure;

/// What was asked for, its secrets apart.
pub(crate) struct Request {
    source: Source,
    /// Where answers go, if it was a message.
    pub(crate) response_path: Option<PathBuf>,
}

impl Request {
    pub(super) fn new(source: Source, response_path: Option<PathBuf>) -> Self {
        Self {
            source,
            response_path,
        }
    }

    /// Makes a mistake of what only Concourse can fill in.
    pub(crate) fn refuse_variables(&mut self) {
        self.source.refuse_open();
    }

    /// The object, secrets masked.
    pub(crate) fn object(&self) -> &MaskedObject {
        self.source.object()
    }

    /// Where answers go: for a message, where it says; otherwise nowhere.
    pub(crate) fn response_path(&self) -> &Path {
        self.response_path
            .as_deref()
            .unwrap_or(Path::new("/dev/null"))
    }

    /// What is to be built, checked against the object.
    pub(crate) fn plan(
        &self,
        directory: &WorkingDirectory,
        cancel: &Cancel,
    ) -> Result<CheckedPlan, Failure> {
        let refuse = |said, files: &_| Failure::Request(Box::new(self.source.report(said, files)));
        let planner = Planner::load()?.cancelled_by(cancel);
        let plan = match planner.plan(self.object(), directory) {
            Ok(plan) => plan,
            Err(Refusal::Planner(error)) => return Err(error.into()),
            Err(Refusal::Mistakes(mistakes)) => {
                return Err(refuse(mistakes.diagnostics, &mistakes.files));
            }
        };
        let mistakes: Vec<Diagnostic> = self.source.large_secrets().collect();
        let is_error = |mistake: &Diagnostic| mistake.severity == Severity::Error;
        if !mistakes.is_empty() || self.source.remarks().any(is_error) {
            return Err(refuse(mistakes, plan.files()));
        }
        let mistakes: Vec<Diagnostic> = ignore_file::mistakes(&plan, directory).collect();
        if mistakes.is_empty() {
            Ok(plan)
        } else {
            Err(refuse(mistakes, plan.files()))
        }
    }

    /// Refuses what sets the daemon, if that is not ours.
    pub(crate) fn refuse_foreign_settings(
        &self,
        plan: &CheckedPlan,
        host: &Host,
    ) -> Result<(), Failure> {
        let mistakes = match host.fleet {
            Some(_) => foreign_settings::mistakes(self.object()),
            None => Vec::new(),
        };
        if mistakes.is_empty() {
            return Ok(());
        }
        let report = self.source.report(mistakes, plan.files());
        Err(Failure::Request(Box::new(report)))
    }

    /// Remarks on what is built all the same, if there are any.
    pub(crate) fn remarks(&self, plan: &CheckedPlan) -> Option<Report> {
        let are_none = plan.warnings().is_empty() && self.source.remarks().next().is_none();
        (!are_none).then(|| self.report_of(plan))
    }

    /// Every mistake that can be seen without looking at a file.
    pub(crate) fn validate(&self, judge: &Judge) -> Result<Report, PlannerError> {
        self.source.judged(|object| judge.judge(object))
    }

    /// Every mistake and remark, those about the files that the object names included. While something is left open, nobody knows
    /// which files those are.
    pub(crate) fn validate_with_files(
        &self,
        directory: &WorkingDirectory,
        judge: &Judge,
    ) -> Result<Report, Failure> {
        if self.source.is_open() || !self.source.is_judged() {
            return Ok(self.validate(judge)?);
        }
        match self.plan(directory, judge.cancel()) {
            Ok(plan) => Ok(self.report_of(&plan)),
            Err(Failure::Request(report)) => Ok(*report),
            Err(failure) => Err(failure),
        }
    }

    /// What the planner said before it read a file, at its places in the text that the user wrote, beside what was found on the way to
    /// the planner.
    pub(crate) fn report(&self, said: Vec<Diagnostic>) -> Report {
        self.source.report(said, &BTreeMap::new())
    }

    /// What is said beside a plan, and what was found in these files besides.
    pub(crate) fn report_beside(
        &self,
        plan: &CheckedPlan,
        found: Vec<Diagnostic>,
        files: BTreeMap<String, String>,
    ) -> Report {
        let said = plan.warnings().iter().cloned().chain(found).collect();
        let files = plan.files().clone().into_iter().chain(files).collect();
        self.source.report(said, &files)
    }

    /// The same of what is said beside a plan.
    fn report_of(&self, plan: &CheckedPlan) -> Report {
        self.source.report(plan.warnings().to_vec(), plan.files())
    }
}
