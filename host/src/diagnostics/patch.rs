//! Changes of a text as a unified diff. What changes is known, so nothing has to be compared.
//!
//! Source: the format that `patch` and `git apply` read.

use std::fmt::Write as _;
use std::ops::Range;

use crate::boundary::outside::shown;
use oci_image_forms::fix::{Edit, edited};

/// How many lines are shown before and after what changes.
const CONTEXT: usize = 3;

/// Lines that change, from 0, and what stands there then.
struct Change {
    lines: Range<usize>,
    text: String,
}

/// The changes of a text of that name; empty if there are none.
#[must_use]
pub fn patch(name: &str, text: &str, edits: &[Edit]) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let changes = changes(&lines, text, edits);
    if changes.is_empty() {
        return String::new();
    }
    let name = shown(name);
    let mut patch = format!("--- {name}\n+++ {name}\n");
    let is_near = |one: &Change, next: &Change| next.lines.start <= one.lines.end + 2 * CONTEXT;
    let mut grown = 0_isize;
    for hunk in changes.chunk_by(is_near) {
        grown += write_hunk(&mut patch, &lines, hunk, grown);
    }
    patch
}

/// The lines that edits change. Those of one line, and of the next, are one change.
fn changes(lines: &[&str], text: &str, edits: &[Edit]) -> Vec<Change> {
    let starts: Vec<usize> = lines
        .iter()
        .scan(0, |at, line| {
            *at += line.len();
            Some(*at - line.len())
        })
        .collect();
    let line_of = |at: usize| {
        starts
            .partition_point(|start| *start <= at)
            .saturating_sub(1)
    };
    let of_line = |edit: &Edit| (line_of(edit.range.start), line_of(edit.range.end) + 1);
    let touch = |one: &Edit, next: &Edit| of_line(next).0 <= of_line(one).1;
    let change = |edits: &[Edit]| {
        let first = of_line(edits.first()?).0;
        let last = of_line(edits.last()?).1.min(lines.len());
        let start = *starts.get(first)?;
        let end = starts.get(last).copied().unwrap_or(text.len());
        let within = |edit: &Edit| Edit {
            range: edit.range.start - start..edit.range.end - start,
            text: edit.text.clone(),
        };
        let edits: Vec<Edit> = edits.iter().map(within).collect();
        Some(alone(
            lines,
            first..last,
            &edited(&text[start..end], &edits),
        ))
    };
    edits.chunk_by(touch).filter_map(change).collect()
}

/// A change without the lines at its beginning and end that stay as they are.
fn alone(lines: &[&str], changed: Range<usize>, text: &str) -> Change {
    let new: Vec<&str> = text.split_inclusive('\n').collect();
    let old = &lines[changed.clone()];
    let same = |(one, other): &(&&str, &&str)| one == other;
    let before = old.iter().zip(&new).take_while(same).count();
    let rest = old[before..].iter().rev().zip(new[before..].iter().rev());
    let after = rest.take_while(same).count();
    Change {
        lines: changed.start + before..changed.end - after,
        text: new[before..new.len() - after].concat(),
    }
}

/// Writes changes that stand near each other; by how many lines the text grows.
fn write_hunk(patch: &mut String, lines: &[&str], changes: &[Change], grown: isize) -> isize {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
        return 0;
    };
    let start = first.lines.start.saturating_sub(CONTEXT);
    let end = (last.lines.end + CONTEXT).min(lines.len());
    let added = |change: &Change| change.text.split_inclusive('\n').count() as isize;
    let more: isize = changes
        .iter()
        .map(|change| added(change) - change.lines.len() as isize)
        .sum();
    let count = (end - start) as isize;
    let _ = writeln!(
        patch,
        "@@ -{},{count} +{},{} @@",
        start + 1,
        (start + 1) as isize + grown,
        count + more
    );
    let mut at = start;
    for change in changes {
        write_lines(patch, ' ', &lines[at..change.lines.start]);
        write_lines(patch, '-', &lines[change.lines.clone()]);
        let new: Vec<&str> = change.text.split_inclusive('\n').collect();
        write_lines(patch, '+', &new);
        at = change.lines.end;
    }
    write_lines(patch, ' ', &lines[at..end]);
    more
}

fn write_lines(patch: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        patch.push(sign);
        patch.push_str(line);
        if !line.ends_with('\n') {
            patch.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, part: &str, new: &str) -> Edit {
        let start = text.find(part).unwrap();
        Edit {
            range: start..start + part.len(),
            text: new.to_owned(),
        }
    }

    #[test]
    fn changes_are_hunks_with_three_lines_around_them() {
        let text: String = (1..=20).map(|line| format!("line {line:02}\n")).collect();
        let edits = [
            edit(&text, "02", "two"),
            edit(&text, "line 05", "line five\nand more"),
            edit(&text, "20", "twenty"),
        ];

        let patch = patch("a/b.yml", &text, &edits);

        let lines = |from: usize, to: usize| -> String {
            (from..=to)
                .map(|line| format!(" line {line:02}\n"))
                .collect()
        };
        let expected = [
            "--- a/b.yml\n+++ a/b.yml\n@@ -1,8 +1,9 @@\n line 01\n-line 02\n+line two\n",
            &lines(3, 4),
            "-line 05\n+line five\n+and more\n",
            &lines(6, 8),
            "@@ -17,4 +18,4 @@\n",
            &lines(17, 19),
            "-line 20\n+line twenty\n",
        ];
        assert_eq!(patch, expected.concat());
    }

    #[test]
    fn line_that_is_added_leaves_the_one_before_it_as_it_is() {
        let text = "a\nb\nc\n";
        let edits = [Edit {
            range: 3..3,
            text: "\nnew".to_owned(),
        }];

        let expected = "--- f\n+++ f\n@@ -1,3 +1,4 @@\n a\n b\n+new\n c\n";
        assert_eq!(patch("f", text, &edits), expected);
    }

    #[test]
    fn two_changes_of_a_line_are_one_and_a_last_line_may_have_no_end() {
        let text = "a: b\nc: d";
        let edits = [edit(text, "c", "x"), edit(text, "d", "y")];

        assert_eq!(
            patch("f", text, &edits),
            "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a: b\n-c: d\n\\ No newline at end of file\n+x: y\n\\ No newline at end of file\n"
        );
        assert_eq!(patch("f", text, &[]), "");
    }
}
