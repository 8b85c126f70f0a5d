//! The parameters of a task: variables of the environment, and the keys of the object that they stand for.
//!
//! What the object says beyond them, a task says in its own form: the output is `image`, the cache is kept where the task has a
//! directory `cache`, and inputs below the context are inputs of the task. A parameter that is empty counts as left out,
//! and so does an empty path of a family.
//!
//! Source: the rows of [`KEYS`]; `oci-build-task` at 92a783b, its README and what it reads; Go's `strconv.ParseBool`.

use crate::key::{Access, KEYS, Key, Paths, Shape};

pub use crate::key::Member;

/// How a parameter's text stands for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It is the value.
    Text,
    /// One of [`TRUE`] or [`FALSE`].
    Flag,
    /// Elements with commas and white space between.
    List,
    /// Elements that are a line each, without the white space around.
    Lines,
    /// It is the value of the build argument that has the parameter's name.
    Argument,
}

/// A parameter. Its name counts in lower case too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The variable's name.
    pub name: &'static str,
    /// The key of the object.
    pub key: &'static str,
    /// How the one stands for the other.
    pub form: Form,
}

/// Parameters whose names begin alike; the rest of a name is the user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// What the names begin with.
    pub prefix: &'static str,
    /// The key of the object.
    pub key: &'static str,
    /// What a member adds to it.
    pub member: Member,
}

/// The parameters, in the order in which documentation lists them. Of one key, the later is written later, and wins.
pub const PARAMETERS: &[Parameter] = &all_parameters();

/// The families, in the same order. Their names count as they are written.
pub const FAMILIES: &[Family] = &all_families();

/// Variables that are no parameters, and that count all the same: for this program, for the daemon, or for both; with
/// what each does.
pub const INHERITED: &[(&str, &str)] = &[
    ("HTTP_PROXY", "Proxy of the daemon for plain HTTP."),
    ("HTTPS_PROXY", "Proxy of the daemon for HTTPS."),
    ("NO_PROXY", "Hosts that the daemon reaches without a proxy."),
    ("http_proxy", "Proxy of the daemon for plain HTTP."),
    ("https_proxy", "Proxy of the daemon for HTTPS."),
    ("no_proxy", "Hosts that the daemon reaches without a proxy."),
    (
        "DOCKER_CONFIG",
        "Directory of the `config.json` that holds logins of registries.",
    ),
    (
        "DOCKER_AUTH_CONFIG",
        "Logins of registries, written as in a `config.json`; they count before those of the file.",
    ),
    (
        "SSH_AUTH_SOCK",
        "Socket of the SSH agent that `default` stands for.",
    ),
    (
        "BUILDKIT_STEP_LOG_MAX_SIZE",
        "How many bytes of a step's log are shown; `-1`: all.",
    ),
    (
        "BUILDKIT_STEP_LOG_MAX_SPEED",
        "How many bytes of a step's log are shown in a second; `-1`: all.",
    ),
    (
        "OCI_IMAGE_ROOT",
        "State of the daemon, kept as a warm cache.",
    ),
    (
        "BUILDKIT_HOST",
        "BuildKit daemons of your own, with spaces between, of which one builds; no task is privileged then.",
    ),
    (
        "OCI_IMAGE_BUILDERS",
        "File that lists such daemons, with their certificates, platforms and labels.",
    ),
    (
        "OCI_IMAGE_BUILDER_TLS",
        "Directory of the certificates for `BUILDKIT_HOST`: `ca.pem`, `cert.pem` and `key.pem`.",
    ),
    (
        "OCI_IMAGE_BUILDER_LABELS",
        "Labels that a builder of the file must have: `NAME=VALUE`, with commas between.",
    ),
    (
        "OCI_IMAGE_BUILDER_WAIT",
        "For how long builders are asked again that do not answer: `5m`.",
    ),
    (
        "OCI_IMAGE_EMULATE",
        "`true`: a builder may emulate a platform that none has by itself.",
    ),
    ("TMPDIR", "Directory of temporary files."),
    ("NO_COLOR", "Anything but nothing: no colours."),
    ("CLICOLOR_FORCE", "Anything but nothing and `0`: colours."),
];

/// The words for yes.
pub const TRUE: &[&str] = &["true", "True", "TRUE", "t", "T", "1"];
/// The words for no.
pub const FALSE: &[&str] = &["false", "False", "FALSE", "f", "F", "0"];

/// How many parameters the keys have, and how many families.
const COUNTS: (usize, usize) = {
    let (mut parameters, mut families, mut index) = (0, 0, 0);
    while index < KEYS.len() {
        parameters += KEYS[index].argument.is_some() as usize;
        parameters += KEYS[index].parameter.is_some() as usize;
        families += KEYS[index].families.len();
        index += 1;
    }
    (parameters, families)
};

const fn all_parameters() -> [Parameter; COUNTS.0] {
    let none = Parameter {
        name: "",
        key: "",
        form: Form::Text,
    };
    let (mut all, mut count) = ([none; COUNTS.0], 0);
    let mut next = first_after(0);
    while let Some(key) = next {
        if let Some(name) = key.argument {
            all[count] = parameter(name, key, Form::Argument);
            count += 1;
        }
        if let Some(name) = key.parameter {
            all[count] = parameter(name, key, form(key.shape));
            count += 1;
        }
        next = first_after(key.place);
    }
    all
}

const fn all_families() -> [Family; COUNTS.1] {
    let none = Family {
        prefix: "",
        key: "",
        member: Member::Pair,
    };
    let (mut all, mut count) = ([none; COUNTS.1], 0);
    let mut next = first_after(0);
    while let Some(key) = next {
        let mut index = 0;
        while index < key.families.len() {
            let (prefix, member) = key.families[index];
            all[count] = Family {
                prefix,
                key: key.name,
                member,
            };
            (count, index) = (count + 1, index + 1);
        }
        next = first_after(key.place);
    }
    all
}

/// The key that documentation lists after a place.
const fn first_after(place: u16) -> Option<&'static Key> {
    let (mut found, mut index): (Option<&Key>, usize) = (None, 0);
    while index < KEYS.len() {
        let key = &KEYS[index];
        let is_nearer = match found {
            Some(other) => key.place < other.place,
            None => true,
        };
        if key.place > place && is_nearer {
            found = Some(key);
        }
        index += 1;
    }
    found
}

const fn parameter(name: &'static str, key: &Key, form: Form) -> Parameter {
    Parameter {
        name,
        key: key.name,
        form,
    }
}

/// How a variable's text stands for a value of a form.
const fn form(shape: Shape) -> Form {
    match shape {
        Shape::Flag => Form::Flag,
        Shape::Text => Form::Text,
        Shape::List => Form::List,
        Shape::Lines => Form::Lines,
        Shape::Map => panic!("no parameter stands for a map"),
    }
}

/// What a flag's text says; nothing if it is none of the words.
#[must_use]
pub fn flag(text: &str) -> Option<bool> {
    if TRUE.contains(&text) {
        Some(true)
    } else {
        FALSE.contains(&text).then_some(false)
    }
}

impl Parameter {
    /// Whether it names files or directories: the path that a parameter left empty would name is none.
    #[must_use]
    pub fn is_path(self) -> bool {
        let is_shown = |paths: &Paths| matches!(paths.access, Access::Place | Access::Text);
        let key = Key::of(self.key).filter(|key| key.shape == Shape::Text);
        key.and_then(|key| key.paths)
            .is_some_and(|paths| is_shown(&paths))
    }
}

impl Family {
    /// Whether a member is the path of a file. An empty one is a place for a pipeline to fill, and counts as left out; an empty
    /// build argument, label or secret is one.
    #[must_use]
    pub fn is_path(self) -> bool {
        self.key == "image_args" || self.member == Member::File
    }
}

/// A text about the object as one about parameters: each key that stands in backticks becomes its parameter.
#[must_use]
pub fn renamed(text: &str) -> String {
    let keys = PARAMETERS
        .iter()
        .filter(|parameter| parameter.form != Form::Argument)
        .map(|parameter| (parameter.key, parameter.name.to_owned()));
    let families = FAMILIES
        .iter()
        .filter(|family| family.member == Member::File)
        .map(|family| (family.key, format!("{}...", family.prefix)));
    // Beyond the parameters, but for the daemon's own configuration.
    let registries = ("registries", "BUILDKIT_EXTRA_CONFIG".to_owned());
    keys.chain(families)
        .chain([registries])
        .fold(text.to_owned(), |text, (key, name)| {
            text.replace(&format!("`{key}`"), &format!("`{name}`"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_backticks_become_parameters_and_nothing_else_does() {
        assert_eq!(
            renamed("`target_file` wins over `target`, not over target or `targets`"),
            "`TARGET_FILE` wins over `TARGET`, not over target or `targets`"
        );
        assert_eq!(
            renamed("`build_args`, `add_hosts`"),
            "`BUILD_ARGS`, `BUILDKIT_ADD_HOSTS`"
        );
    }

    #[test]
    fn parameters_come_in_the_order_of_documentation() {
        let names: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.name).collect();
        assert_eq!(names[..2], ["CONTEXT", "DOCKERFILE"]);
        assert_eq!(names.last(), Some(&"DEBUG"));
        let prefixes: Vec<&str> = FAMILIES.iter().map(|family| family.prefix).collect();
        assert_eq!(prefixes[..2], ["BUILD_ARG_", "LABEL_"]);
        let of_args = PARAMETERS.iter().filter(|one| one.key == "build_args");
        let forms: Vec<Form> = of_args.map(|one| one.form).collect();
        assert_eq!(forms, [Form::Argument, Form::List]);
    }

    #[test]
    fn no_name_of_a_parameter_is_one_of_a_family() {
        for Parameter { name, .. } in PARAMETERS {
            let is_member = |family: &&Family| name.starts_with(family.prefix);
            assert_eq!(FAMILIES.iter().find(is_member), None, "{name}");
        }
    }

    #[test]
    fn flags_are_those_that_go_reads() {
        for word in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(flag(word), Some(true), "{word}");
        }
        for word in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(flag(word), Some(false), "{word}");
        }
        for word in ["", "yes", "tRUE", " true"] {
            assert_eq!(flag(word), None, "{word}");
        }
    }
}
