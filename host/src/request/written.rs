//! The ways in which a request is written, each made a source: JSON, YAML, a task's parameters in an environment or a file.

use std::path::PathBuf;

use oci_image::idiom::Idiom;
use oci_image::pipeline::PipelineText;
use oci_image::planner::MaskedObject;
use oci_image::planner::inline_secrets::{self, Reading};
use oci_image::protocol::Message;
use oci_image::source::{Draft, NamedText, Remarks, Source, SourceMap};
use oci_image::task::Parameters;
use oci_image::task::file::{Kind, Seen, TaskFile};
use oci_image::yaml::{self, Dialect, Document};

use super::asked::Request;
use super::shape::Shape;
use super::subject::Subject;
use super::unread::{self, Unread};

/// What the environment is called.
const ENVIRONMENT: &str = "<environment>";

/// An object in JSON.
pub(super) fn object(name: &str, reading: &Reading<'_>) -> Request {
    json(name, reading.object(), 0, reading, None)
}

/// A message.
pub(super) fn message(name: &str, reading: &Reading<'_>) -> Result<Request, Unread> {
    let (part, response_path) = match Message::outlined(reading) {
        Some(message) => message,
        None => match Message::parse(reading.text().to_owned()) {
            Ok(message) => (message.object_range(), message.response_path),
            Err((error, _text)) => return Err(unread::unparsed(name, &error, reading)),
        },
    };
    let start = part.start;
    let object = reading.object_of_message(part);
    Ok(json(name, object, start, reading, Some(response_path)))
}

fn json(
    name: &str,
    object: MaskedObject,
    start: usize,
    reading: &Reading<'_>,
    response_path: Option<PathBuf>,
) -> Request {
    let draft = Draft {
        object,
        start,
        map: SourceMap::of_json(reading.masked().to_owned()),
        hidden: reading.hidden.clone(),
        idiom: Idiom::Json,
        remarks: Remarks::default(),
        is_judged: true,
    };
    Request::new(Source::new(name.to_owned(), draft), response_path)
}

/// An object in YAML, a task file, or a pipeline.
pub(super) fn yaml(name: &str, text: &str) -> Result<Subject, Unread> {
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
                let request = task_file(name, text, document, task);
                return Ok(Subject::Request(Box::new(request)));
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
    let request = Request::new(Source::new(name.to_owned(), draft), None);
    Ok(Subject::Request(Box::new(request)))
}

/// A text that is a pipeline by its first look, read once: it may be long. Nothing where it is not, or cannot be read.
pub(super) fn pipeline_document(text: &str) -> Option<Document> {
    let mut lines = text.lines();
    lines.find(|line| line.starts_with("jobs:"))?;
    let document = yaml::read(text, Dialect::Concourse).ok()?;
    (Kind::of(document.json()) == Kind::Pipeline).then_some(document)
}

/// A pipeline.
pub(super) fn pipeline(name: &str, text: &str, document: Document) -> Subject {
    Subject::Pipeline(Box::new(PipelineText {
        name: name.to_owned(),
        text: text.to_owned(),
        document,
    }))
}

fn task_file(name: &str, text: &str, document: Document, task: TaskFile) -> Request {
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
    Request::new(Source::new(name.to_owned(), draft), None)
}

/// What the parameters of a task describe.
pub(super) fn parameters(mut parameters: Parameters) -> Request {
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
    Request::new(Source::new(ENVIRONMENT.to_owned(), draft), None)
}

fn unnamed(text: String) -> NamedText {
    NamedText { name: None, text }
}
