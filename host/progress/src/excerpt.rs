//! Excerpts of a source file: the lines meant, marked, with two lines around them.
//!
//! Whatever the file holds, an excerpt is at most about forty lines of at most [`WIDEST`] characters, without control
//! characters, and lines that the file does not have are no error.
//!
//! Reads, writes: nothing. Unknown here: steps, failures.

use std::collections::BTreeMap;

use oci_image_boundary::outside::{is_unruly, shown};
use oci_image_buildkit::failure::{LineRange, Source};

/// Lines shown before and after those meant.
const CONTEXT: usize = 2;
/// Of a longer run of marked lines only its beginning and its end are shown.
const LONGEST_RUN: usize = 20;
/// What is shown of a long run's end.
const END_OF_RUN: usize = 4;
/// How many ranges are shown; more only repeat themselves.
const MOST_RANGES: usize = 4;
/// The widest line in characters; the rest is cut off.
const WIDEST: usize = 160;
/// To which columns a tab leads.
const TAB: usize = 4;

/// What to show of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Show {
    /// Around the lines meant.
    Around,
    /// In the midst of a long run.
    Omitted,
    Marked,
}

/// `Dockerfile:12` and the lines; nothing if the file has none of the lines meant.
pub(super) fn of(source: &Source) -> Option<String> {
    let lines: Vec<&[u8]> = lines_of(&source.data);
    let shown = choose(&source.ranges, lines.len());
    let first = shown.iter().find(|(_, show)| **show == Show::Marked)?.0;
    let width = shown
        .last_key_value()
        .map_or(0, |(number, _)| number.to_string().len())
        .max(3);

    let mut text = format!("{}:{first}\n", name_of(&source.filename));
    let mut previous = None;
    let mut omitted = 0;
    for (number, show) in &shown {
        if *show == Show::Omitted {
            omitted += 1;
        } else {
            let jump = previous.is_some_and(|previous| previous + 1 != *number);
            if omitted > 0 {
                text.push_str(&format!("{:>width$} | ... {omitted} lines\n", ""));
                omitted = 0;
            } else if jump {
                text.push_str(&format!("{:>width$} | ...\n", ""));
            }
            let mark = if *show == Show::Marked { ">>>" } else { "   " };
            let line = format!("{number:>width$} | {mark} {}", line_of(lines[number - 1]));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        previous = Some(*number);
    }
    Some(text)
}

/// A file's name at the beginning of a line, where an odd one could be a command to whoever runs us.
fn name_of(filename: &str) -> String {
    let name = shown(filename).to_string();
    if name.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '.' | '_' | '/')) {
        name
    } else {
        format!("./{name}")
    }
}

/// The lines meant, as one text.
pub(super) fn marked(source: &Source) -> Option<String> {
    let lines = lines_of(&source.data);
    let shown = choose(&source.ranges, lines.len());
    let marked: Vec<String> = (shown.iter())
        .filter(|(_, show)| **show == Show::Marked)
        .map(|(number, _)| line_of(lines[number - 1]))
        .collect();
    (!marked.is_empty()).then(|| marked.join("\n"))
}

fn lines_of(data: &[u8]) -> Vec<&[u8]> {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let mut lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop(); // the file's last line break ends a line and begins none
    }
    lines
}

/// Which lines, counted from 1, are shown of a file of `count` lines.
fn choose(ranges: &[LineRange], count: usize) -> BTreeMap<usize, Show> {
    let mut shown = BTreeMap::new();
    for range in ranges.iter().take(MOST_RANGES) {
        // A range without an end is one line; BuildKit leaves fields out that are zero.
        let (start, end) = (range.start as usize, range.end.max(range.start) as usize);
        let end = end.min(count);
        if start == 0 || start > count {
            continue;
        }
        for number in start.saturating_sub(CONTEXT).max(1)..=(end + CONTEXT).min(count) {
            let inside = (start..=end).contains(&number);
            let long = end - start >= LONGEST_RUN;
            let midst = long
                && number >= start + LONGEST_RUN - END_OF_RUN - 1
                && number <= end - END_OF_RUN;
            let show = match (inside, midst) {
                (false, _) => Show::Around,
                (true, true) => Show::Omitted,
                (true, false) => Show::Marked,
            };
            let known = shown.entry(number).or_insert(show);
            *known = show.max(*known);
        }
    }
    shown
}

/// One line as text: tabs as spaces, no control characters, not wider than [`WIDEST`].
fn line_of(line: &[u8]) -> String {
    let mut text = String::new();
    let mut column = 0;
    for character in visible(line).chars() {
        let cells = if character == '\t' {
            TAB - column % TAB
        } else {
            1
        };
        if column + cells > WIDEST {
            text.push_str("...");
            break;
        }
        text.extend(std::iter::repeat_n(
            if character == '\t' { ' ' } else { character },
            cells,
        ));
        column += cells;
    }
    text
}

fn visible(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // Decoding whole megabytes to show 160 characters would be a waste: four bytes are the longest character.
    let line = &line[..line.len().min(WIDEST * 4 + 4)];
    let mut text = String::new();
    for chunk in line.utf8_chunks() {
        text.extend(chunk.valid().chars().map(|c| match c {
            '\t' => c,
            c if is_unruly(c) => '\u{fffd}',
            c => c,
        }));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(data: &[u8], ranges: &[(u32, u32)]) -> Option<String> {
        of(&Source {
            filename: "Dockerfile".into(),
            data: data.to_vec(),
            ranges: ranges
                .iter()
                .map(|(start, end)| LineRange {
                    start: *start,
                    end: *end,
                })
                .collect(),
        })
    }

    fn file(lines: usize) -> Vec<u8> {
        (1..=lines)
            .map(|n| format!("line {n}\n"))
            .collect::<String>()
            .into_bytes()
    }

    #[test]
    fn the_lines_meant_are_marked_between_their_neighbours() {
        let data = b"FROM base AS build\n\nCOPY . .\n\nRUN make \\\n\tall\nFROM scratch\n";

        let shown = excerpt(data, &[(5, 6)]);

        assert_eq!(
            shown.as_deref(),
            Some(
                "Dockerfile:5\n  3 |     COPY . .\n  4 |\n  5 | >>> RUN make \\\n  6 | >>>     all\n  \
                 7 |     FROM scratch\n"
            )
        );
    }

    #[test]
    fn a_range_at_the_edges_of_the_file_shows_what_there_is() {
        assert_eq!(
            excerpt(b"FROM a", &[(1, 1)]).as_deref(),
            Some("Dockerfile:1\n  1 | >>> FROM a\n")
        );
        assert_eq!(
            excerpt(b"FROM a\nRUN b\n", &[(2, 9)]).as_deref(),
            Some("Dockerfile:2\n  1 |     FROM a\n  2 | >>> RUN b\n")
        );
        assert_eq!(
            excerpt(b"FROM a\nRUN b\n", &[(2, 0)]).as_deref(),
            Some("Dockerfile:2\n  1 |     FROM a\n  2 | >>> RUN b\n")
        );
    }

    #[test]
    fn a_range_outside_of_the_file_shows_nothing() {
        assert_eq!(excerpt(b"FROM a\n", &[(7, 9)]), None);
        assert_eq!(excerpt(b"FROM a\n", &[(0, 0)]), None);
        assert_eq!(excerpt(b"FROM a\n", &[]), None);
        assert_eq!(excerpt(b"", &[(1, 1)]), None);
        assert_eq!(excerpt(b"FROM a\n", &[(u32::MAX, u32::MAX)]), None);
    }

    #[test]
    fn a_long_run_shows_its_beginning_and_its_end() {
        let shown = excerpt(&file(1200), &[(1000, 1100)]).unwrap_or_default();

        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 1 + 2 + 15 + 1 + 4 + 2);
        assert_eq!(
            (
                lines[0], lines[1], lines[3], lines[17], lines[18], lines[19], lines[24]
            ),
            (
                "Dockerfile:1000",
                " 998 |     line 998",
                "1000 | >>> line 1000",
                "1014 | >>> line 1014",
                "     | ... 82 lines",
                "1097 | >>> line 1097",
                "1102 |     line 1102",
            )
        );
    }

    #[test]
    fn ranges_apart_show_a_gap_and_ranges_that_meet_do_not() {
        assert_eq!(
            excerpt(&file(20), &[(2, 2), (12, 12)]).as_deref(),
            Some(
                "Dockerfile:2\n  1 |     line 1\n  2 | >>> line 2\n  3 |     line 3\n  4 |     line 4\n    | ...\n \
                 10 |     line 10\n 11 |     line 11\n 12 | >>> line 12\n 13 |     line 13\n 14 |     line 14\n"
            )
        );
        assert_eq!(
            excerpt(&file(4), &[(3, 3), (1, 1)]).as_deref(),
            Some(
                "Dockerfile:1\n  1 | >>> line 1\n  2 |     line 2\n  3 | >>> line 3\n  4 |     line 4\n"
            )
        );
    }

    #[test]
    fn odd_bytes_and_long_lines_are_made_harmless() {
        let data = [
            b"\xef\xbb\xbfRUN \x1b[31mcaf\xe9\tx\r\nRUN ".as_slice(),
            &b"y".repeat(30_000),
        ]
        .concat();

        let shown = excerpt(&data, &[(1, 2)]).unwrap_or_default();

        let expected = format!(
            "Dockerfile:1\n  1 | >>> RUN \u{fffd}[31mcaf\\xE9    x\n  2 | >>> RUN {}...\n",
            "y".repeat(WIDEST - 4)
        );
        assert_eq!(shown, expected);
    }
}
