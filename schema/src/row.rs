//! What a row of the keys says, and how it is written.
//!
//! Unknown here: the rows (`key`).

use crate::object::Object;
use crate::passed::Given;

/// A key of the object.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Its place in documentation, and among the parameters of a task.
    pub place: u16,
    /// The form of its value.
    pub shape: Shape,
    /// What is judged besides.
    pub rule: Rule,
    /// Of one that must be there: how it is written where there is nothing to say.
    pub required: Option<&'static str>,
    /// The paths that it names.
    pub paths: Option<Paths>,
    /// What it becomes, where it is only passed on.
    pub passed: Option<Passed>,
    /// The parameter of a task that stands for it.
    pub parameter: Option<&'static str>,
    /// The parameter that is a build argument itself, of its own name.
    pub argument: Option<&'static str>,
    /// Parameters of which each adds to it, by what their names begin with.
    pub families: &'static [(&'static str, Member)],
    /// The form of its value, for people.
    #[cfg(feature = "json-schema")]
    pub kind: &'static str,
    /// What it means, in a line.
    #[cfg(feature = "json-schema")]
    pub help: &'static str,
}

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Flag,
    /// A string.
    Text,
    /// A list of strings.
    List,
    /// A list of strings that hold commas: in a parameter each is a line.
    Lines,
    /// A map.
    Map,
}

/// What is judged of a value beside its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing.
    Free,
    /// It is the path of a file.
    File,
    /// What a reader of its own judges.
    Own,
}

/// Paths that a key names.
#[derive(Debug, Clone, Copy)]
pub struct Paths {
    /// What the planner may know of them.
    pub access: Access,
    /// As an object has them, for the host's own reading. The component has no object.
    #[cfg(not(target_family = "wasm"))]
    pub of: fn(&Object) -> Vec<&str>,
}

/// What the planner may know of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// What stands there.
    Place,
    /// What stands there, if it is one component: a directory that the build fills.
    Output,
    /// Its text too.
    Text,
    /// What stands there, and never its text: it is a secret.
    Secret,
    /// As a secret; a socket may stand there too.
    Agent,
}

/// A key that is only passed on.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    /// The attribute of the frontend that it becomes.
    pub attribute: &'static str,
    /// What an object gives it, for the host's own reading.
    #[cfg(not(target_family = "wasm"))]
    pub of: fn(&Object) -> Given<'_>,
}

/// What a member of a family adds to its key of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// An element of a list: `NAME=VALUE`.
    Pair,
    /// An entry of a map: the path of a file.
    File,
    /// An entry of a map: the text of a secret.
    SecretText,
}

/// A key that is no more than its form.
#[cfg_attr(
    not(feature = "json-schema"),
    allow(unused_variables, reason = "what people read is for documents alone")
)]
pub(crate) const fn key(
    place: u16,
    name: &'static str,
    shape: Shape,
    kind: &'static str,
    help: &'static str,
) -> Key {
    Key {
        name,
        place,
        shape,
        rule: Rule::Free,
        required: None,
        paths: None,
        passed: None,
        parameter: None,
        argument: None,
        families: &[],
        #[cfg(feature = "json-schema")]
        kind,
        #[cfg(feature = "json-schema")]
        help,
    }
}

impl Key {
    /// With a reader of its own.
    pub(crate) const fn own(self) -> Self {
        Self {
            rule: Rule::Own,
            ..self
        }
    }

    /// The path of a file whose text is read.
    pub(crate) const fn file(self, of: fn(&Object) -> Vec<&str>) -> Self {
        Self {
            rule: Rule::File,
            ..self.names(Access::Text, of)
        }
    }

    /// Must be there; written so where there is nothing to say.
    pub(crate) const fn required(self, example: &'static str) -> Self {
        Self {
            required: Some(example),
            ..self
        }
    }

    /// Names paths.
    #[cfg_attr(
        target_family = "wasm",
        allow(unused_variables, reason = "the host's own reading")
    )]
    pub(crate) const fn names(self, access: Access, of: fn(&Object) -> Vec<&str>) -> Self {
        Self {
            paths: Some(Paths {
                access,
                #[cfg(not(target_family = "wasm"))]
                of,
            }),
            ..self
        }
    }

    /// Becomes an attribute of the frontend.
    #[cfg_attr(
        target_family = "wasm",
        allow(unused_variables, reason = "the host's own reading")
    )]
    pub(crate) const fn passed_on(
        self,
        attribute: &'static str,
        of: fn(&Object) -> Given<'_>,
    ) -> Self {
        Self {
            passed: Some(Passed {
                attribute,
                #[cfg(not(target_family = "wasm"))]
                of,
            }),
            ..self
        }
    }

    /// A task says it by a parameter.
    pub(crate) const fn parameter(self, name: &'static str) -> Self {
        Self {
            parameter: Some(name),
            ..self
        }
    }

    /// Has a build argument that is a parameter by its own name.
    pub(crate) const fn argument(self, name: &'static str) -> Self {
        Self {
            argument: Some(name),
            ..self
        }
    }

    /// A task adds to it by parameters whose names begin alike.
    pub(crate) const fn families(self, families: &'static [(&'static str, Member)]) -> Self {
        Self { families, ..self }
    }
}
