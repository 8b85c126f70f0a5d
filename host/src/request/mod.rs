//! A request: where it comes from, in JSON, YAML or a task's parameters, and its text without secrets.
//!
//! Texts of inline secrets are taken out at once: nothing after this sees them, neither the planner nor an excerpt.
//!
//! - `stream`: what it comes on, which may stay silent.
//! - `shape`: whether a text is a message, an object, or something else.
//! - `ignore_file`: what a context says of itself, which the planner is not asked about.
//! - `written`: how the object is written, and where in that its parts stand.
//! - `unread`: a text that is no request.
//! - `concealed`: the paths of secrets, which may be the text itself.
//!
//! Reads: standard input, a file, the environment; through the planner's workspace, the files that the object names.

mod concealed;
mod ignore_file;
mod shape;
pub(crate) mod stream;
#[cfg(test)]
mod tests;
mod unread;
mod written;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use oci_image::boundary::cancel::Cancel;
use oci_image::diagnostics::Report;
use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::inline_secrets::{self, Hidden, SecretBytes};
use oci_image::planner::workspace::{NativeWorkspace, SECRET_LIMIT};
use oci_image::planner::{Planner, PlannerError};
use oci_image::protocol::{self, Message, ProtocolError};
use oci_image::task::file::{Kind, TaskFile};
use oci_image::task::{self, Parameters};
use oci_image::yaml::{self, Dialect};
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Severity};

use crate::cli::Format;
use crate::environment::Environment;
use crate::failure::Failure;

use self::concealed::{conceal, secret_place};
use self::stream::{Stream, Wait};
use self::unread::Unread;
use self::written::Written;

/// What was asked for, its secrets apart.
pub(crate) struct Request {
    name: String,
    /// The whole text, secrets masked.
    text: String,
    object: Written,
    /// What of it nobody is shown.
    hidden: Hidden,
    /// The texts of inline secrets, by id.
    pub(crate) secrets: BTreeMap<String, SecretBytes>,
    /// Where answers go, if it was a message.
    pub(crate) response_path: Option<PathBuf>,
    /// Texts of the files that the planner read.
    files: RefCell<BTreeMap<String, String>>,
}

impl Request {
    /// The message on standard input.
    pub(crate) fn message(wait: Wait<'_>) -> Result<Self, Failure> {
        Ok(Self::of_message(STDIN.to_owned(), stdin(wait)?)?)
    }

    /// The message on standard input; an object alone is one that nobody wants to be answered.
    pub(crate) fn message_or_object(wait: Wait<'_>) -> Result<Self, Failure> {
        Ok(Self::of_either(stdin(wait)?)?)
    }

    /// The same; where there is none, what the parameters of a task describe.
    // A prototype is always sent a message. A task of Concourse has a terminal as standard input, on which nothing ever comes and
    // which never ends, so it is not even looked at.
    pub(crate) fn message_or_task(
        directory: Option<&Path>,
        wait: Wait<'_>,
    ) -> Result<Self, Failure> {
        if io::stdin().is_terminal() {
            return Ok(Self::task(wait.environment, directory));
        }
        match stdin(wait) {
            Err(ProtocolError::Empty) => Ok(Self::task(wait.environment, directory)),
            text => Ok(Self::of_either(text?)?),
        }
    }

    fn of_either(text: String) -> Result<Self, Unread> {
        if shape::is_object(&text) {
            return Ok(Self::of_object(STDIN.to_owned(), &text));
        }
        Self::of_message(STDIN.to_owned(), text)
    }

    /// What the parameters of a task describe, in a directory or the working one.
    pub(crate) fn task(environment: &Environment, directory: Option<&Path>) -> Self {
        let keeps_cache = directory.unwrap_or(Path::new(".")).join("cache").is_dir();
        Self::of_parameters(task::read(environment.variables(), keeps_cache))
    }

    fn of_parameters(mut parameters: Parameters) -> Self {
        let hidden = Hidden::of(parameters.json());
        let masked = inline_secrets::mask(parameters.json());
        parameters.keep_masked(masked.object);
        Self {
            name: ENVIRONMENT.to_owned(),
            text: String::new(),
            object: Written::Task(parameters),
            hidden,
            secrets: masked.secrets,
            response_path: None,
            files: RefCell::default(),
        }
    }

    /// What a file, or for `-` standard input, holds: an object, or a message.
    pub(crate) fn read(
        path: &Path,
        format: Option<Format>,
        wait: Wait<'_>,
    ) -> Result<Self, Unread> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin {
            STDIN.to_owned()
        } else {
            path.display().to_string()
        };
        let read = if is_stdin {
            stdin(wait)
        } else {
            stream::open(path)
                .map_err(ProtocolError::Read)
                .and_then(|file| protocol::read_text(Stream::new(file.as_fd(), &name, wait)))
        };
        let text = read.map_err(|error| unread::unreadable(&name, &error))?;
        let format = format.unwrap_or_else(|| shape::format_of(path, &text));
        Self::of_text(name, text, format)
    }

    fn of_text(name: String, text: String, format: Format) -> Result<Self, Unread> {
        let is_stdin = name == STDIN;
        match format {
            Format::Yaml if shape::is_dockerfile(&text) => Err(unread::dockerfile(name, text)),
            Format::Yaml => Self::of_yaml(name, &text),
            Format::Json if is_stdin && shape::is_message(&text) => Self::of_message(name, text),
            Format::Json if shape::is_message_alone(&text) => Self::of_message(name, text),
            // As Concourse reads them: JSON is YAML to it.
            Format::Json if Kind::of(&text) != Kind::Object => Self::of_yaml(name, &text),
            Format::Json => Ok(Self::of_object(name, &text)),
        }
    }

    fn of_object(name: String, text: &str) -> Self {
        let masked = inline_secrets::mask(text);
        let object = Written::Json {
            start: 0,
            end: masked.object.len(),
        };
        Self {
            name,
            object,
            hidden: Hidden::of(text),
            text: masked.object,
            secrets: masked.secrets,
            response_path: None,
            files: RefCell::default(),
        }
    }

    fn of_yaml(name: String, text: &str) -> Result<Self, Unread> {
        let read = |dialect| {
            yaml::read(text, dialect)
                .map_err(|mistakes| unread::of_yaml(name.clone(), text, mistakes))
        };
        let mut document = read(Dialect::Core)?;
        match Kind::of(document.json()) {
            Kind::Pipeline => return Err(unread::pipeline(name)),
            Kind::Task => {
                let document = read(Dialect::Concourse)?;
                let written = |part| document.plain_scalar(text, part);
                if let Some(task) = TaskFile::read(document.json(), &written) {
                    return Ok(Self::of_task_file(name, text, document, task));
                }
            }
            Kind::Object => {}
        }
        if shape::is_message_alone(document.json()) {
            let text = document.mask(text, &inline_secrets::shown(document.json()));
            return Err(unread::message_in_yaml(name, text));
        }
        let hidden = Hidden::of(document.json());
        let masked = inline_secrets::mask(document.json());
        let text = document.mask(text, &masked.object);
        document.keep_masked(masked.object);
        Ok(Self {
            name,
            text,
            object: Written::Yaml(document),
            hidden,
            secrets: masked.secrets,
            response_path: None,
            files: RefCell::default(),
        })
    }

    fn of_task_file(
        name: String,
        text: &str,
        mut document: yaml::Document,
        mut task: TaskFile,
    ) -> Self {
        let mut hidden = Hidden::of(document.json());
        task.hidden(document.json())
            .for_each(|text| hidden.add(text));
        let file = task.mask(inline_secrets::shown(document.json()));
        let text = document.mask(text, &file);
        document.keep_masked(file);
        let masked = inline_secrets::mask(task.json());
        task.keep_masked(masked.object);
        Self {
            name,
            text,
            object: Written::TaskFile(document, Box::new(task)),
            hidden,
            secrets: masked.secrets,
            response_path: None,
            files: RefCell::default(),
        }
    }

    /// Makes a mistake of what only Concourse can fill in.
    pub(crate) fn refuse_variables(&mut self) {
        self.object.refuse_variables();
    }

    fn of_message(name: String, text: String) -> Result<Self, Unread> {
        let message = Message::parse(text)
            .map_err(|(error, text)| unread::unparsed(name.clone(), &error, &text))?;
        let hidden = Hidden::of(message.text());
        let masked = inline_secrets::mask(message.object());
        let start = message.object_start();
        let end = start + masked.object.len();
        let mut text = message.text().to_owned();
        text.replace_range(start..end, &masked.object);
        Ok(Self {
            name,
            text,
            object: Written::Json { start, end },
            hidden,
            secrets: masked.secrets,
            response_path: Some(message.response_path),
            files: RefCell::default(),
        })
    }

    /// The object in JSON, secrets masked.
    pub(crate) fn object(&self) -> &str {
        self.object.json(&self.text)
    }

    /// Where answers go: for a message, where it says; otherwise nowhere.
    pub(crate) fn response_path(&self) -> &Path {
        self.response_path
            .as_deref()
            .unwrap_or(Path::new("/dev/null"))
    }

    /// What is to be built, checked against the object.
    pub(crate) fn plan(&self, cancel: &Cancel) -> Result<CheckedPlan, Failure> {
        let refuse = |mistakes| Failure::Request(Box::new(self.report(mistakes)));
        let directory =
            std::env::current_dir().and_then(|path| NativeWorkspace::open(&path, self.object()));
        let workspace = directory.map_err(|error| Failure::Engine(Box::new(error)))?;
        let planner = Planner::load()?.cancelled_by(cancel);
        let planned = planner.plan(self.object(), workspace)?;
        self.files.replace(planned.files);
        let plan = planned.result.map_err(refuse)?;
        let mistakes: Vec<Diagnostic> = self.large_secrets().collect();
        let is_error = |mistake: &Diagnostic| mistake.severity == Severity::Error;
        if !mistakes.is_empty() || self.object.mistakes().any(is_error) {
            return Err(refuse(mistakes));
        }
        let mistakes: Vec<Diagnostic> = ignore_file::mistakes(&plan).collect();
        if mistakes.is_empty() {
            Ok(plan)
        } else {
            Err(refuse(mistakes))
        }
    }

    /// The planner is not shown an inline secret, so it cannot tell how long its text is.
    fn large_secrets(&self) -> impl Iterator<Item = Diagnostic> {
        let large = |(_, text): &(&String, &SecretBytes)| text.len() as u64 > SECRET_LIMIT;
        self.secrets.iter().filter(large).map(|(id, _)| {
            let message =
                format!("the text of the secret `{id}` holds more than {SECRET_LIMIT} bytes");
            let help = "mount a large file by a context input, and the key to it as a secret";
            Diagnostic {
                pointer: format!(
                    "/buildkit_secrets/{}/text",
                    id.replace('~', "~0").replace('/', "~1")
                ),
                ..Diagnostic::new(Code::SecretTooLarge, message).help(help)
            }
        })
    }

    /// Remarks on what is built all the same, if there are any.
    pub(crate) fn remarks(&self, plan: &CheckedPlan) -> Option<Report> {
        let are_none = plan.warnings().is_empty() && self.object.mistakes().next().is_none();
        (!are_none).then(|| self.report(plan.warnings().to_vec()))
    }

    /// Every mistake that can be seen without looking at a file.
    pub(crate) fn validate(&self, cancel: &Cancel) -> Result<Report, PlannerError> {
        if !self.object.is_judged() {
            return Ok(self.report(Vec::new()));
        }
        let planner = Planner::load()?.cancelled_by(cancel);
        let mut found = planner.validate(self.object())?;
        found.extend(self.large_secrets());
        Ok(self.report(found))
    }

    /// Every mistake and remark, those about the files that the object names included. While something is left open, nobody knows
    /// which files those are.
    pub(crate) fn validate_with_files(&self, cancel: &Cancel) -> Result<Report, Failure> {
        if self.object.has_variables() || !self.object.is_judged() {
            return Ok(self.validate(cancel)?);
        }
        match self.plan(cancel) {
            Ok(plan) => Ok(self.report(plan.warnings().to_vec())),
            Err(Failure::Request(report)) => Ok(*report),
            Err(failure) => Err(failure),
        }
    }

    /// What the planner said, at its places in the text that the user wrote, beside what was found on the way to the planner.
    pub(crate) fn report(&self, diagnostics: Vec<Diagnostic>) -> Report {
        let mut files = self.files.borrow().clone();
        files.extend(self.object.texts());
        let mut diagnostics = self.object.in_text(&self.text, diagnostics);
        diagnostics
            .iter_mut()
            .for_each(|one| self.hidden.conceal(one));
        let mut text = self.object.shown(&self.text);
        for place in diagnostics.iter().filter_map(secret_place) {
            conceal(&mut text, self.object.start(), place);
        }
        Report {
            name: self.name.clone(),
            text,
            object_start: self.object.start(),
            files,
            diagnostics,
        }
    }
}

/// What standard input is called.
const STDIN: &str = "<stdin>";
/// What the environment is called.
const ENVIRONMENT: &str = "<environment>";

/// The text on standard input.
fn stdin(wait: Wait<'_>) -> Result<String, ProtocolError> {
    let stdin = io::stdin();
    protocol::read_text(Stream::new(stdin.as_fd(), STDIN, wait))
}
