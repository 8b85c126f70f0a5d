//! A text as the builds that it asks for, and what is told of it: for who has a planner of their own.
//!
//! Nothing is kept between the two: a text is read again, which takes less time than to carry what was read.

use std::convert::Infallible;

use oci_image_schema::diagnostic::{Diagnostic, Place, Span};
use oci_image_schema::event::Position;

use crate::content::{self, Content};
use crate::fix::{Edit, mending};
use crate::idiom::Idiom;
use crate::pipeline::Pipeline;
use crate::report::Report;
use crate::source::Source;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextForm {
    /// An object in JSON.
    Json,
    /// An object in YAML.
    Yaml,
    /// A task of Concourse.
    Task,
    /// A pipeline of Concourse.
    Pipeline,
}

/// One build that a text asks for.
// No `Debug`: an object names where secrets are.
pub struct TextBuild {
    /// The name of the task within a pipeline; empty where the text is one build.
    pub name: String,
    /// Its object, without the texts of secrets.
    pub object: String,
    /// Whether the planner judges it.
    pub is_judged: bool,
    /// Whether something is left open that only Concourse can fill in.
    pub is_open: bool,
}

/// What is told of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The defect or remark; its place is one of the whole text.
    pub diagnostic: Diagnostic,
    /// Where that place begins and ends, if it is in the text.
    pub range: Option<(Position, Position)>,
    /// The one change that mends it, where there is one.
    pub fix: Option<Edit>,
}

/// What a text is, and the builds in it; nothing where it cannot be read. Of a pipeline, those tasks that are written in it.
#[must_use]
pub fn builds(text: &str, is_json: bool) -> Option<(TextForm, Vec<TextBuild>)> {
    match content::read("", text, is_json).ok()? {
        Content::Source(source) => {
            let form = match source.idiom() {
                Idiom::Json => TextForm::Json,
                Idiom::Yaml => TextForm::Yaml,
                Idiom::Parameters => TextForm::Task,
            };
            Some((form, vec![build(&source)]))
        }
        Content::Pipeline(text) => {
            let pipeline = Pipeline::read(*text, &mut |_| None);
            let sources = (0..pipeline.tasks()).map(|task| pipeline.source(task));
            let builds = sources.map(|source| TextBuild {
                name: source.name().to_owned(),
                ..build(&source)
            });
            Some((TextForm::Pipeline, builds.collect()))
        }
    }
}

/// What is told of a text, by what is said of each of its builds. To build, what is left open is a mistake.
#[must_use]
pub fn told(text: &str, is_json: bool, said: Vec<Vec<Diagnostic>>, to_build: bool) -> Vec<Told> {
    let mut said = said.into_iter();
    let mut judged = |mut source: Source| {
        if to_build {
            source.refuse_open();
        }
        let said = said.next().unwrap_or_default();
        let Ok(report) = source.judged(|_| Ok::<_, Infallible>(said));
        report
    };
    let report = match content::read("", text, is_json) {
        Err(report) => report,
        Ok(Content::Source(source)) => judged(*source),
        Ok(Content::Pipeline(text)) => {
            let mut pipeline = Pipeline::read(*text, &mut |_| None);
            for task in 0..pipeline.tasks() {
                let said = judged(pipeline.source(task)).diagnostics;
                pipeline.hear(task, said);
            }
            pipeline.report()
        }
    };
    let told = report.diagnostics.iter();
    told.map(|one| in_text(&report, one, text)).collect()
}

fn build(source: &Source) -> TextBuild {
    TextBuild {
        name: String::new(),
        object: source.object().text().to_owned(),
        is_judged: source.is_judged(),
        is_open: source.is_open(),
    }
}

/// What a report says, with its place in the text.
fn in_text(report: &Report, said: &Diagnostic, text: &str) -> Told {
    let spot = report.spot(said);
    let range = spot.map(|spot| (spot.start(), spot.end()));
    let place = match report.place(said) {
        Some(range) => Some(Place::Object(Span::of(range))),
        None => said.place.clone(),
    };
    Told {
        range,
        fix: mending(report, said, text),
        diagnostic: Diagnostic {
            place,
            ..said.clone()
        },
    }
}
