//! The parameters of a task, as the object that means the same, with the place of every value.
//!
//! A task of Concourse is told what to build by variables of its environment, as `oci-build-task` is. Here they become one object for
//! the planner, and each token of it remembers the variable that it came from: so what the planner says about an element of a
//! list is shown in the variable. A text shown is `NAME=value`, and of a secret's text only stars.
//!
//! - `file`: the same of a task file.
//! - `evidence`: whether an environment is a task's.
//! - `variable`: a variable that is a parameter, and one that was meant to be.
//! - `segment`: a token of the object, and where in a variable it stands.
//! - `writer`: variables to the object.
//!
//! Reads: what it is given. Writes: nothing. Unknown here: what a key of the object means.
//! Source: `oci_image_schema::parameter`.

pub mod evidence;
pub mod file;
mod segment;
mod variable;
mod writer;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Span};

use crate::idiom;
use crate::planner::secret_name;

use self::segment::Segment;
use self::variable::{Role, Variable};
use self::writer::Writer;

/// A task's parameters as an object.
// No `Debug`: it would show secrets.
pub struct Parameters {
    json: String,
    segments: Vec<Segment>,
    variables: Vec<Variable>,
    /// What is wrong although it can be read, or was read as nothing: mistyped names, bytes that are no text.
    pub mistakes: Vec<Diagnostic>,
}

/// Reads the parameters among the variables of an environment; others are passed over. `keeps_cache` is whether the task has a
/// directory `cache`.
///
/// ```
/// let variables = [("CONTEXT", "repository"), ("BUILD_ARG_VERSION", "1.0")];
/// let parameters = oci_image::task::read(variables.map(|(name, value)| (name.into(), value.into())), false);
/// assert_eq!(parameters.json(), r#"{"output":"image","context":"repository","build_args":["VERSION=1.0"]}"#);
/// ```
#[must_use]
pub fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    keeps_cache: bool,
) -> Parameters {
    let mut mistakes = Vec::new();
    let mut found = BTreeMap::new();
    for (name, value) in variables {
        let name = name.to_string_lossy().into_owned();
        match Role::of(&name) {
            Some(role) => {
                found.insert(name, (role, value));
            }
            None => mistakes.extend(variable::mistyped(&name)),
        }
    }
    // Upper case wins; it comes first.
    let mut seen = Vec::new();
    found.retain(|_, (role, _)| match role {
        Role::Parameter(parameter) if seen.contains(&parameter.name) => false,
        Role::Parameter(parameter) => {
            seen.push(parameter.name);
            true
        }
        Role::Member(_) => true,
    });
    let variables: Vec<Variable> = found
        .into_iter()
        .map(|(name, (role, value))| Variable::new(role, name, value, &mut mistakes))
        .filter(|variable| !variable.value.is_empty() || variable.role.may_be_empty())
        .collect();
    let mut object = Writer::default();
    object.write(&variables, keeps_cache);
    Parameters {
        json: object.json,
        segments: object.segments,
        variables,
        mistakes,
    }
    .forgetting_values()
}

/// Whether a variable of this name may hold the text of a secret, in whatever spelling: one that names its file, too.
#[must_use]
pub fn is_secret(name: &OsStr) -> bool {
    secret_name::is_of_parameter(&name.to_string_lossy())
}

impl Parameters {
    /// The object.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Forgets the JSON as it was read, and keeps `masked`, which is as long, in its place.
    pub fn keep_masked(&mut self, masked: String) {
        self.json = masked;
    }

    /// The text of each variable, as far as it may be shown, by the name that places give it: `$NAME`.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<String, String> {
        let text = |variable: &Variable| (variable.path(), variable.shown());
        self.variables.iter().map(text).collect()
    }

    /// What is said about the object, as what is said about the parameters: at their places, by their names.
    #[must_use]
    pub fn of_parameters(&self, diagnostic: Diagnostic) -> Diagnostic {
        let place = match diagnostic.place {
            Some(Place::Object(span)) => self.place(span).map(Place::File),
            place => place,
        };
        // Only of a flag: whatever else a variable holds is text, as it should be.
        if diagnostic.code == Code::WrongType.name() {
            return Diagnostic {
                place,
                message: "expected yes or no, and this is neither".to_owned(),
                help: Some("write `true` or `false`".to_owned()),
                ..diagnostic
            };
        }
        let code = &*diagnostic.code;
        Diagnostic {
            place,
            message: idiom::message_of_parameters(code, &diagnostic.message),
            help: (diagnostic.help.as_deref()).map(|help| idiom::help_of_parameters(code, help)),
            ..diagnostic
        }
    }

    /// The place of a span of the JSON, if a variable said it.
    fn place(&self, span: Span) -> Option<FilePlace> {
        let (start, end) = (span.start as usize, span.end.max(span.start + 1) as usize);
        let begins = self
            .segments
            .partition_point(|segment| segment.json.end <= start);
        let ends = self
            .segments
            .partition_point(|segment| segment.json.start < end);
        let segments = self.segments.get(begins..ends)?;
        let first = segments.first()?;
        let is_same = |segment: &&Segment| segment.variable == first.variable;
        let last = segments.iter().take_while(is_same).last().unwrap_or(first);
        let begin = first.begin(&self.json, start);
        let end = last.end(&self.json, span.end as usize).max(begin);
        Some(self.variables[first.variable].place(begin..end))
    }

    fn forgetting_values(mut self) -> Self {
        for variable in &mut self.variables {
            variable.value = String::new();
        }
        self
    }
}

#[cfg(test)]
mod tests;
