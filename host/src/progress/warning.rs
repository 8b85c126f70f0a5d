//! Warnings of the frontend, collected for the end of a build.
//!
//! Each warning is kept once, though a split report repeats it and every solve of one Dockerfile raises it again.
//!
//! Reads, writes: nothing. Unknown here: steps.

use std::collections::HashSet;

use crate::buildkit::status::VertexWarning;
use crate::progress::excerpt;
use crate::progress::line::one_line;

/// How many warnings are kept with their details; more are only counted.
const MOST: usize = 100;

/// A warning as it is shown at the end.
#[derive(Debug)]
pub(super) struct Warning {
    pub short: String,
    pub detail: Vec<String>,
    pub url: String,
    /// The lines of the Dockerfile, if the frontend names them.
    pub excerpt: Option<String>,
}

/// What makes two warnings one; the vertex does not, for each solve has its own.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Identity {
    short: String,
    filename: String,
    ranges: Vec<(u32, u32)>,
}

/// All warnings of a build.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    seen: HashSet<Identity>,
    kept: Vec<Warning>,
}

impl Warnings {
    /// Takes a warning, and returns its text if it is new.
    pub(super) fn add(&mut self, warning: &VertexWarning) -> Option<String> {
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
        if !self.seen.insert(identity) {
            return None;
        }
        let short = one_line(&warning.short);
        if self.kept.len() < MOST {
            self.kept.push(Warning {
                short: short.clone(),
                detail: warning.detail.iter().map(|line| one_line(line)).collect(),
                url: one_line(&warning.url),
                excerpt: source.and_then(excerpt::of),
            });
        }
        Some(short)
    }

    pub(super) fn kept(&self) -> &[Warning] {
        &self.kept
    }

    /// How many warnings there were in all.
    pub(super) fn count(&self) -> usize {
        self.seen.len()
    }
}
