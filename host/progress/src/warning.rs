//! Warnings of the frontend, collected for the end of a build.
//!
//! Each warning is kept once, though a split report repeats it and every solve of one Dockerfile raises it again. One is
//! not kept at all: that an argument's default is no base image, where the argument is given one.
//!
//! Reads, writes: nothing. Unknown here: steps.
//! Source: BuildKit, `frontend/dockerfile/linter`, `InvalidDefaultArgInFrom`.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::amount;
use crate::colour::{Colours, YELLOW};
use crate::excerpt;
use crate::line::clipped;
use oci_image_buildkit::status::VertexWarning;
use oci_image_excerpt::{Canvas, Level, Lines};

/// How many warnings are kept with their details; more are only counted.
const MOST: usize = 100;
/// How many are told from those before; more are neither shown nor counted.
const MOST_SEEN: usize = 10_000;
/// What is kept of each of its texts, in bytes, and how many lines of its details.
const LONGEST: usize = 4 << 10;
const MOST_LINES: usize = 40;
/// How far in its excerpt stands.
const INDENT: &str = "  ";

/// What the frontend says of a default that names no image, before and after the text behind `FROM`. It looks at defaults
/// alone, whatever the build gives.
const INVALID_DEFAULT: (&str, &str) = (
    "InvalidDefaultArgInFrom: Default value for ARG ",
    " results in empty or invalid base image name",
);

/// A warning as it is shown at the end.
#[derive(Debug)]
pub(super) struct Warning {
    pub short: String,
    pub detail: Vec<String>,
    pub url: String,
    /// The lines of the Dockerfile, if the frontend names them.
    pub excerpt: Option<Lines>,
}

/// What makes two warnings one; the vertex does not, for each solve has its own.
#[derive(Debug, Hash)]
struct Identity {
    short: String,
    filename: String,
    ranges: Vec<(u32, u32)>,
}

/// All warnings of a build.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    /// The arguments that are given a base image.
    base_arguments: HashSet<String>,
    /// Hashes of their identities.
    seen: HashSet<u64>,
    kept: Vec<Warning>,
}

impl Warnings {
    /// Writes them with their details, at the end of a build.
    pub(super) fn write(&self, canvas: Canvas, out: &mut String) {
        let count = self.count();
        if count == 0 {
            return;
        }
        let title = Colours::of(canvas.is_coloured)
            .paint(YELLOW, &format!("{}:", amount::counted(count, "warning")));
        out.push_str(&format!("\n{title}\n"));
        for warning in self.kept() {
            write_warning(warning, canvas, out);
        }
        if count > self.kept().len() {
            out.push_str(&format!("- and {} more\n", count - self.kept().len()));
        }
    }

    pub(super) fn add_base_argument(&mut self, name: &str) {
        self.base_arguments.insert(name.to_owned());
    }

    /// Takes a warning, and returns its text if it is new.
    pub(super) fn add(&mut self, warning: &VertexWarning) -> Option<String> {
        if self.is_answered(&warning.short) {
            return None;
        }
        let source = warning.source.as_ref();
        let identity = Identity {
            short: warning.short.clone(),
            filename: source.map_or_else(String::new, |source| source.filename.clone()),
            ranges: source.map_or_else(Vec::new, |source| {
                source
                    .ranges
                    .iter()
                    .map(|range| (range.start, range.end))
                    .collect()
            }),
        };
        if self.seen.len() == MOST_SEEN || !self.seen.insert(hash(&identity)) {
            return None;
        }
        let short = clipped(&warning.short, LONGEST);
        if self.kept.len() < MOST {
            self.kept.push(Warning {
                short: short.clone(),
                detail: (warning.detail.iter().take(MOST_LINES))
                    .map(|line| clipped(line, LONGEST))
                    .collect(),
                url: clipped(&warning.url, LONGEST),
                excerpt: source.and_then(excerpt::of),
            });
        }
        Some(short)
    }

    /// Whether this is about the default of an argument that is given a base image.
    fn is_answered(&self, short: &str) -> bool {
        let (before, after) = INVALID_DEFAULT;
        let Some((base, _)) = short
            .strip_prefix(before)
            .and_then(|rest| rest.rsplit_once(after))
        else {
            return false;
        };
        arguments(base).any(|name| self.base_arguments.contains(name))
    }

    pub(super) fn kept(&self) -> &[Warning] {
        &self.kept
    }

    /// How many warnings there were in all.
    pub(super) fn count(&self) -> usize {
        self.seen.len()
    }
}

/// Two warnings that have one hash are shown as one, which is no loss worth their texts.
fn hash(identity: &Identity) -> u64 {
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    hasher.finish()
}

/// The arguments in a text behind `FROM`: `$name`, `${name}`, `${name:-default}`.
fn arguments(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end =
            rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

fn write_warning(warning: &Warning, canvas: Canvas, out: &mut String) {
    out.push_str(&format!("- {}\n", warning.short));
    for line in &warning.detail {
        out.push_str(&format!("  | {line}\n"));
    }
    if !warning.url.is_empty() {
        out.push_str(&format!("  see {}\n", warning.url));
    }
    if let Some(lines) = &warning.excerpt {
        let canvas = Canvas {
            columns: canvas.columns.saturating_sub(INDENT.len()),
            ..canvas
        };
        for line in lines.draw(canvas, Level::Warning).lines() {
            out.push_str(&format!("{INDENT}{line}\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(base: &str) -> VertexWarning {
        let (before, after) = INVALID_DEFAULT;
        VertexWarning {
            vertex: String::new(),
            level: 1,
            short: format!("{before}{base}{after} (line 2)"),
            detail: Vec::new(),
            url: String::new(),
            source: None,
        }
    }

    #[test]
    fn default_of_an_argument_that_is_given_an_image_is_not_warned_of() {
        let mut warnings = Warnings::default();
        warnings.add_base_argument("base");

        for base in ["$base", "${base}", "${base}:${tag}", "${tag:-a}/${base:-}"] {
            assert_eq!(warnings.add(&warning(base)), None, "{base}");
        }
        assert_eq!(warnings.count(), 0);
        for base in ["$other", "base", "$base2", "${BASE}", "a:$tag", "$", ""] {
            assert!(warnings.add(&warning(base)).is_some(), "{base}");
        }
        let mut other = warning("$base");
        other.short = other
            .short
            .replace("InvalidDefaultArgInFrom", "UndefinedArgInFrom");
        assert!(warnings.add(&other).is_some());
    }
}
