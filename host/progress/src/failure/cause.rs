//! The cause of a failure: the daemon's message without the chain of layers that it came through.
//!
//! What is removed says only who passed the message on; the innermost cause, at the end, is always kept.
//!
//! Reads, writes: nothing. Unknown here: steps, source files.
//! Source: BuildKit, `client/solve.go`, `solver/edge.go`, `solver/llbsolver/ops/opsutils/contenthash.go`,
//! `client/llb/sourceresolver`: the prefixes.

use crate::failure::layer_cache::CacheFailure;
use crate::failure::registry::{registry_hint, registry_of, says_refused};
use crate::line::one_line;
use oci_image_buildkit::registry::NO_TOKEN;

/// The longest message in characters; of a longer one the midst is cut.
const LONGEST: usize = 2000;
/// The same of a message about a process, whose arguments can be a whole script: its lines are shown below.
const LONGEST_OF_PROCESS: usize = 300;
/// How such a message begins.
const PROCESS: &str = "process \"";

/// How the daemon begins to say that a name is no reference of an image.
const BAD_REFERENCE: &str = "invalid reference format";
/// How the daemon says that a frontend is not allowed.
const FORBIDDEN: &str = "' is not an allowed gateway source";
/// Where it says that an argument names the frontend.
const BY_ARGUMENT: &str = "build-arg:BUILDKIT_SYNTAX";
/// How it says that it runs none but its own.
const NO_GATEWAY: &str = "invalid frontend: gateway.v0";

/// What went wrong, as far as the message tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// A path that a COPY, an ADD or a bind mount names is not there.
    MissingPath {
        path: String,
        message: String,
    },
    /// A base image could not be looked up.
    BaseImage {
        reference: String,
        reason: String,
    },
    /// The frontend that a Dockerfile or an argument names could not be looked up.
    Frontend {
        reference: String,
        reason: String,
        named: FrontendName,
    },
    /// The frontend that a Dockerfile or an argument names is none of those that are allowed.
    ForbiddenFrontend {
        /// Absent where none is allowed at all: then the daemon does not say which it was.
        reference: Option<String>,
        named: FrontendName,
    },
    /// A step must have a secret that was not given.
    Secret {
        id: String,
    },
    /// A layer cache could not be written.
    LayerCache(CacheFailure),
    Other(String),
}

/// Where a frontend is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrontendName {
    /// By the directive `syntax` of the Dockerfile.
    Directive,
    /// By the argument `BUILDKIT_SYNTAX`.
    Argument,
}

impl FrontendName {
    fn clause(self) -> &'static str {
        match self {
            Self::Directive => "which the Dockerfile names by `syntax`",
            Self::Argument => "which the argument `BUILDKIT_SYNTAX` names",
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Directive => "line",
            Self::Argument => "argument",
        }
    }
}

impl Cause {
    pub(super) fn of(message: &str) -> Self {
        let message = without_chain(&one_line(message));
        if let Some(id) = missing_secret(&message) {
            return Self::Secret { id };
        }
        if let Some(path) = missing_path(&message) {
            return Self::MissingPath { path, message };
        }
        if let Some(cause) = forbidden_frontend(&message) {
            return cause;
        }
        if let Some(failure) = CacheFailure::of_settings(&message) {
            return Self::LayerCache(failure);
        }
        match base_image(&message) {
            Some((reference, reason)) => Self::BaseImage { reference, reason },
            None => Self::Other(message),
        }
    }

    /// The same where an image was looked up: what comes back from our own side of the session has lost its name.
    pub(super) fn of_lookup(self, reference: &str) -> Self {
        match self {
            Self::Other(reason) if reason.starts_with(NO_TOKEN) => Self::BaseImage {
                reference: reference.to_owned(),
                reason,
            },
            cause => cause,
        }
    }

    /// The same in a step of this name, if that writes a layer cache.
    pub(super) fn of_step(self, name: &str) -> Self {
        match self {
            Self::Other(reason) => match CacheFailure::of_step(name, &reason) {
                Some(failure) => Self::LayerCache(failure),
                None => Self::Other(reason),
            },
            cause => cause,
        }
    }

    /// The same where it was a Dockerfile's frontend that was looked up, and no base image.
    pub(super) fn of_frontend(self, named: FrontendName) -> Self {
        let (reference, reason) = match self {
            Self::BaseImage { reference, reason } => (reference, reason),
            Self::Other(message) => match bad_reference(&message) {
                Some((reference, reason)) => (reference.to_owned(), reason.to_owned()),
                None => return Self::Other(message),
            },
            cause => return cause,
        };
        Self::Frontend {
            reference,
            reason,
            named,
        }
    }

    /// One line for a person.
    pub(super) fn headline(&self) -> String {
        match self {
            Self::MissingPath { message, .. } => cut_midst(message),
            Self::BaseImage { reference, reason } => cut_midst(&format!(
                "cannot resolve the base image `{reference}`: {reason}"
            )),
            Self::Frontend {
                reference,
                reason,
                named,
            } => cut_midst(&format!(
                "cannot resolve the frontend `{reference}`, {}: {reason}",
                named.clause()
            )),
            Self::ForbiddenFrontend {
                reference: Some(reference),
                named,
            } => cut_midst(&format!(
                "the frontend `{reference}`, {}, is not allowed",
                named.clause()
            )),
            Self::ForbiddenFrontend {
                reference: None,
                named,
            } => format!(
                "no frontend is allowed but buildkitd's own, and not that {}",
                named.clause()
            ),
            Self::Secret { id } => format!("secret `{id}` is mounted, and was not given"),
            Self::LayerCache(failure) => cut_midst(&failure.headline()),
            Self::Other(message) if message.is_empty() => "the daemon gives no reason".to_owned(),
            Self::Other(message) => cut_midst(message),
        }
    }

    /// Whether a registry wants a login, or another one than it was given.
    pub(super) fn wants_login(&self) -> bool {
        match self {
            Self::BaseImage { reason, .. } | Self::Frontend { reason, .. } => {
                says_refused(&reason.to_lowercase())
            }
            Self::LayerCache(failure) => failure.is_login_of_registry(),
            _ => false,
        }
    }

    /// What a person may do about a frontend that is not allowed.
    pub(super) fn frontend_hint(&self) -> Option<String> {
        let Self::ForbiddenFrontend { reference, named } = self else {
            return None;
        };
        let repository = reference.as_deref().map_or_else(
            || "its repository".to_owned(),
            |reference| format!("`{}`", repository_of(reference)),
        );
        Some(format!(
            "list {repository} in `buildkit_frontends` (in a task: `BUILDKIT_FRONTENDS`); without that {} buildkitd's own \
             frontend is used",
            named.place()
        ))
    }

    /// What a person may do about a registry that did not give what was wanted of it.
    pub(super) fn registry_hint(&self) -> Option<String> {
        match self {
            Self::BaseImage { reference, reason } => {
                Some(registry_hint(registry_of(reference), reason))
            }
            Self::Frontend {
                reference,
                reason,
                named,
            } => {
                let own = format!(
                    "without that {} buildkitd's own frontend is used, which needs no registry",
                    named.place()
                );
                // What is no reference was asked of no registry.
                Some(if reason.starts_with(BAD_REFERENCE) {
                    own
                } else {
                    format!(
                        "{own}; else {}",
                        registry_hint(registry_of(reference), reason)
                    )
                })
            }
            _ => None,
        }
    }
}

fn without_chain(message: &str) -> String {
    let mut message = without_codes(message);
    while let Some(rest) = strip_layer(&message) {
        message = rest.to_owned();
    }
    in_layer(&message).unwrap_or(message)
}

/// A layer that does not unpack, with paths as they are in the image: the daemon mounts it at a place of its own.
fn in_layer(message: &str) -> Option<String> {
    let (_, failure) = message.split_once("mount callback failed on ")?;
    let (place, reason) = failure.split_once(": ")?;
    let reason = reason.replace(&format!("{place}/"), "/");
    Some(format!("a layer cannot be unpacked: {reason}"))
}

/// Removes every `rpc error: code = X desc = `: gRPC's wrapping, wherever it stands.
fn without_codes(message: &str) -> String {
    let mut kept = String::new();
    let mut rest = message;
    while let Some(start) = rest.find("rpc error: code = ") {
        let wrapped = &rest[start..];
        let Some((_, text)) = wrapped.split_once(" desc = ") else {
            break;
        };
        kept.push_str(&rest[..start]);
        rest = text;
    }
    kept + rest
}

fn strip_layer(message: &str) -> Option<&str> {
    const LAYERS: [&str; 3] = [
        "failed to solve: ",
        "failed to compute cache key: ",
        "failed to load cache key: ",
    ];
    let rest = LAYERS
        .iter()
        .find_map(|layer| message.strip_prefix(layer))
        .or_else(|| {
            let checksum = message.strip_prefix("failed to calculate checksum of ref ")?;
            checksum.split_once(": ").map(|(_, rest)| rest)
        })?;
    (!rest.is_empty()).then_some(rest)
}

/// The path of `"/src/main.c": not found`.
fn missing_path(message: &str) -> Option<String> {
    // Of a pattern, the directory that it begins with is looked up.
    if let Some(looked_up) = message.strip_prefix("lstat /") {
        let path = looked_up.strip_suffix(": no such file or directory")?;
        return Some(format!("/{path}"));
    }
    let quoted = message.strip_suffix(": not found")?;
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    // Go quotes nearly as JSON does; what it quotes otherwise stays as it is.
    Some(serde_json::from_str(quoted).unwrap_or_else(|_| inner.to_owned()))
}

/// The id of `secret deploy: not found`.
fn missing_secret(message: &str) -> Option<String> {
    let id = message
        .strip_prefix("secret ")?
        .strip_suffix(": not found")?;
    Some(id.to_owned())
}

/// The name and the defect of `invalid context name X: invalid reference format: ...`.
fn bad_reference(message: &str) -> Option<(&str, &str)> {
    let named = message.strip_prefix("invalid context name ")?;
    let (reference, reason) = named.split_once(": ")?;
    reason
        .starts_with(BAD_REFERENCE)
        .then_some((reference, reason))
}

/// What the daemon says of a frontend that is not allowed.
fn forbidden_frontend(message: &str) -> Option<Cause> {
    let reference = if message.ends_with(NO_GATEWAY) {
        None
    } else {
        let (_, reference) = message.strip_suffix(FORBIDDEN)?.rsplit_once('\'')?;
        Some(reference.to_owned())
    };
    let named = if message.contains(BY_ARGUMENT) {
        FrontendName::Argument
    } else {
        FrontendName::Directive
    };
    Some(Cause::ForbiddenFrontend { reference, named })
}

/// A reference without its tag and digest.
fn repository_of(reference: &str) -> &str {
    let named = reference.split('@').next().unwrap_or(reference);
    match named.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => named,
    }
}

fn base_image(message: &str) -> Option<(String, String)> {
    let (_, found) = message.split_once("failed to resolve source metadata for ")?;
    let (reference, reason) = found.split_once(": ")?;
    Some((reference.to_owned(), reason.to_owned()))
}

/// The beginning and the end of a long text: the cause is at the end.
fn cut_midst(text: &str) -> String {
    let longest = if text.starts_with(PROCESS) {
        LONGEST_OF_PROCESS
    } else {
        LONGEST
    };
    let count = text.chars().count();
    if count <= longest {
        return text.to_owned();
    }
    let head: String = text.chars().take(longest / 2).collect();
    let tail: String = text.chars().skip(count - longest / 2).collect();
    format!("{head} ... {tail}")
}

#[cfg(test)]
mod tests;
