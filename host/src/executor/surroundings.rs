//! What surrounds a failed solve: its context, the patterns that leave parts of it out, the secrets that were given.
//!
//! Only looked at once a solve has failed. What stands in the context leads nowhere outside of it.
//!
//! Reads: the context, and the `.dockerignore` that counts for it. Writes: nothing. Unknown here: what a person is told.
//! Source: BuildKit, `frontend/dockerui`: which file counts.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use oci_image_schema::plan::Solve;

use crate::boundary::handle::Directory;
use crate::boundary::outside::shown;
use crate::boundary::regular_file;
use crate::buildkit::context::{Inherited, Matcher, Root, is_well_formed, rules};
use crate::buildkit::failure::{LineRange, SolveFailure, Source};
use crate::executor::context;
use crate::executor::dockerfile::{Dockerfile, IGNORE_LIST, lower_case, own_ignore_list};
use crate::executor::opened::Opened;
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::ContextName;

/// How much of a file is read: a list of patterns, the first line of a script.
const MOST_BYTES: u64 = 1 << 20;
const LONGEST_LINE: u64 = 4096;
/// What the daemon says of a pattern that it cannot read.
const MALFORMED: [&str; 2] = [
    "syntax error in pattern",
    "illegal exclusion pattern: \"!\"",
];

/// What is known of a solve beyond what the daemon says of it.
pub(super) struct Surroundings {
    context: Option<Directory>,
    ignored: Option<Ignored>,
    /// The ids of the secrets that were given.
    pub(super) secrets: Vec<String>,
}

/// A list of what is left out of a context.
struct Ignored {
    /// The file, as a person knows it.
    name: String,
    text: Vec<u8>,
    /// Each pattern with its line.
    rules: Vec<(u32, Vec<u8>)>,
    /// `None` if one of them is malformed.
    matcher: Option<Matcher>,
}

impl Surroundings {
    /// Those of a solve. Blocking.
    pub(super) fn of(plan: &CheckedPlan, solve: &Solve, opened: &Opened) -> Self {
        let secrets = plan.secrets().iter().map(|secret| secret.id.clone());
        Self::new(
            opened.local(solve, "context").cloned(),
            opened.dockerfile.as_ref(),
            secrets.collect(),
        )
    }

    fn new(
        context: Option<Directory>,
        dockerfile: Option<&Dockerfile>,
        secrets: Vec<String>,
    ) -> Self {
        let own = dockerfile.and_then(|Dockerfile { directory, name }| {
            Ignored::read(directory, &own_ignore_list(name))
        });
        let of_context = || Ignored::read(context.as_ref()?, IGNORE_LIST);
        Self {
            ignored: own.or_else(of_context),
            context,
            secrets,
        }
    }

    /// The names in a directory of the context.
    pub(super) fn names(&self, directory: &str) -> Vec<ContextName> {
        let Some(context) = &self.context else {
            return Vec::new();
        };
        // Where a link leads counts, and the link itself: neither may be left out.
        let real = context::real(context, directory);
        let is_link = real.is_some_and(|real| real != Path::new(directory.trim_matches('/')));
        let is_left_out = is_link && self.rule(directory).is_some();
        context::names(context, directory, |path| {
            is_left_out || self.rule(&path.to_string_lossy()).is_some()
        })
    }

    /// Which line keeps a path from the daemon.
    pub(super) fn excluding(&self, path: &str) -> Option<String> {
        let real = || context::real(self.context.as_ref()?, path);
        let of_real = || self.rule(&real()?.to_string_lossy());
        let (line, pattern) = self.rule(path).or_else(of_real)?;
        let name = &self.ignored.as_ref()?.name;
        let pattern = String::from_utf8_lossy(pattern);
        Some(format!("`{}:{line}` (`{}`)", shown(name), shown(&*pattern)))
    }

    /// The first line of a file of the context, with its end.
    pub(super) fn first_line(&self, path: &str) -> Option<Vec<u8>> {
        let root = Root::new(self.context.clone()?);
        let file = root.open_file(path.as_bytes()).ok()?;
        regular_file::judge_file(&file).ok()?;
        let mut line = Vec::new();
        BufReader::new(file.take(LONGEST_LINE))
            .read_until(b'\n', &mut line)
            .ok()?;
        Some(line)
    }

    /// The failure of a pattern that the daemon, or our side, could not read, with the place where it is written.
    pub(super) fn malformed_pattern(&self, failure: &SolveFailure) -> Option<SolveFailure> {
        if !MALFORMED.iter().any(|said| failure.message.ends_with(said)) {
            return None;
        }
        let ignored = self.ignored.as_ref()?;
        let is_malformed = |(_, pattern): &&(u32, Vec<u8>)| !is_well_formed(pattern);
        let (line, pattern) = ignored.rules.iter().find(is_malformed)?;
        let reason = match pattern.as_slice() {
            b"!" => "it excepts nothing",
            _ => "a `[` has no `]`, a range in it runs backwards, or a `\\` stands at the end",
        };
        let pattern = String::from_utf8_lossy(pattern);
        let (pattern, name) = (shown(&*pattern), shown(&ignored.name));
        Some(SolveFailure {
            message: format!("`{pattern}` in `{name}` is not a pattern: {reason}"),
            sources: vec![Source {
                filename: ignored.name.clone(),
                data: ignored.text.clone(),
                ranges: vec![LineRange {
                    start: *line,
                    end: *line,
                }],
            }],
            ..SolveFailure::default()
        })
    }

    /// The rule that has the last say of a path, if it leaves it out.
    fn rule(&self, path: &str) -> Option<(u32, &[u8])> {
        let ignored = self.ignored.as_ref()?;
        let matcher = ignored.matcher.as_ref()?;
        let mut inherited = Inherited::default();
        let mut excluded = false;
        let path = path.trim_matches('/').as_bytes();
        let ends = (0..=path.len()).filter(|end| path.get(*end).is_none_or(|byte| *byte == b'/'));
        for end in ends {
            (excluded, inherited) = matcher.matches_directory(&path[..end], &inherited).ok()?;
        }
        let (line, pattern) = &ignored.rules[inherited.last().filter(|_| excluded)?];
        Some((*line, pattern))
    }
}

impl Ignored {
    /// `None` if there is no such file; an empty one leaves nothing out.
    fn read(directory: &Directory, name: &str) -> Option<Self> {
        let text = directory.text_as_root(name, MOST_BYTES).ok()?;
        let rules = rules(&text);
        let patterns: Vec<&[u8]> = rules
            .iter()
            .map(|(_, pattern)| pattern.as_slice())
            .collect();
        Some(Self {
            name: name.to_owned(),
            matcher: Matcher::new(&patterns).ok(),
            text,
            rules,
        })
    }
}

/// The text of the Dockerfile, as the daemon finds it; `None` if it cannot be read. Blocking.
pub(super) fn dockerfile_text(dockerfile: &Dockerfile) -> Option<Vec<u8>> {
    let Dockerfile { directory, name } = dockerfile;
    let read = |name: &str| directory.text_as_root(name, MOST_BYTES).ok();
    read(name).or_else(|| read(&lower_case(name)?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn surroundings(files: &[(&str, &str)]) -> (tempfile::TempDir, Surroundings) {
        let tree = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let directory = Directory::open(tree.path()).unwrap();
        let dockerfile = Dockerfile {
            directory: directory.clone(),
            name: "Dockerfile".to_owned(),
        };
        let found = Surroundings::new(Some(directory), Some(&dockerfile), Vec::new());
        (tree, found)
    }

    #[test]
    fn the_line_that_leaves_a_path_out_is_named() {
        let list = "# what is left out\n\n /docs/ \r\n!docs/README\n*.log\n";
        let (_tree, found) = surroundings(&[
            (".dockerignore", list),
            ("docs/README", ""),
            ("docs/api/x", ""),
            ("a.log", ""),
        ]);

        let excluding = |path: &str| found.excluding(path);
        assert_eq!(
            excluding("docs/api/x").as_deref(),
            Some("`.dockerignore:3` (`docs`)")
        );
        assert_eq!(
            excluding("/a.log").as_deref(),
            Some("`.dockerignore:5` (`*.log`)")
        );
        assert_eq!(excluding("docs/README"), None);
        assert_eq!(excluding("src"), None);
        let names: Vec<(String, bool)> = (found.names("docs").into_iter())
            .map(|name| (name.name, name.excluded))
            .collect();
        assert_eq!(names, [("README".into(), false), ("api".into(), true)]);
    }

    #[test]
    fn a_list_beside_the_dockerfile_counts_alone() {
        let (_tree, found) =
            surroundings(&[(".dockerignore", "a"), ("Dockerfile.dockerignore", "b")]);

        assert_eq!(found.excluding("a"), None);
        assert_eq!(
            found.excluding("b").as_deref(),
            Some("`Dockerfile.dockerignore:1` (`b`)")
        );
    }

    #[test]
    fn a_malformed_pattern_is_quoted_with_its_place() {
        let (_tree, found) = surroundings(&[(".dockerignore", "docs\n[a-\n")]);
        let failure = |message: &str| SolveFailure {
            message: message.into(),
            ..SolveFailure::default()
        };

        let told = found.malformed_pattern(&failure("failed to solve: syntax error in pattern"));

        let told = told.unwrap();
        assert!(
            told.message
                .starts_with("`[a-` in `.dockerignore` is not a pattern")
        );
        assert_eq!(told.sources[0].ranges[0].start, 2);
        assert_eq!(found.malformed_pattern(&failure("no")), None);
        assert_eq!(found.excluding("docs"), None);
    }

    #[test]
    fn what_a_link_leads_to_is_left_out_as_it_is_by_its_own_name() {
        let list = "inside/keys\nout\nlinked\n";
        let (tree, found) = surroundings(&[(".dockerignore", list), ("inside/keys/a.pem", "")]);
        let (tree, outside) = (tree.path(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("secret"), "").unwrap();
        for (link, target) in [
            ("in", "inside".as_ref()),
            ("linked", "inside".as_ref()),
            ("out", outside.path()),
            ("away", outside.path()),
        ] {
            std::os::unix::fs::symlink(target, tree.join(link)).unwrap();
        }

        let names = |directory: &str| -> Vec<(String, bool)> {
            let names = found.names(directory).into_iter();
            names.map(|name| (name.name, name.excluded)).collect()
        };
        assert_eq!(names("in/keys"), [("a.pem".to_owned(), true)]);
        assert_eq!(names("linked"), [("keys".to_owned(), true)]);
        assert_eq!((names("out"), names("away")), (vec![], vec![]));
        assert_eq!(
            found.excluding("in/keys/a.pem").as_deref(),
            Some("`.dockerignore:1` (`inside/keys`)")
        );
    }

    #[test]
    fn a_list_that_is_a_link_is_read_where_it_leads_in_the_context() {
        let (tree, _) = surroundings(&[("list", "docs\n")]);
        std::os::unix::fs::symlink("/list", tree.path().join(".dockerignore")).unwrap();
        let context = Directory::open(tree.path()).unwrap();

        let found = Surroundings::new(Some(context), None, Vec::new());

        assert!(found.excluding("docs").is_some());
    }

    #[test]
    fn no_link_of_the_context_is_followed() {
        let (tree, found) = surroundings(&[("script", "#!/bin/sh\r\nx")]);
        std::os::unix::fs::symlink("/etc/hostname", tree.path().join("link")).unwrap();

        assert_eq!(
            found.first_line("script").as_deref(),
            Some(&b"#!/bin/sh\r\n"[..])
        );
        assert_eq!(found.first_line("link"), None);
        assert_eq!(found.first_line("gone"), None);
    }
}
