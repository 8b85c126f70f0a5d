//! Evidence that an environment is a task's: a parameter that no other program is told by, or what Concourse sets.
//!
//! Reads: the names that it is given. Writes: nothing.

use std::ffi::OsString;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(names: &[&str]) -> Option<String> {
        of(names.iter().map(OsString::from))
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
