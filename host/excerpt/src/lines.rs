//! Lines of a file that are meant, with two lines around them.
//!
//! Whatever the file holds, an excerpt has about fifty lines at most, and lines that the file does not have are no error.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Snippet};
use console::truncate_str;
use oci_image_boundary::outside::shown;

use crate::canvas::Canvas;
use crate::level::Level;
use crate::line;

/// Lines shown before and after those meant.
const CONTEXT: usize = 2;
/// Of a longer run of lines only its beginning and its end are shown.
const LONGEST_RUN: usize = 20;
/// What is shown of a long run's end.
const END_OF_RUN: usize = 4;
/// How many runs of lines are shown; more only repeat themselves.
const MOST_RUNS: usize = 4;
/// How far lines are from the first one that are shown: what is between is counted by the drawing, line by line.
const FARTHEST: usize = 10_000;
/// A mark that says of so few lines that they are left out would be no shorter.
const SHORTEST_GAP: usize = 3;
/// What stands behind a line that is cut.
const CUT: &str = "...";

/// Lines of a file that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    name: String,
    /// The lines that are shown, by their number, counted from 1.
    shown: BTreeMap<usize, String>,
    /// The lines that are meant, those in the midst of a long run too: from the first to behind the last of each run.
    meant: Vec<Range<usize>>,
}

impl Lines {
    /// Lines of a file with that name, by the first and the last of each range, counted from 1; nothing if the file has none of them.
    /// A range whose end is before its start is one line.
    #[must_use]
    pub fn of(name: &str, data: &[u8], ranges: &[(u32, u32)]) -> Option<Self> {
        let lines = split(data);
        let meant = meant(ranges, lines.len());
        meant.first()?;
        let numbers = seen(&meant, lines.len()).into_iter().flatten();
        let texts = numbers.map(|number| (number, line::text_of(lines[number - 1])));
        Some(Self {
            // It stands behind an arrow: no line of an excerpt begins with a text from outside.
            name: shown(name).to_string(),
            shown: texts.collect(),
            meant,
        })
    }

    /// The lines meant, as one text.
    #[must_use]
    pub fn text(&self) -> String {
        let is_meant = |number: &usize| self.meant.iter().any(|run| run.contains(number));
        let lines = self.shown.iter().filter(|(number, _)| is_meant(number));
        let lines: Vec<&str> = lines.map(|(_, line)| line.as_str()).collect();
        lines.join("\n")
    }

    /// The lines meant, marked between their neighbours; each with its end.
    #[must_use]
    pub fn draw(&self, canvas: Canvas, level: Level) -> String {
        let numbers = self.shown.keys();
        let (first, last) = (numbers.clone().min(), numbers.max());
        let (first, last) = (*first.unwrap_or(&1), *last.unwrap_or(&1));
        // ` | ` stands between a number and a line, and the mark of several lines has two columns more.
        let mark = if self.meant.iter().any(|run| run.len() > 1) {
            2
        } else {
            0
        };
        let room = canvas.width() - last.to_string().len() - " | ".len() - mark;

        let mut text = String::new();
        let mut spans: BTreeMap<usize, Range<usize>> = BTreeMap::new();
        for number in first..=last {
            let start = text.len();
            let line = self.shown.get(&number).map_or("", String::as_str);
            text.push_str(&truncate_str(line, room, CUT));
            let blank = text[start..].len() - text[start..].trim_start().len();
            spans.insert(number, start + blank..text.len());
            text.push('\n');
        }
        let within = |run: &Range<usize>| spans[&run.start].start..spans[&(run.end - 1)].end;
        let seen = runs(self.shown.keys().copied());
        let snippet = Snippet::source(text.as_str())
            .path(self.name.as_str())
            .line_start(first)
            .annotations((seen.iter()).map(|run| AnnotationKind::Visible.span(within(run))))
            .annotations((self.meant.iter()).map(|run| AnnotationKind::Primary.span(within(run))));
        let group = Group::with_level(level.drawn()).element(snippet);
        // Lines are cut already, by their ends: the drawing would cut them by what is marked, which is all of them.
        canvas.draw(group, usize::from(u16::MAX)) + "\n"
    }
}

fn split(data: &[u8]) -> Vec<&[u8]> {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let mut lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop(); // the file's last line break ends a line and begins none
    }
    lines
}

/// The runs of lines that are meant, in the order of a file of `count` lines.
fn meant(ranges: &[(u32, u32)], count: usize) -> Vec<Range<usize>> {
    let ranges = ranges.iter().map(|(start, end)| {
        // A range without an end is one line; BuildKit leaves fields out that are zero.
        (*start as usize, (*end.max(start) as usize).min(count))
    });
    let mut ranges: Vec<(usize, usize)> = ranges
        .filter(|(start, _)| (1..=count).contains(start))
        .collect();
    ranges.sort_unstable();
    let farthest = ranges.first().map_or(0, |(first, _)| first + FARTHEST);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (start, end) in ranges.into_iter().filter(|(start, _)| *start <= farthest) {
        let end = end.min(farthest);
        match runs.last_mut() {
            Some(run) if start <= run.end => run.end = run.end.max(end + 1),
            _ => runs.push(start..end + 1),
        }
    }
    // Not before: BuildKit names each line of an instruction as a range of its own.
    runs.truncate(MOST_RUNS);
    runs
}

/// The runs of lines that are shown: those meant, but for the midst of long ones, and their neighbours.
fn seen(meant: &[Range<usize>], count: usize) -> Vec<Range<usize>> {
    let mut seen: Vec<Range<usize>> = Vec::new();
    let mut add = |start: usize, end: usize| match seen.last_mut() {
        Some(run) if start < run.end + SHORTEST_GAP => run.end = run.end.max(end),
        _ => seen.push(start..end),
    };
    for run in meant {
        let start = run.start.saturating_sub(CONTEXT).max(1);
        let end = (run.end + CONTEXT).min(count + 1);
        if run.len() > LONGEST_RUN {
            add(start, run.start + LONGEST_RUN - END_OF_RUN - 1);
            add(run.end - END_OF_RUN, end);
        } else {
            add(start, end);
        }
    }
    seen
}

/// Numbers that follow each other.
fn runs(numbers: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.end == number => run.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests;
