//! `buildkit_frontends`: the frontends that a Dockerfile may choose.
//!
//! An empty list is not the same as left out: it allows none but the frontend that buildkitd has itself, and so does `none`, which
//! a parameter of a task can say too.
//! Source: BuildKit, `frontend/gateway` (it compares the names of repositories); Docker's grammar of references.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use oci_image_schema::frontend::NO_FRONTEND;

use crate::findings::quoted;
use crate::json::{Kind, Node, Text};
use crate::nearest::nearest;
use crate::reader::Reader;

/// What Dockerfiles name most.
const KNOWN: &[&str] = &["docker/dockerfile", "docker/dockerfile-upstream"];
/// How long the name of a repository may be.
const MAX_LENGTH: usize = 255;

/// The frontends that are allowed besides buildkitd's own.
#[derive(Debug)]
pub(crate) struct Frontends<'t> {
    /// The repositories; none: no other.
    pub(crate) repositories: Vec<Text<'t>>,
    /// The list.
    pub(crate) span: Span,
}

/// The repositories of a list, if all of them are sound.
pub(crate) fn frontends<'t>(
    reader: &mut Reader<'_, 't>,
    key: &str,
    node: Node<'t>,
) -> Option<Frontends<'t>> {
    if node.kind() != Kind::List {
        let _ = reader.texts(key, node);
        return None;
    }
    let mut repositories = reader.texts(key, node);
    let is_none = |text: &Text<'_>| text.as_str() == NO_FRONTEND;
    if repositories.len() == 1 && is_none(&repositories[0]) {
        repositories.clear();
    }
    let written = repositories.len();
    repositories.retain(|repository| {
        let wrong = if is_none(repository) {
            Some("it stands for no frontend at all, so it stands alone")
        } else {
            mistake(repository.as_str())
        };
        wrong.is_none_or(|wrong| {
            report(reader, repository, wrong);
            false
        })
    });
    (repositories.len() == written).then(|| Frontends {
        repositories,
        span: node.span(),
    })
}

fn report<'t>(reader: &mut Reader<'_, 't>, repository: &Text<'t>, wrong: &str) {
    let name = repository.as_str();
    let message = format!("{} is not a frontend: {wrong}", quoted(name));
    let bare = name.split_once("://").map_or(name, |(_, rest)| rest);
    let bare = bare.split_once('@').map_or(bare, |(bare, _)| bare);
    let bare = match bare.rsplit_once(':') {
        Some((bare, tag)) if !tag.contains('/') => bare,
        _ => bare,
    };
    let finding = reader
        .findings
        .report(Code::BadFrontend, repository.span(), message);
    if name == NO_FRONTEND {
        finding.help("remove it, or the others");
    } else if bare != name && mistake(bare).is_none() {
        finding.help(format!("write {}: each tag of it is allowed", quoted(bare)));
    } else if let Some(near) = nearest(bare, KNOWN) {
        finding.help(format!("did you mean `{near}`?"));
    } else {
        finding.help("write the repository of an image, as in `docker/dockerfile`");
    }
}

/// What is wrong with a text that should be the name of a repository.
pub(crate) fn mistake(name: &str) -> Option<&'static str> {
    let (first, rest) = name
        .split_once('/')
        .map_or((name, None), |(first, rest)| (first, Some(rest)));
    let is_path = |path: &str| path.split('/').all(is_component);
    let is_digest = name.len() == 64
        && name
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if name.contains("://") {
        Some("it begins with a scheme")
    } else if name.contains('@') {
        Some("it has a digest")
    } else if name
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains(':'))
    {
        Some("it has a tag")
    } else if name.len() > MAX_LENGTH || is_digest {
        Some("no repository has such a name")
    } else if is_path(name) || rest.is_some_and(|rest| is_host(first) && is_path(rest)) {
        None
    } else {
        Some("no repository has such a name")
    }
}

/// Lower-case letters and digits, with `.`, `_`, `__` or any number of `-` between.
fn is_component(component: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| is_sign(*byte));
    let separators =
        component.split(|sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit());
    ends(bytes.first())
        && ends(bytes.last())
        && separators.into_iter().all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
}

/// `host` or `host:port`, as Docker's grammar has it.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.starts_with('[') || name.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = |label: &str| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(is_sign)
    };
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let is_address = |address: &str| {
        let is_sign = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        !address.is_empty() && address.bytes().all(is_sign)
    };
    port.is_none_or(is_digits) && address.map_or_else(|| name.split('.').all(is_label), is_address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_those_that_docker_reads() {
        for sound in [
            "docker/dockerfile",
            "docker.io/docker/dockerfile",
            "dockerfile",
            "registry.example:5000/team/front-end",
            "localhost/x",
            "REGISTRY/x",
            "[::1]:5000/x",
            "a_b/c__d/e---f/g.h",
            "a_b.c/d",
        ] {
            assert_eq!(mistake(sound), None, "{sound}");
        }
        let long = "a".repeat(256);
        for (wrong, said) in [
            ("docker/dockerfile:1", "it has a tag"),
            ("docker/dockerfile:1@sha256:00", "it has a digest"),
            ("https://docker.io/x", "it begins with a scheme"),
            ("Docker/Dockerfile", "no repository has such a name"),
            ("docker/dockerfile/", "no repository has such a name"),
            ("/x", "no repository has such a name"),
            ("a//b", "no repository has such a name"),
            ("a___b", "no repository has such a name"),
            ("a.-b", "no repository has such a name"),
            ("-a/b", "no repository has such a name"),
            ("a:x/b", "no repository has such a name"),
            ("[::1/b", "no repository has such a name"),
            ("a b", "no repository has such a name"),
            ("*", "no repository has such a name"),
            (&long, "no repository has such a name"),
            (&"0".repeat(64), "no repository has such a name"),
        ] {
            assert_eq!(mistake(wrong), Some(said), "{wrong}");
        }
    }
}
