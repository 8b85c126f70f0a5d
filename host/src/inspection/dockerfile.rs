//! The Dockerfile of a plan: its text, as the frontend has read it, and places in it.

use std::ops::Range;

use oci_image_schema::diagnostic::{FilePlace, Place, Span};
use oci_image_schema::plan::Solve;

use crate::buildkit::subrequest::{Location, SourceFile};
use crate::planner::checked_plan::CheckedPlan;

/// A Dockerfile as a person knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DockerfileText {
    /// Its path, as the request has it.
    pub(super) path: String,
    pub(super) text: String,
    /// Where its lines are, without their ends.
    lines: Vec<Range<usize>>,
}

impl DockerfileText {
    /// That of a plan, of which the frontend has read these files.
    pub(super) fn of(plan: &CheckedPlan, sources: &[SourceFile]) -> Self {
        let text = sources.first().map(|source| source.data.as_slice());
        let text = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
        let start = |line: &str| line.as_ptr() as usize - text.as_ptr() as usize;
        let lines = text
            .lines()
            .map(|line| start(line)..start(line) + line.len());
        Self {
            path: plan.solves().first().map(path).unwrap_or_default(),
            lines: lines.collect(),
            text,
        }
    }

    /// The first line that counts, from 1: of several the one that has `word`, if one has it.
    pub(super) fn line(&self, location: Option<&Location>, word: Option<&str>) -> Option<u32> {
        let ranges = &location?.ranges;
        let has_word = |line: &u32| word.is_some_and(|word| self.line_text(*line).contains(word));
        let lines = ranges.iter().flat_map(|range| range.start..=range.end);
        let named = lines.take(MOST_LINES).find(has_word);
        named.or_else(|| Some(ranges.first()?.start))
    }

    /// The place of a line of it.
    pub(super) fn place(&self, line: u32) -> Option<Place> {
        let line = self.lines.get((line as usize).checked_sub(1)?)?;
        let text = &self.text[line.clone()];
        let trimmed = text.trim();
        let start = line.start + text.len() - text.trim_start().len();
        (!trimmed.is_empty()).then(|| {
            Place::File(FilePlace {
                path: self.path.clone(),
                span: Span::of(start..start + trimmed.len()),
            })
        })
    }

    /// Empty for a line that there is not.
    fn line_text(&self, line: u32) -> &str {
        let index = (line as usize).checked_sub(1);
        let line = index.and_then(|index| self.lines.get(index));
        line.map_or("", |line| &self.text[line.clone()])
    }
}

/// How many lines of one instruction are searched.
const MOST_LINES: usize = 1000;

/// The path of what a solve reads.
fn path(solve: &Solve) -> String {
    let name = solve.text("filename").unwrap_or("Dockerfile");
    let directory = solve.local("dockerfile");
    let directory = directory.map_or("", |local| local.path.as_str());
    match directory.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}
