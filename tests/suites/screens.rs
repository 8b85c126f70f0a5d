//! What a person sees of the program's answers: the cells of terminals of three widths, as files in `fixtures/screens`. What is seen of
//! builds is in `engine/terminal.rs`.
//!
//! The widest terminal is that of a task of Concourse, which is a log: excerpts are as wide there as in any log.

use std::fs;
use std::process::Command;

use oci_image_tests::engine::{checkout, program};
use oci_image_tests::screen::{compare, screen};
use oci_image_tests::terminal::Terminal;

/// Columns and rows.
const SIZES: [(u16, u16); 3] = [(80, 24), (200, 50), (500, 500)];

/// What a terminal is written, and the status of who wrote it.
fn written(size: (u16, u16), arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let folder = checkout().join("tests/fixtures/screens");
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder);
    for variable in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "ATC_EXTERNAL_URL",
    ] {
        command.env_remove(variable);
    }
    command.env("TERM", "xterm-256color");
    command.envs(variables.iter().copied());
    let terminal = Terminal::of(size.0, size.1);
    let child = terminal.start(&mut command);
    let shown = terminal.finish(child);
    (shown.status, shown.text)
}

/// What can be asked for without a daemon, by a name, with its status.
const ANSWERS: [(&str, &[&str], i32); 3] = [
    ("validate", &["validate", "mistakes.json"], 2),
    ("help", &["--help"], 0),
    ("prune_help", &["prune", "--help"], 0),
];

#[test]
fn answers_are_as_wide_as_the_terminal_and_look_as_expected() {
    for (name, arguments, status) in ANSWERS {
        for size in SIZES {
            let (ended, text) = written(size, arguments, &[]);

            assert_eq!(ended, status, "{text}");
            compare(&format!("{name}.{}.txt", size.0), &screen(size.0, &text));
        }
    }
}

#[test]
fn no_line_of_help_and_no_excerpt_is_wrapped_by_the_terminal() {
    for (name, arguments, _) in ANSWERS {
        for columns in [60, 80, 100, 200] {
            let (_, text) = written((columns, 24), arguments, &[("NO_COLOR", "1")]);

            let is_drawn = |line: &&str| name != "validate" || line.contains(" | ");
            for line in text.lines().filter(is_drawn) {
                let width = line.chars().count();
                assert!(width <= columns.into(), "{width} in {columns}: {line}");
            }
        }
    }
}

#[test]
fn who_wants_no_colours_gets_none_and_a_dumb_terminal_no_code_at_all() {
    for (name, arguments, _) in ANSWERS {
        let (_, coloured) = written((80, 24), arguments, &[]);
        assert!(coloured.contains("\u{1b}["), "{name}: {coloured}");
        for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            // Also where a service runs it, which to some is a reason for colours.
            for variables in [vec![variable], vec![variable, ("CI", "true")]] {
                let (_, plain) = written((80, 24), arguments, &variables);

                assert!(!plain.contains('\u{1b}'), "{variables:?}: {plain}");
            }
        }
    }
}

#[test]
fn every_screen_is_that_of_a_test() {
    let folder = checkout().join("tests/fixtures/screens");
    let known = ["validate", "help", "prune_help", "failure", "plain", "tty"];
    let mut offenders = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let stem = name.split('.').next().unwrap_or_default();
        if !known.contains(&stem) && name != "mistakes.json" {
            offenders.push(name);
        }
    }
    assert_eq!(offenders, Vec::<String>::new());
}
