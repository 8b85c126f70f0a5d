//! What is validated: a request, or a pipeline whose tasks are judged where they stand.

use std::io::Read as _;
use std::path::Path;

use oci_image::boundary::handle::{Directory, WorkingDirectory};
use oci_image::diagnostics::Report;
use oci_image::forms::unread;
use oci_image::pipeline::{Pipeline, PipelineText};
use oci_image::yaml::{self, Dialect, MAX_TEXT};

use super::asked::Request;
use super::judge::Judge;
use super::unread::Unread;
use crate::failure::Failure;

/// What is validated.
pub(crate) enum Subject {
    /// A request.
    Request(Box<Request>),
    /// A pipeline of Concourse.
    Pipeline(Box<PipelineText>),
}

/// Where the files are that requests and pipelines name.
#[derive(Clone, Copy)]
pub(crate) struct Below<'d> {
    /// As somebody named it.
    pub(crate) named: &'d Path,
    pub(crate) directory: &'d WorkingDirectory,
}

/// What was found.
pub(crate) struct Validated {
    pub(crate) report: Report,
    /// Whether anything was there to be judged: a pipeline may have no task that builds an image.
    pub(crate) is_judged: bool,
}

impl Subject {
    /// The request; a pipeline is none.
    pub(super) fn into_request(self) -> Result<Request, Unread> {
        match self {
            Self::Request(request) => Ok(*request),
            Self::Pipeline(pipeline) => Err(unread::pipeline(&pipeline.name).into()),
        }
    }

    /// Every mistake that can be seen; where a directory is named, in the files there too.
    pub(crate) fn validate(
        self,
        below: Option<Below<'_>>,
        judge: &Judge,
    ) -> Result<Validated, Failure> {
        let report = match (self, below) {
            (Self::Pipeline(pipeline), below) => return of_pipeline(*pipeline, below, judge),
            (Self::Request(request), Some(below)) => {
                request.validate_with_files(below.directory, judge)?
            }
            (Self::Request(request), None) => request.validate(judge)?,
        };
        Ok(Validated {
            report,
            is_judged: true,
        })
    }

    /// Every mistake that can be seen in it, for whom has its text: of a pipeline the report has none, which would take as long as all else.
    pub(crate) fn told(self, judge: &Judge) -> Result<Report, Failure> {
        match self {
            Self::Request(request) => Ok(request.validate(judge)?),
            Self::Pipeline(pipeline) => Ok(Report {
                name: pipeline.name.clone(),
                diagnostics: judged_pipeline(*pipeline, None, judge)?.diagnostics(),
                ..Report::default()
            }),
        }
    }
}

fn of_pipeline(
    text: PipelineText,
    below: Option<Below<'_>>,
    judge: &Judge,
) -> Result<Validated, Failure> {
    let pipeline = judged_pipeline(text, below, judge)?;
    Ok(Validated {
        is_judged: pipeline.tasks() > 0,
        report: pipeline.report(),
    })
}

fn judged_pipeline(
    text: PipelineText,
    below: Option<Below<'_>>,
    judge: &Judge,
) -> Result<Pipeline, Failure> {
    let mut pipeline = Pipeline::read(text, &mut |path| below?.task(path));
    for task in 0..pipeline.tasks() {
        let (json, found) = pipeline.task(task);
        let said = judge.of_task(json, found, || {
            let request = Request::new(pipeline.source(task), None);
            Ok(request.validate(judge)?.diagnostics)
        })?;
        pipeline.hear(task, said);
    }
    Ok(pipeline)
}

impl Below<'_> {
    /// The file of a task, if it is there, is YAML, and does not lead out of the directory.
    fn task(self, path: &str) -> Option<PipelineText> {
        let text = text_below(self.directory.handle(), path.as_ref())?;
        let document = yaml::read(&text, Dialect::Concourse).ok()?;
        let name = match self.named == Path::new(".") {
            true => path.to_owned(),
            false => self.named.join(path).display().to_string(),
        };
        Some(PipelineText {
            name,
            text,
            document,
        })
    }
}

/// The text of a file below a directory, as much of it as a request may have and a byte more; nothing where it is none.
pub(super) fn text_below(directory: &Directory, file: &Path) -> Option<String> {
    let file = directory.file_beneath(file).ok()?;
    let mut text = String::new();
    file.take(MAX_TEXT as u64 + 1)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}
