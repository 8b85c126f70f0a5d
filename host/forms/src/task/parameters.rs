//! The parameters of an environment, as an object.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::layer_cache;

use super::variable::{self, Role, Variable};
use super::writer::Writer;
use crate::secret_name;
use crate::source::{Layer, NamedText};

/// A task's parameters as an object.
// No `Debug`: it would show secrets.
pub struct Parameters {
    json: String,
    /// Where each token of that stands: in which variable, and where in its text.
    pub(super) layer: Layer,
    pub(super) variables: Vec<Variable>,
    /// What is wrong although it can be read, or was read as nothing: mistyped names, bytes that are no text.
    pub mistakes: Vec<Diagnostic>,
}

/// Reads the parameters among the variables of an environment; others are passed over. `keeps_cache` is whether the task has a
/// directory `cache`.
///
/// ```
/// let variables = [("CONTEXT", "repository"), ("BUILD_ARG_VERSION", "1.0")];
/// let parameters = oci_image_forms::task::read(variables.map(|(name, value)| (name.into(), value.into())), false);
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
        layer: object.layer,
        variables,
        mistakes,
    }
    .forgetting_values()
}

/// Whether a variable of this name may hold the text of a secret, in whatever spelling: one that names its file, too, and one that says
/// layer caches.
#[must_use]
pub fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_of_caches = |key: &str| key.eq_ignore_ascii_case(&name);
    secret_name::is_of_parameter(&name) || layer_cache::KEYS.into_iter().any(is_of_caches)
}

impl Parameters {
    /// The object.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The text of each variable, as far as it may be shown.
    #[must_use]
    pub fn texts(&self) -> Vec<NamedText> {
        let text = |variable: &Variable| NamedText {
            name: Some(variable.path()),
            text: variable.shown(),
        };
        self.variables.iter().map(text).collect()
    }

    /// The layer of a source map from the object to those texts.
    #[must_use]
    pub fn into_layer(self) -> Layer {
        self.layer
    }

    fn forgetting_values(mut self) -> Self {
        for variable in &mut self.variables {
            variable.value = String::new();
        }
        self
    }
}
