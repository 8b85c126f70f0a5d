//! What a text is: an object, a task of ours or a pipeline.

use crate::idiom::Idiom;
use crate::inline_secrets::{self, MaskedObject, Reading};
use crate::pipeline::PipelineText;
use crate::report::Report;
use crate::shape::{Shape, is_dockerfile};
use crate::source::{Draft, NamedText, Remarks, Source, SourceMap};
use crate::task::Parameters;
use crate::task::file::{Kind, Seen, TaskFile};
use crate::unread;
use crate::yaml::{self, Dialect, Document};

/// What the environment is called.
const ENVIRONMENT: &str = "<environment>";

/// What a text is.
// No `Debug`: it would show secrets.
pub enum Content {
    /// An object, or a task that says one.
    Source(Box<Source>),
    /// A pipeline of Concourse.
    Pipeline(Box<PipelineText>),
}

/// A text in one of the languages; no message, which is more than an object.
///
/// # Errors
/// What is said of a text that is none of these.
pub fn read(name: &str, text: &str, is_json: bool) -> Result<Content, Report> {
    if !is_json && is_dockerfile(text) {
        return Err(unread::dockerfile(name, text.to_owned()));
    }
    if is_json {
        let reading = Reading::of(text);
        if Kind::read(&reading) == Kind::Object {
            return Ok(Content::Source(Box::new(object(name, &reading))));
        }
    }
    // As Concourse reads them: JSON is YAML to it.
    yaml(name, text)
}

/// An object in JSON.
#[must_use]
pub fn object(name: &str, reading: &Reading<'_>) -> Source {
    object_within(name, reading.object(), 0, reading)
}

/// The object that begins at a byte of a text in JSON.
#[must_use]
pub fn object_within(
    name: &str,
    object: MaskedObject,
    start: usize,
    reading: &Reading<'_>,
) -> Source {
    let draft = Draft {
        object,
        start,
        map: SourceMap::of_json(reading.masked().to_owned()),
        hidden: reading.hidden.clone(),
        idiom: Idiom::Json,
        remarks: Remarks::default(),
        is_judged: true,
    };
    Source::new(name.to_owned(), draft)
}

/// An object in YAML, a task file, or a pipeline.
///
/// # Errors
/// What is said of a text that is none of these.
pub fn yaml(name: &str, text: &str) -> Result<Content, Report> {
    let read = |dialect| {
        yaml::read(text, dialect).map_err(|mistakes| unread::of_yaml(name, text, mistakes))
    };
    if let Some(document) = pipeline_document(text) {
        return Ok(pipeline(name, text, document));
    }
    let document = read(Dialect::Core)?;
    let reading = Reading::of(document.json());
    match Kind::read(&reading) {
        Kind::Pipeline => {
            return Ok(pipeline(name, text, read(Dialect::Concourse)?));
        }
        Kind::Task => {
            let document = read(Dialect::Concourse)?;
            let written = |part| document.plain_scalar(text, part);
            if let Some(task) = TaskFile::read(document.json(), &written) {
                let source = task_file(name, text, document, task);
                return Ok(Content::Source(Box::new(source)));
            }
        }
        Kind::Object => {}
    }
    if Shape::of(&reading).is_message_alone() {
        let text = document.mask(text, &inline_secrets::shown(document.json()));
        return Err(unread::message_in_yaml(name, text));
    }
    let (object, hidden) = (reading.object(), reading.hidden);
    let text = document.mask(text, object.text());
    let map = SourceMap::of_json(object.text().to_owned());
    let remarks = Remarks {
        in_order: !document.mistakes.is_empty(),
        of_text: document.mistakes.clone(),
        ..Remarks::default()
    };
    let draft = Draft {
        object,
        start: 0,
        map: map.through(document.into_layer(), vec![unnamed(text)]),
        hidden,
        idiom: Idiom::Yaml,
        remarks,
        is_judged: true,
    };
    Ok(Content::Source(Box::new(Source::new(
        name.to_owned(),
        draft,
    ))))
}

/// A text that is a pipeline by its first look, read once: it may be long. Nothing where it is not, or cannot be read.
#[must_use]
pub fn pipeline_document(text: &str) -> Option<Document> {
    let mut lines = text.lines();
    lines.find(|line| line.starts_with("jobs:"))?;
    let document = yaml::read(text, Dialect::Concourse).ok()?;
    (Kind::of(document.json()) == Kind::Pipeline).then_some(document)
}

/// A pipeline.
#[must_use]
pub fn pipeline(name: &str, text: &str, document: Document) -> Content {
    Content::Pipeline(Box::new(PipelineText {
        name: name.to_owned(),
        text: text.to_owned(),
        document,
    }))
}

fn task_file(name: &str, text: &str, document: Document, task: TaskFile) -> Source {
    let Seen {
        object,
        hidden,
        file,
        layer,
    } = task.seen(document.json());
    let text = document.mask(text, &file);
    let of_text = document.mistakes.clone();
    let map = SourceMap::of_json(object.text().to_owned())
        .through(layer, vec![unnamed(file)])
        .through(document.into_layer(), vec![unnamed(text)])
        .for_people();
    let is_judged = !task.runs_another();
    let remarks = Remarks {
        of_text,
        of_values: map.placed(1, task.mistakes),
        open: map.placed(1, task.unfilled),
        in_order: true,
    };
    let draft = Draft {
        object,
        start: 0,
        map,
        hidden,
        idiom: Idiom::Parameters,
        remarks,
        is_judged,
    };
    Source::new(name.to_owned(), draft)
}

/// What the parameters of a task describe.
#[must_use]
pub fn parameters(mut parameters: Parameters) -> Source {
    let reading = Reading::of(parameters.json());
    let (object, hidden) = (reading.object(), reading.hidden);
    let remarks = Remarks {
        of_values: std::mem::take(&mut parameters.mistakes),
        ..Remarks::default()
    };
    let texts = parameters.texts();
    let map = SourceMap::of_json(object.text().to_owned());
    let draft = Draft {
        object,
        start: 0,
        map: map.through(parameters.into_layer(), texts).for_people(),
        hidden,
        idiom: Idiom::Parameters,
        remarks,
        is_judged: true,
    };
    Source::new(ENVIRONMENT.to_owned(), draft)
}

fn unnamed(text: String) -> NamedText {
    NamedText { name: None, text }
}
