//! A request: where it comes from, and its text without secrets.
//!
//! Texts of inline secrets are taken out at once: nothing after this sees them, neither the planner nor an excerpt.
//!
//! Reads: standard input, a file; through the planner's workspace, the files that the object names.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use oci_image::diagnostics::{self, Sources};
use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::inline_secrets::{self, SecretBytes};
use oci_image::planner::workspace::{NativeWorkspace, SECRET_LIMIT};
use oci_image::planner::{Planner, PlannerError};
use oci_image::protocol::{self, MalformedMessage, Message};
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Severity, Span};
use oci_image_schema::object::Object;

use crate::failure::Failure;

/// What was asked for, its secrets apart.
pub(crate) struct Request {
    name: String,
    /// The whole text, secrets masked.
    text: String,
    object_start: usize,
    object_end: usize,
    /// The texts of inline secrets, by id.
    pub(crate) secrets: BTreeMap<String, SecretBytes>,
    /// Where answers go, if it was a message.
    pub(crate) response_path: Option<PathBuf>,
    /// Texts of the files that the planner read.
    files: RefCell<BTreeMap<String, String>>,
}

impl Request {
    /// The message on standard input.
    pub(crate) fn message(coloured: bool) -> Result<Self, Failure> {
        let text = protocol::read_text(io::stdin().lock())?;
        Self::of_message("<stdin>", text, coloured)
    }

    /// The object that is the whole text of a file.
    pub(crate) fn file(path: &Path) -> Result<Self, Failure> {
        let read = |source| {
            Failure::Usage(Box::new(Unreadable {
                path: path.to_owned(),
                source,
            }))
        };
        let text = protocol::read_text(File::open(path).map_err(read)?)?;
        Ok(Self::of_object(path.display().to_string(), &text))
    }

    /// A file's object; for `-`, standard input's message.
    pub(crate) fn read(path: &Path, coloured: bool) -> Result<Self, Failure> {
        if path == Path::new("-") {
            Self::message(coloured)
        } else {
            Self::file(path)
        }
    }

    fn of_object(name: String, text: &str) -> Self {
        let masked = inline_secrets::mask(text);
        Self {
            name,
            object_start: 0,
            object_end: masked.object.len(),
            text: masked.object,
            secrets: masked.secrets,
            response_path: None,
            files: RefCell::default(),
        }
    }

    fn of_message(name: &str, text: String, coloured: bool) -> Result<Self, Failure> {
        let message = Message::parse(text)
            .map_err(|(error, text)| malformed(name, &error, &text, coloured))?;
        let masked = inline_secrets::mask(message.object());
        let start = message.object_start();
        let mut text = message.text().to_owned();
        text.replace_range(start..start + masked.object.len(), &masked.object);
        Ok(Self {
            name: name.to_owned(),
            text,
            object_start: start,
            object_end: start + masked.object.len(),
            secrets: masked.secrets,
            response_path: Some(message.response_path),
            files: RefCell::default(),
        })
    }

    /// The object's text, secrets masked.
    pub(crate) fn object(&self) -> &str {
        &self.text[self.object_start..self.object_end]
    }

    /// Where answers go: for a message, where it says; otherwise nowhere.
    pub(crate) fn response_path(&self) -> &Path {
        self.response_path
            .as_deref()
            .unwrap_or(Path::new("/dev/null"))
    }

    /// What is to be built, checked against the object.
    pub(crate) fn plan(&self, coloured: bool) -> Result<CheckedPlan, Failure> {
        let directory =
            std::env::current_dir().and_then(|path| NativeWorkspace::open(&path, self.object()));
        let workspace = directory.map_err(|error| Failure::Engine(Box::new(error)))?;
        let planned = Planner::load()?.plan(self.object(), workspace)?;
        self.files.replace(planned.files);
        let plan = planned
            .result
            .map_err(|mistakes| Failure::Request(self.report(&mistakes, coloured)))?;
        self.refuse_large_secrets(coloured)?;
        let object: Object =
            serde_json::from_str(self.object()).map_err(|source| lie(source.into()))?;
        CheckedPlan::new(plan, &object).map_err(|error| lie(error.into()))
    }

    /// The planner is not shown an inline secret, so it cannot tell how long its text is.
    fn refuse_large_secrets(&self, coloured: bool) -> Result<(), Failure> {
        let too_large = |(id, text): (&String, &SecretBytes)| {
            (text.len() as u64 > SECRET_LIMIT).then(|| Diagnostic {
                code: Code::SecretTooLarge.name().to_owned(),
                severity: Code::SecretTooLarge.severity(),
                pointer: format!(
                    "/buildkit_secrets/{}/text",
                    id.replace('~', "~0").replace('/', "~1")
                ),
                place: None,
                message: format!(
                    "the text of the secret `{id}` holds more than {SECRET_LIMIT} bytes"
                ),
                help: None,
                allowed: Vec::new(),
            })
        };
        let mistakes: Vec<Diagnostic> = self.secrets.iter().filter_map(too_large).collect();
        if mistakes.is_empty() {
            return Ok(());
        }
        Err(Failure::Request(self.report(&mistakes, coloured)))
    }

    /// Every mistake that can be seen without looking at a file.
    pub(crate) fn validate(&self) -> Result<Vec<Diagnostic>, PlannerError> {
        Planner::load()?.validate(self.object())
    }

    /// Diagnostics as a person reads them; empty for none.
    pub(crate) fn report(&self, diagnostics: &[Diagnostic], coloured: bool) -> String {
        diagnostics::text(diagnostics, &self.sources(&self.files.borrow()), coloured)
    }

    /// Diagnostics as a program reads them.
    pub(crate) fn report_json(&self, diagnostics: &[Diagnostic]) -> String {
        diagnostics::json(diagnostics, &self.sources(&self.files.borrow()))
    }

    fn sources<'text>(&'text self, files: &'text BTreeMap<String, String>) -> Sources<'text> {
        Sources {
            name: &self.name,
            text: &self.text,
            object_start: self.object_start,
            files,
        }
    }
}

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`", path.display())]
struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

/// A plan that the object does not ask for: nothing was touched.
#[derive(Debug, thiserror::Error)]
#[error("the planner's answer is refused")]
struct Refused(#[source] Box<dyn std::error::Error>);

fn lie(error: Box<dyn std::error::Error>) -> Failure {
    Failure::Engine(Box::new(Refused(error)))
}

/// A message that is none, drawn like a diagnostic. Its text may hold a secret that cannot be found, so none is shown
/// but the line's number.
fn malformed(name: &str, error: &MalformedMessage, text: &str, coloured: bool) -> Failure {
    let offset = u32::try_from(error.offset).unwrap_or(u32::MAX);
    let shown = inline_secrets::mask(text).object;
    let diagnostic = Diagnostic {
        code: "malformed-message".to_owned(),
        severity: Severity::Error,
        pointer: String::new(),
        place: Some(Place::Object(Span {
            start: offset,
            end: offset,
        })),
        message: error.to_string(),
        help: None,
        allowed: Vec::new(),
    };
    let files = BTreeMap::new();
    let sources = Sources {
        name,
        text: &shown,
        object_start: 0,
        files: &files,
    };
    Failure::Request(diagnostics::text(&[diagnostic], &sources, coloured))
}
