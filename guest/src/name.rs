//! Names that become directories, and paths: outputs, inputs, targets, files.
//!
//! A name is one path component, because Concourse joins it to a path: `..` or `/` in it would leave the place that is meant.
//! Source: `behaviour` of the reference's `config`; BuildKit's rule for the names of stages.

use oci_image_schema::code::Code;

use crate::findings::{Findings, Origin, quoted};
use crate::json::Text;

/// Directories with another use: the final image, the cache.
pub(crate) const RESERVED: &[&str] = &["image", "cache"];

/// The name of an input or output: one path component.
pub(crate) fn artifact<'t>(
    findings: &mut Findings<'t>,
    what: &str,
    name: Text<'t>,
) -> Option<Text<'t>> {
    let wrong = component_mistake(name.as_str());
    if let Some(wrong) = wrong {
        let message = format!(
            "{} is not the name of {what}: {wrong}",
            quoted(name.as_str())
        );
        findings
            .report(Code::BadName, name.span(), message)
            .help("use one path component, as in `app-image`");
        return None;
    }
    Some(name)
}

fn component_mistake(name: &str) -> Option<&'static str> {
    if name.starts_with('/') {
        Some("it is an absolute path")
    } else if name.split('/').any(|component| component == "..") {
        Some("`..` leaves its place")
    } else if name.contains('/') {
        Some("it is a path of several components")
    } else if name == "." {
        Some("`.` names no directory of its own")
    } else if name.contains(char::is_control) {
        Some("it holds a control character")
    } else {
        None
    }
}

/// A target: the name of a stage, or its number.
pub(crate) fn target(findings: &mut Findings<'_>, target: &str, origin: &Origin<'_, '_>) -> bool {
    let numbered = !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_digit());
    let named = target.starts_with(|character: char| character.is_ascii_alphabetic())
        && target
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if numbered || named {
        return true;
    }
    let message = match component_mistake(target) {
        Some(wrong) => format!("{} cannot be the name of a stage: {wrong}", quoted(target)),
        None => format!("{} cannot be the name of a stage", quoted(target)),
    };
    let help = "a stage's name begins with a letter, and holds letters, digits, `-`, `_` and `.`";
    origin
        .report(findings, Code::BadTarget, 0..target.len(), message)
        .help(help);
    false
}

/// Targets that are built as well, each into a directory of its name.
pub(crate) fn additional_targets<'t>(
    findings: &mut Findings<'t>,
    list: Vec<Text<'t>>,
) -> Vec<Text<'t>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut sound = Vec::new();
    for name in list {
        if !target(findings, name.as_str(), &Origin::Object(&name)) {
            continue;
        }
        if RESERVED.contains(&name.as_str()) {
            let message = format!("the directory {} has another use", quoted(name.as_str()));
            let help = "rename the stage; the image of the last stage, or of `target`, goes to `image` anyway";
            findings
                .report(Code::ReservedName, name.span(), message)
                .help(help);
        } else if seen.insert(name.as_str().to_owned()) {
            sound.push(name);
        } else {
            let message = format!("{} is listed twice", quoted(name.as_str()));
            findings
                .report(Code::RepeatedTarget, name.span(), message)
                .help("remove one of the two");
        }
    }
    sound
}

/// A path that may lead anywhere.
pub(crate) fn path<'t>(findings: &mut Findings<'t>, path: Text<'t>) -> Option<Text<'t>> {
    if let Some((at, found)) = path
        .as_str()
        .char_indices()
        .find(|(_, character)| character.is_control())
    {
        let place = path.part(&(at..at + found.len_utf8()));
        findings.report(
            Code::InvalidCharacter,
            place,
            "the path holds a control character",
        );
        return None;
    }
    Some(path)
}

/// The path of a file.
pub(crate) fn file<'t>(findings: &mut Findings<'t>, file: Text<'t>) -> Option<Text<'t>> {
    let file = path(findings, file)?;
    if is_directory(file.as_str()) {
        let message = format!("{} names a directory, not a file", quoted(file.as_str()));
        findings
            .report(Code::BadPath, file.span(), message)
            .help("add the name of the file");
        return None;
    }
    Some(file)
}

/// Whether a path can be that of a directory only.
pub(crate) fn is_directory(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    matches!(last, "" | "." | "..")
}

/// The place of a context input: relative, and below the context.
pub(crate) fn below_context<'t>(findings: &mut Findings<'t>, place: Text<'t>) -> Option<Text<'t>> {
    let place = path(findings, place)?;
    let wrong = if place.as_str().starts_with('/') {
        "it is absolute"
    } else if place.as_str().split('/').any(|component| component == "..") {
        "`..` leaves it"
    } else if normal(place.as_str()).is_empty() {
        "it is the context itself"
    } else {
        return Some(place);
    };
    let message = format!(
        "{} is not a place below the context: {wrong}",
        quoted(place.as_str())
    );
    findings
        .report(Code::InputOutsideContext, place.span(), message)
        .help("write a path relative to the context, as in `vendor/dep`");
    None
}

/// A relative path without `.` and doubled or trailing `/`.
pub(crate) fn normal(path: &str) -> String {
    let components: Vec<_> = path
        .split('/')
        .filter(|component| !matches!(*component, "" | "."))
        .collect();
    components.join("/")
}

/// `path` below `directory`, as short as the directory allows: below `.` it is the path itself.
pub(crate) fn join(directory: &str, path: &str) -> String {
    let trimmed = directory.trim_end_matches('/');
    match trimmed {
        "" => format!("/{path}"),
        "." => path.to_owned(),
        _ => format!("{trimmed}/{path}"),
    }
}

/// The directory and the name of the file at `path`.
pub(crate) fn split(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        None => (".", path),
        Some((directory, name)) => match directory.trim_end_matches('/') {
            "" => ("/", name),
            directory => (directory, name),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_joined_and_split_at_its_directory() {
        assert_eq!(join(".", "Dockerfile"), "Dockerfile");
        assert_eq!(join("app/", "Dockerfile"), "app/Dockerfile");
        assert_eq!(join("/", "Dockerfile"), "/Dockerfile");
        assert_eq!(split("Dockerfile"), (".", "Dockerfile"));
        assert_eq!(split("ci//Dockerfile"), ("ci", "Dockerfile"));
        assert_eq!(split("/Dockerfile"), ("/", "Dockerfile"));
        assert_eq!(split("./a/b"), ("./a", "b"));
    }

    #[test]
    fn a_place_is_compared_without_its_noise() {
        assert_eq!(normal("./a//b/"), "a/b");
        assert_eq!(normal("./"), "");
    }
}
