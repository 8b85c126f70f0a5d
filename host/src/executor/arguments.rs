//! Arguments of a build that its Dockerfile does not declare: they are passed over in silence, which nobody means.
//!
//! Reads: the Dockerfile. Writes: nothing. Unknown here: stages, values.
//! Source: the Dockerfile reference: `ARG`, parser directives, predefined arguments.

use std::collections::BTreeSet;

use crate::boundary::near_miss::distance;
use crate::boundary::outside::{listed, shown};
use crate::executor::opened::Opened;
use crate::executor::surroundings;
use crate::planner::checked_plan::CheckedPlan;

/// Arguments that need no declaration.
const PREDEFINED: [&str; 16] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SOURCE_DATE_EPOCH",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "SYNTAX",
];

/// A warning of each argument of a plan that its Dockerfile does not declare: all its solves have the same. Blocking.
pub(super) fn warnings(plan: &CheckedPlan, opened: &Opened) -> Vec<String> {
    let Some(solve) = plan.solves().first() else {
        return Vec::new();
    };
    let given: Vec<&str> = (solve.arguments())
        // Such a name comes from a file, and was told with its line.
        .filter(|name| !name.contains(char::is_whitespace))
        .collect();
    if given.is_empty() {
        return Vec::new();
    }
    let dockerfile = opened.dockerfile.as_ref();
    match dockerfile.and_then(surroundings::dockerfile_text) {
        Some(text) => undeclared(&given, &String::from_utf8_lossy(&text)),
        None => Vec::new(),
    }
}

/// Warnings of the names of arguments that the text of a Dockerfile does not declare: a line each for what was probably meant
/// otherwise, and one for all others.
///
/// A base image may declare more by `ONBUILD`, which is not known here: so nothing fails for it. A Dockerfile that names another
/// frontend than Docker's is not judged.
fn undeclared(given: &[&str], dockerfile: &str) -> Vec<String> {
    if has_foreign_frontend(dockerfile) {
        return Vec::new();
    }
    let declared = declared(dockerfile);
    let undeclared = (given.iter().copied())
        .filter(|name| !is_predefined(name) && !declared.contains(*name))
        .map(|name| (name, near_miss(name, &declared)));
    let (near, far): (Vec<_>, Vec<_>) = undeclared.partition(|(_, near)| near.is_some());
    let told = near.into_iter().map(|(name, near)| {
        let near = near.map_or("", String::as_str);
        let (name, near) = (shown(name), shown(near));
        format!(
            "argument `{name}` is given, and no `ARG` of the Dockerfile declares it: did you mean `{near}`?"
        )
    });
    let mut warnings: Vec<String> = told.collect();
    // A file of arguments for many Dockerfiles holds what this one does not know: a line is enough for that.
    let names: Vec<&str> = far.into_iter().map(|(name, _)| name).collect();
    match names.as_slice() {
        [] => {}
        [_] => warnings.push(format!(
            "argument {} is given, and no `ARG` of the Dockerfile declares it",
            listed(&names)
        )),
        _ => warnings.push(format!(
            "arguments {} are given, and no `ARG` of the Dockerfile declares them",
            listed(&names)
        )),
    }
    warnings
}

/// Whether an argument needs no declaration.
pub(crate) fn is_predefined(name: &str) -> bool {
    name.starts_with("BUILDKIT_")
        || PREDEFINED.contains(&name)
        || PREDEFINED.contains(&name.to_ascii_uppercase().as_str()) && name.ends_with("_proxy")
}

/// The names that `ARG` declares, whichever stage it stands in.
fn declared(dockerfile: &str) -> BTreeSet<String> {
    let mut declared = BTreeSet::new();
    for instruction in instructions(dockerfile) {
        let mut words = instruction.split_whitespace();
        let mut first = words.next().unwrap_or_default();
        if first.eq_ignore_ascii_case("ONBUILD") {
            first = words.next().unwrap_or_default();
        }
        if first.eq_ignore_ascii_case("ARG") {
            // Words of a value that holds blanks are taken as well, which does no harm.
            let names = words.map(|word| word.split('=').next().unwrap_or(word));
            declared.extend(names.map(|name| name.trim_matches(['"', '\'']).to_owned()));
        }
    }
    declared
}

/// Instructions with the lines on which they go on; lines of a heredoc count as instructions.
fn instructions(dockerfile: &str) -> Vec<String> {
    let escape = directive(dockerfile, "escape").unwrap_or("\\");
    let mut instructions = Vec::new();
    let mut current = String::new();
    for line in dockerfile.lines() {
        let line = line.trim();
        if line.starts_with('#') || (line.is_empty() && !current.is_empty()) {
            continue;
        }
        match line.strip_suffix(escape) {
            Some(begun) => {
                current.push_str(begun);
                current.push(' ');
            }
            None => {
                current.push_str(line);
                instructions.push(std::mem::take(&mut current));
            }
        }
    }
    instructions.push(current);
    instructions
}

/// The value of a parser directive: `# escape=x` among the first lines, before anything else.
fn directive<'d>(dockerfile: &'d str, name: &str) -> Option<&'d str> {
    let comments = dockerfile
        .trim_start_matches('\u{feff}')
        .lines()
        .map_while(|line| line.trim().strip_prefix('#'));
    let mut directives = comments.map_while(|comment| comment.split_once('='));
    let (_, value) = directives.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

fn has_foreign_frontend(dockerfile: &str) -> bool {
    directive(dockerfile, "syntax").is_some_and(|image| {
        let image = image.strip_prefix("docker.io/").unwrap_or(image);
        !image.starts_with("docker/dockerfile")
    })
}

/// What was probably meant by a name that is none of those declared.
pub(crate) fn near_miss<'n>(name: &str, declared: &'n BTreeSet<String>) -> Option<&'n String> {
    let near = declared
        .iter()
        .filter_map(|other| Some((distance(name, other)?, other)));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::undeclared as warnings;

    #[test]
    fn what_no_stage_declares_is_told_with_what_was_probably_meant() {
        let dockerfile =
            "ARG BASE=scratch\nFROM $BASE\n# ARG GONE\narg Version=1 \\\n  # why\n  CHANNEL\n";

        assert_eq!(
            warnings(&["BASE", "VERSION", "CHANNEL", "GONE"], dockerfile),
            [
                "argument `VERSION` is given, and no `ARG` of the Dockerfile declares it: did you mean `Version`?",
                "argument `GONE` is given, and no `ARG` of the Dockerfile declares it"
            ]
        );
    }

    #[test]
    fn what_is_like_nothing_is_told_in_one_line() {
        let names: Vec<String> = (10..30).map(|n| format!("other_{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();

        let told = warnings(&names, "FROM scratch\n");

        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("arguments `other_10`, `other_11`"));
        assert!(told[0].contains("`other_19` and 10 more are given, and no `ARG`"));
    }

    #[test]
    fn predefined_arguments_other_escapes_and_other_frontends_are_not_told() {
        let names = [
            "HTTP_PROXY",
            "no_proxy",
            "BUILDKIT_SYNTAX",
            "SOURCE_DATE_EPOCH",
            "TARGETARCH",
        ];
        assert_eq!(warnings(&names, "FROM scratch\n"), Vec::<String>::new());
        let escape = "# escape=`\nFROM a\nARG A `\n B\nONBUILD ARG C\n";
        assert_eq!(warnings(&["A", "B", "C"], escape), Vec::<String>::new());
        assert_eq!(warnings(&["A"], "# syntax=example/other\nA\n").len(), 0);
        assert_eq!(
            warnings(&["A"], "# syntax = docker/dockerfile:1\nFROM a\n").len(),
            1
        );
    }
}
