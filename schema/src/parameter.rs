//! The parameters of a task: variables of the environment, and the keys of the object that they stand for.
//!
//! What the object says beyond them, a task says in its own form: the output is `image`, the cache is kept where the task has a
//! directory `cache`, and inputs below the context are inputs of the task. A parameter that is empty counts as left out,
//! and so does an empty path of a family.
//!
//! Source: `oci-build-task` at 92a783b, its README and what it reads; Go's `strconv.ParseBool`.

/// How a parameter's text stands for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It is the value.
    Text,
    /// One of [`TRUE`] or [`FALSE`].
    Flag,
    /// Elements with commas and white space between.
    List,
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
pub const PARAMETERS: &[Parameter] = &[
    parameter("CONTEXT", "context", Form::Text),
    parameter("DOCKERFILE", "dockerfile", Form::Text),
    parameter("TARGET", "target", Form::Text),
    parameter("TARGET_FILE", "target_file", Form::Text),
    parameter("ADDITIONAL_TARGETS", "additional_targets", Form::List),
    parameter("SOURCE_DATE_EPOCH", "build_args", Form::Argument),
    parameter("BUILD_ARGS", "build_args", Form::List),
    parameter("BUILD_ARGS_FILE", "build_args_file", Form::Text),
    parameter("LABELS", "labels", Form::List),
    parameter("LABELS_FILE", "labels_file", Form::Text),
    parameter("IMAGE_ARGS", "image_args", Form::List),
    parameter("IMAGE_PLATFORM", "image_platform", Form::Text),
    parameter("OUTPUT_OCI", "output_oci", Form::Flag),
    parameter("UNPACK_ROOTFS", "unpack_rootfs", Form::Flag),
    parameter("REGISTRY_MIRRORS", "registry_mirrors", Form::List),
    parameter("BUILDKIT_ADD_HOSTS", "add_hosts", Form::Text),
    parameter("BUILDKIT_SSH", "buildkit_ssh", Form::Text),
    parameter("BUILDKIT_FRONTENDS", "buildkit_frontends", Form::List),
    parameter("BUILDKIT_EXTRA_CONFIG", "buildkit_extra_config", Form::Text),
    parameter("DEBUG", "debug", Form::Flag),
];

/// The families, in the same order. Their names count as they are written.
pub const FAMILIES: &[Family] = &[
    family("BUILD_ARG_", "build_args", Member::Pair),
    family("LABEL_", "labels", Member::Pair),
    family("IMAGE_ARG_", "image_args", Member::Pair),
    family("BUILDKIT_SECRET_", "buildkit_secrets", Member::File),
    family(
        "BUILDKIT_SECRETTEXT_",
        "buildkit_secrets",
        Member::SecretText,
    ),
];

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
    ("TMPDIR", "Directory of temporary files."),
    ("NO_COLOR", "Anything but nothing: no colours."),
    ("CLICOLOR_FORCE", "Anything but nothing and `0`: colours."),
];

/// The words for yes.
pub const TRUE: &[&str] = &["true", "True", "TRUE", "t", "T", "1"];
/// The words for no.
pub const FALSE: &[&str] = &["false", "False", "FALSE", "f", "F", "0"];

const fn parameter(name: &'static str, key: &'static str, form: Form) -> Parameter {
    Parameter { name, key, form }
}

const fn family(prefix: &'static str, key: &'static str, member: Member) -> Family {
    Family {
        prefix,
        key,
        member,
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
        let key = self.key;
        key == "context" || key == "dockerfile" || key.ends_with("_file")
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
