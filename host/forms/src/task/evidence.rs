//! Evidence that an environment is a task's: a parameter that no other program is told by, or what Concourse sets; and that a task is one
//! that builds an image: the image that it runs in, or such a parameter.
//!
//! Reads: the names that it is given. Writes: nothing.

use std::ffi::OsString;

use super::file::Program;
use super::variable::Role;

/// Parameters whose names other programs share: set in many a shell, they prove nothing.
const SHARED: [&str; 4] = ["DEBUG", "TARGET", "LABELS", "SOURCE_DATE_EPOCH"];

/// What Concourse itself sets for every step.
const OF_CONCOURSE: &str = "ATC_EXTERNAL_URL";

/// The first variable, in the order of the alphabet, that shows that these are the names of a task's variables.
#[must_use]
pub fn of(names: impl Iterator<Item = OsString>) -> Option<String> {
    let names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    let is_in_concourse = names.iter().any(|name| name == OF_CONCOURSE);
    let is_evidence = |name: &&String| {
        Role::exactly(name).is_some() && (is_in_concourse || !SHARED.contains(&name.as_str()))
    };
    let parameter = names.iter().filter(is_evidence).min().cloned();
    parameter.or_else(|| is_in_concourse.then(|| OF_CONCOURSE.to_owned()))
}

/// The images that run tasks of this kind, by the last part of their repositories' names.
const IMAGES: [&str; 2] = ["oci-build-task", "oci-image"];

/// Whether a repository is that of an image that runs tasks of this kind, wherever it is.
#[must_use]
pub fn is_image(repository: &str) -> bool {
    let name = repository.rsplit('/').next().unwrap_or_default();
    let name = name.split(['@', ':']).next().unwrap_or_default();
    IMAGES.contains(&name)
}

/// Whether a text names an image that runs tasks of this kind.
#[must_use]
pub fn names_image(text: &str) -> bool {
    IMAGES.iter().any(|image| text.contains(image))
}

/// Whether a task builds an image by this program, or by one that is told the same: what runs `program`, in an image of that
/// repository if it is known, with parameters of these names. A shell that calls `build` calls many a program so.
pub(crate) fn is_build<'n>(
    program: &Program,
    repository: Option<&str>,
    mut names: impl Iterator<Item = &'n str>,
) -> bool {
    let is_evidence = |name: &str| Role::exactly(name).is_some() && !SHARED.contains(&name);
    match program {
        Program::Another(_) => false,
        _ if repository.is_some_and(is_image) => true,
        Program::This => names.any(is_evidence),
        Program::Script => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(names: &[&str]) -> Option<String> {
        of(names.iter().map(OsString::from))
    }

    #[test]
    fn build_is_known_by_the_image_that_runs_it_or_by_what_it_is_told() {
        let another = Program::Another("make".to_owned());
        let is = |program, repository, names: &[&str]| {
            is_build(program, repository, names.iter().copied())
        };
        for ours in [
            "concourse/oci-build-task",
            "mirror.example:5000/a/oci-build-task:1.2",
            "registry.example/oci-image@sha256:abc",
        ] {
            assert!(is(&Program::This, Some(ours), &[]), "{ours}");
            assert!(is(&Program::Script, Some(ours), &[]), "{ours}");
            assert!(!is(&another, Some(ours), &["CONTEXT"]), "{ours}");
        }
        for others in [
            None,
            Some("a/builder"),
            Some("oci-image-resource"),
            Some(""),
        ] {
            assert!(is(&Program::This, others, &["TAG", "CONTEXT"]));
            assert!(!is(&Program::This, others, &["TARGET", "DEBUG"]));
            assert!(!is(&Program::Script, others, &["CONTEXT"]));
        }
    }

    #[test]
    fn parameters_are_evidence_and_what_other_programs_are_told_by_is_not() {
        for name in ["CONTEXT", "UNPACK_ROOTFS", "BUILD_ARG_x", "IMAGE_ARG_base"] {
            assert_eq!(evidence(&["PATH", name]).as_deref(), Some(name));
        }
        assert_eq!(
            evidence(&["PATH", "DEBUG", "TARGET", "context", "debug", "LABELS"]),
            None
        );
        for (others, shown) in [("TARGET", "TARGET"), ("HOME", "ATC_EXTERNAL_URL")] {
            assert_eq!(
                evidence(&["ATC_EXTERNAL_URL", others]).as_deref(),
                Some(shown)
            );
        }
    }
}
