//! The Dockerfile of a plan: its text, as the frontend has read it, and places in it.

use oci_image_schema::diagnostic::{FilePlace, Place, Span};
use oci_image_schema::plan::{AttributeValue, Solve};

use crate::buildkit::subrequest::{Location, SourceFile};
use crate::planner::checked_plan::CheckedPlan;

/// A Dockerfile as a person knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DockerfileText {
    /// Its path, as the request has it.
    pub(super) path: String,
    pub(super) text: String,
}

impl DockerfileText {
    /// That of a plan, of which the frontend has read these files.
    pub(super) fn of(plan: &CheckedPlan, sources: &[SourceFile]) -> Self {
        let text = sources.first().map(|source| source.data.as_slice());
        let text = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
        let path = plan.solves().first().map(path).unwrap_or_default();
        Self { path, text }
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
        let text = self.line_text(line);
        let trimmed = text.trim();
        let start = (trimmed.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
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
        let line = index.and_then(|index| self.text.lines().nth(index));
        line.unwrap_or_default()
    }
}

/// How many lines of one instruction are searched.
const MOST_LINES: usize = 1000;

/// The path of what a solve reads.
fn path(solve: &Solve) -> String {
    let local = |name: &str| solve.locals.iter().find(|local| local.name == name);
    let named = |attribute: &oci_image_schema::plan::FrontendAttribute| match &attribute.value {
        AttributeValue::Text(text) if attribute.key == "filename" => Some(text.clone()),
        _ => None,
    };
    let name = solve.attributes.iter().find_map(named);
    let name = name.unwrap_or_else(|| "Dockerfile".to_owned());
    let directory = local("dockerfile").map_or("", |local| local.path.as_str());
    match directory.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => name,
        directory => format!("{directory}/{name}"),
    }
}
