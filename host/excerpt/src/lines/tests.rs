use console::measure_text_width;

use super::*;

fn drawn(data: &[u8], ranges: &[(u32, u32)]) -> Option<String> {
    let lines = Lines::of("Dockerfile", data, ranges)?;
    Some(lines.draw(Canvas::plain(), Level::Error))
}

fn file(lines: usize) -> Vec<u8> {
    let lines = (1..=lines).map(|number| format!("line {number}\n"));
    lines.collect::<String>().into_bytes()
}

#[test]
fn the_lines_meant_are_marked_between_their_neighbours() {
    let data = b"FROM base AS build\n\nCOPY . .\n\nRUN make \\\n\tall\nFROM scratch\n";

    assert_eq!(
        drawn(data, &[(5, 6)]).unwrap(),
        "\
\x20--> Dockerfile:5:1
  |
3 |   COPY . .
4 |
5 | / RUN make \\
6 | |     all
  | |_______^
7 |   FROM scratch
  |
"
    );
    assert_eq!(
        drawn(data, &[(3, 3)]).unwrap(),
        "\
\x20--> Dockerfile:3:1
  |
1 | FROM base AS build
2 |
3 | COPY . .
  | ^^^^^^^^
4 |
5 | RUN make \\
  |
"
    );
}

#[test]
fn a_range_at_the_edges_of_the_file_shows_what_there_is() {
    assert_eq!(
        drawn(b"FROM a", &[(1, 1)]).unwrap(),
        " --> Dockerfile:1:1\n  |\n1 | FROM a\n  | ^^^^^^\n"
    );
    for range in [(2, 9), (2, 0)] {
        assert_eq!(
            drawn(b"FROM a\nRUN b\n", &[range]).unwrap(),
            " --> Dockerfile:2:1\n  |\n1 | FROM a\n2 | RUN b\n  | ^^^^^\n"
        );
    }
}

#[test]
fn a_range_outside_of_the_file_shows_nothing() {
    for range in [(7, 9), (0, 0), (u32::MAX, u32::MAX)] {
        assert_eq!(drawn(b"FROM a\n", &[range]), None);
    }
    assert_eq!(drawn(b"FROM a\n", &[]), None);
    assert_eq!(drawn(b"", &[(1, 1)]), None);
}

#[test]
fn a_long_run_shows_its_beginning_and_its_end() {
    let shown = drawn(&file(1200), &[(1000, 1100)]).unwrap();

    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2 + 2 + 15 + 1 + 4 + 1 + 2 + 1, "{shown}");
    assert_eq!(lines[0], "    --> Dockerfile:1000:1");
    assert_eq!(
        [
            lines[2], lines[4], lines[18], lines[19], lines[20], lines[23], lines[24], lines[26]
        ],
        [
            " 998 |   line 998",
            "1000 | / line 1000",
            "1014 | | line 1014",
            "...    |",
            "1097 | | line 1097",
            "1100 | | line 1100",
            "     | |_________^",
            "1102 |   line 1102",
        ]
    );
}

#[test]
fn lines_that_are_named_one_by_one_are_one_run() {
    let ranges: Vec<(u32, u32)> = (3..=40).map(|line| (line, line)).collect();

    let shown = drawn(&file(50), &ranges);

    assert_eq!(shown, drawn(&file(50), &[(3, 40)]));
    assert!(shown.unwrap().contains("40 | | line 40\n"));
}

#[test]
fn more_runs_than_a_person_reads_are_not_shown() {
    let ranges: Vec<(u32, u32)> = (1..=9).map(|run| (run * 10, run * 10)).collect();

    let shown = drawn(&file(100), &ranges).unwrap();

    assert_eq!(shown.matches("^^^").count(), MOST_RUNS * 2, "{shown}");
    assert!(shown.ends_with("42 | line 42\n   |\n"), "{shown}");
}

#[test]
fn ranges_apart_show_a_gap_and_ranges_that_meet_are_one() {
    assert_eq!(
        drawn(&file(20), &[(2, 2), (12, 12)]).unwrap(),
        "\
\x20 --> Dockerfile:2:1
   |
 1 | line 1
 2 | line 2
   | ^^^^^^
 3 | line 3
 4 | line 4
...
10 | line 10
11 | line 11
12 | line 12
   | ^^^^^^^
13 | line 13
14 | line 14
   |
"
    );
    assert_eq!(
        drawn(&file(4), &[(3, 3), (1, 1), (2, 2)]).unwrap(),
        "\
\x20--> Dockerfile:1:1
  |
1 | / line 1
2 | | line 2
3 | | line 3
  | |______^
4 |   line 4
  |
"
    );
}

#[test]
fn no_gap_is_as_long_as_what_says_so_and_no_line_is_blank_that_is_not() {
    for apart in 1..12 {
        let shown = drawn(&file(40), &[(10, 10), (10 + apart, 10 + apart)]).unwrap();

        let numbered = shown
            .lines()
            .filter(|line| line.starts_with(char::is_numeric));
        for line in numbered {
            let (number, line) = line.split_once(" | ").unwrap();
            let line = line.trim_start_matches(['/', '|', ' ']);
            assert_eq!(line, format!("line {number}"), "{shown}");
        }
        let gap = apart.saturating_sub(2 * u32::try_from(CONTEXT).unwrap() + 1);
        assert_eq!(shown.contains("..."), gap >= 3, "{apart}: {shown}");
    }
}

#[test]
fn odd_bytes_and_long_lines_are_made_harmless() {
    let data = [
        b"\xef\xbb\xbfRUN \x1b[31mcaf\xe9\tx\r\nRUN ".as_slice(),
        &b"y".repeat(30_000),
    ]
    .concat();

    let cut = "y".repeat(Canvas::USUAL - "1 | / RUN ...".len());
    assert_eq!(
        drawn(&data, &[(1, 2)]).unwrap(),
        format!(
            " --> Dockerfile:1:1\n  |\n1 | / RUN \u{fffd}[31mcaf\\xE9    x\n2 | | RUN {cut}...\n  | |{}^\n",
            "_".repeat(Canvas::USUAL - "1 | |^".len())
        )
    );
}

#[test]
fn name_that_would_be_a_command_is_none() {
    let lines = Lines::of("\n::error::\u{1b}[2J", b"FROM a\n", &[(1, 1)]).unwrap();

    let shown = lines.draw(Canvas::plain(), Level::Error);

    assert!(
        shown.starts_with(" --> \\n::error::\\u{1b}[2J:1:1\n"),
        "{shown}"
    );
}

#[test]
fn no_line_is_wider_than_the_canvas() {
    let wide = "日本語 ".repeat(100);
    let data = format!(
        "FROM a\n{wide}\n{}\n{}\nRUN b\n",
        "x".repeat(400),
        "a\tb ".repeat(90)
    );
    for columns in 40..=200 {
        for range in [(1, 1), (2, 2), (3, 3), (4, 4), (1, 4), (5, 5)] {
            let lines = Lines::of("Dockerfile", data.as_bytes(), &[range]).unwrap();
            let canvas = Canvas {
                columns,
                ..Canvas::plain()
            };

            let shown = lines.draw(canvas, Level::Error);

            let widest = shown.lines().map(measure_text_width).max().unwrap();
            assert!(widest <= columns, "{columns}: {widest}\n{shown}");
        }
    }
}

#[test]
fn file_of_a_million_lines_costs_as_much_as_what_is_shown() {
    let data = file(1_000_000);

    let shown = drawn(&data, &[(5, 999_999), (2, 2), (500_000, 500_000)]).unwrap();

    assert!(shown.lines().count() < 40, "{shown}");
    assert!(shown.starts_with("     --> Dockerfile:2:1\n"), "{shown}");
}

#[test]
fn lines_are_a_text_too() {
    let lines = Lines::of("Dockerfile", b"A\n\tB \nC\nD\n", &[(2, 3)]).unwrap();

    assert_eq!(lines.text(), "    B\nC");
}

#[test]
fn colours_are_written_where_they_are_on() {
    let lines = Lines::of("Dockerfile", b"FROM a\n", &[(1, 1)]).unwrap();
    let canvas = Canvas {
        is_coloured: true,
        ..Canvas::plain()
    };

    let shown = lines.draw(canvas, Level::Error);

    assert!(shown.contains('\u{1b}'), "{shown:?}");
    let bare = console::strip_ansi_codes(&shown).into_owned();
    assert_eq!(bare, lines.draw(Canvas::plain(), Level::Error));
}
