//! The program where a terminal is its standard input: a task of Concourse, and a person who types.

use std::num::NonZero;
use std::os::unix::fs::symlink;
use std::process::Command;

use oci_image_tests::engine::program;
use oci_image_tests::screen::{compare, screen};
use oci_image_tests::terminal::{Shown, Terminal};
use oci_image_tests::workplace::Workplace;

/// The program in a workplace, under a name.
fn called(place: &Workplace, name: &str, arguments: &[&str]) -> Command {
    let path = place.path("..").join(name);
    if !path.exists() {
        symlink(program(), &path).unwrap();
    }
    let mut command = Command::new(path);
    command
        .args(arguments)
        .current_dir(place.path(""))
        .env("PATH", oci_image_tests::engine::path())
        .env("OCI_IMAGE_ROOT", place.root())
        .env("TMPDIR", place.temporary());
    command
}

fn shown(mut command: Command) -> Shown {
    let terminal = Terminal::open();
    let child = terminal.start(&mut command);
    terminal.finish(child)
}

#[test]
fn task_of_concourse_is_built_although_its_terminal_never_sends_a_byte() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo built\n");
    let mut command = called(&place, "build", &[]);
    command.env("CONTEXT", "context").env("TERM", "dumb");

    let shown = shown(command);

    assert_eq!(shown.status, 0, "{}", shown.text);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    assert!(shown.text.contains("built"), "{}", shown.text);
    assert!(!shown.text.contains("waiting"), "{}", shown.text);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn command_that_waits_for_a_terminal_says_what_for_and_hears_a_stop() {
    let place = Workplace::new();
    for (arguments, parts) in [
        (
            &["build"][..],
            ["a message", "`--file FILE`", "`oci-image task`"],
        ),
        (
            &["plan"],
            ["a message or an object", "`oci-image plan FILE`", "Ctrl-D"],
        ),
        (
            &["validate"],
            [
                "a message or an object",
                "`oci-image validate FILE...`",
                "Ctrl-D",
            ],
        ),
    ] {
        let mut terminal = Terminal::open();
        let child = terminal.start(&mut called(&place, "oci-image", arguments));

        let told = terminal.wait_for("\n");
        place.signal(&child, "SIGTERM");
        let shown = terminal.finish(child);

        for part in parts {
            assert!(told.contains(part), "no {part:?} in {told}");
        }
        assert_eq!(shown.status, 143, "{}", shown.text);
        assert_eq!(shown.text.trim(), "error: stopped by SIGTERM");
    }
}

#[test]
fn program_without_arguments_in_the_environment_of_a_task_is_a_mistake_and_no_page_of_help() {
    let place = Workplace::new();
    for variable in [
        "CONTEXT",
        "BUILD_ARG_version",
        "IMAGE_ARG_base",
        "ATC_EXTERNAL_URL",
    ] {
        let mut command = called(&place, "oci-image", &[]);
        let shown = shown({
            command.env(variable, "");
            command
        });

        assert_eq!(shown.status, 2, "{}", shown.text);
        for part in [variable, "`oci-image task`"] {
            assert!(shown.text.contains(part), "no {part:?} in {}", shown.text);
        }
    }
    let mut nobodys = called(&place, "oci-image", &[]);
    nobodys.env("DEBUG", "1").env("TARGET", "x86_64");
    let help = shown(nobodys);
    assert_eq!(help.status, 0, "{}", help.text);
    assert!(help.text.contains("Usage: oci-image"), "{}", help.text);
}

#[test]
fn what_is_named_on_the_command_line_is_read_instead_of_the_terminal() {
    let place = Workplace::new();
    let text = r#"{"context": "context", "output": "image", "target": 7}"#;
    let file = place.write("object.json", text);
    let file = file.to_str().unwrap();
    for (name, arguments) in [
        ("build", &["--file", file][..]),
        ("build", &[file]),
        ("oci-image", &["build", file]),
        ("oci-image", &["plan", file]),
    ] {
        let shown = shown(called(&place, name, arguments));

        assert_eq!(shown.status, 2, "{}", shown.text);
        assert!(shown.text.contains("wrong-type"), "{}", shown.text);
        assert!(!shown.text.contains("waiting"), "{}", shown.text);
    }
    let help = shown(called(&place, "build", &["--help"]));
    assert_eq!(help.status, 0, "{}", help.text);
}

fn parser(rows: u16, columns: u16) -> vt100::Parser {
    let some = |count| NonZero::new(count).unwrap();
    vt100::Parser::new(some(rows), some(columns), 0)
}

/// What a terminal of that size shows in the end, scrolled lines included, and whether anything was redrawn on it.
fn seen(columns: u16, rows: u16, mut command: Command) -> (i32, Vec<String>, bool) {
    let terminal = Terminal::of(columns, rows);
    let child = terminal.start(&mut command);
    let shown = terminal.finish(child);
    let mut glass = parser(500, columns);
    glass.process(shown.text.as_bytes());
    let mut rows: Vec<String> = (glass.screen().rows(0, columns))
        .map(|row| row.trim_end().to_owned())
        .collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    (shown.status, rows, shown.text.contains("\x1b[J"))
}

/// A build on a terminal that can be redrawn, outside of any service.
fn watched(place: &Workplace, arguments: &[&str]) -> Command {
    let object = place.write(
        "object.json",
        r#"{"context": "context", "output": "image"}"#,
    );
    let mut command = called(place, "oci-image", &["build", object.to_str().unwrap()]);
    command.args(arguments).env("TERM", "xterm-256color");
    for variable in ["CI", "ATC_EXTERNAL_URL", "BUILDKIT_PROGRESS", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

#[test]
fn person_at_a_terminal_sees_what_runs_and_is_left_with_a_line_of_each_step() {
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nRUN for i in 1 2 3; do echo said $i; sleep 0.3; done\n",
    );
    for columns in [80, 200] {
        let (status, rows, is_live) = seen(columns, 24, watched(&place, &[]));

        assert_eq!(status, 0, "{rows:#?}");
        assert!(is_live);
        let steps = rows.iter().take_while(|row| row.starts_with('#')).count();
        assert!(steps >= 4, "{rows:#?}");
        let ends = [" DONE ", " CACHED"];
        assert!(
            rows[..steps]
                .iter()
                .all(|row| ends.iter().any(|end| row.contains(end))),
            "{rows:#?}"
        );
        // Nothing is between the steps and what has come of them, and no log.
        assert_eq!(rows[steps], "", "{rows:#?}");
        assert!(
            rows[steps + 1].starts_with("image/image.tar: "),
            "{rows:#?}"
        );
        assert!(
            !rows.iter().any(|row| row.starts_with("   said")),
            "{rows:#?}"
        );
    }
}

#[test]
fn failure_stands_below_the_steps_and_is_the_same_as_ever() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo said; exit 7\n");

    let (status, rows, is_live) = seen(120, 24, watched(&place, &["--color", "never"]));

    assert_eq!((status, is_live), (1, true), "{rows:#?}");
    let text = rows.join("\n");
    for part in ["ERROR: process", "said", "exit code: 7", "> "] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(!text.contains("building "), "{text}");
}

#[test]
fn build_that_is_stopped_leaves_nothing_on_the_terminal_that_was_redrawn() {
    let place = Workplace::new();
    let mark = place.mark();
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN echo said; sleep {mark}\n"
    ));
    let mut terminal = Terminal::of(80, 24);
    let child = terminal.start(&mut watched(&place, &[]));

    let mut text = terminal.wait_for("   said");
    place.signal(&child, "SIGINT");
    let shown = terminal.finish(child);

    assert_eq!(shown.status, 130, "{}", shown.text);
    text += &shown.text;
    let mut glass = parser(24, 80);
    glass.process(text.as_bytes());
    let contents = glass.screen().contents();
    assert!(!contents.contains("building "), "{contents}");
    assert!(!contents.contains("said\n"), "{contents}");
    assert!(
        contents.trim_end().ends_with("error: stopped by SIGINT"),
        "{contents}"
    );
    assert!(!glass.screen().hide_cursor());
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn terminal_that_is_a_log_or_cannot_be_redrawn_shows_lines() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo said\n");
    let with = |name: &str, value: &str| {
        let mut command = watched(&place, &[]);
        command.env(name, value);
        command
    };
    for (columns, rows, command) in [
        (500, 500, watched(&place, &[])),
        (80, 24, with("ATC_EXTERNAL_URL", "https://ci.example")),
        (80, 24, with("CI", "true")),
        (80, 24, with("TERM", "dumb")),
        (80, 24, with("BUILDKIT_PROGRESS", "plain")),
        (80, 24, watched(&place, &["--progress", "plain"])),
    ] {
        let (status, rows, is_live) = seen(columns, rows, command);

        assert_eq!((status, is_live), (0, false), "{rows:#?}");
    }
    for (name, value) in [
        ("NO_COLOR", "1"),
        ("BUILDKIT_PROGRESS", "tty"),
        ("CI", "false"),
    ] {
        let (status, rows, is_live) = seen(80, 24, with(name, value));

        assert_eq!((status, is_live), (0, true), "{rows:#?}");
    }
}

#[test]
fn live_display_without_a_terminal_is_refused_before_anything_is_built() {
    let place = Workplace::new();
    let run = place.send(
        &["build", "--progress", "tty"],
        &serde_json::json!({"context": "context", "output": "image"}),
    );

    let run = run.expect(2);
    assert!(
        run.stderr.contains("use `--progress plain`"),
        "{}",
        run.stderr
    );
}

/// Columns and rows; the last is a terminal of Concourse, on which a build is plain.
const SIZES: [(u16, u16); 3] = [(80, 24), (200, 50), (500, 500)];

/// A step of thirty lines whose last one fails.
fn long_step() -> String {
    let lines: String = (1..=29)
        .map(|number| format!("echo line {number}\n"))
        .collect();
    let note = "# a remark that is longer than a terminal of eighty columns, and that is cut there and not wrapped by it";
    format!("BUSYBOX\nFROM busybox\n{note}\nRUN <<EOF\n{lines}exit 7\nEOF\nRUN echo never\n")
}

#[test]
fn failed_build_looks_as_expected_on_terminals_of_each_width() {
    for size in SIZES {
        let place = Workplace::new();
        place.dockerfile(&long_step());
        let terminal = Terminal::of(size.0, size.1);
        let child = terminal.start(&mut watched(&place, &["--quiet"]));
        let shown = terminal.finish(child);

        assert_eq!(shown.status, 1, "{}", shown.text);
        compare(
            &format!("failure.{}.txt", size.0),
            &screen(size.0, &shown.text),
        );
    }
}

#[test]
fn end_of_a_build_looks_as_expected_on_terminals_of_each_width() {
    for face in ["plain", "tty"] {
        for size in SIZES {
            let place = Workplace::new();
            place.write("context/a", "a");
            place.dockerfile("FROM scratch\nCOPY a /\nCOPY a /b\n");
            let terminal = Terminal::of(size.0, size.1);
            let child = terminal.start(&mut watched(&place, &["--progress", face]));
            let shown = terminal.finish(child);

            assert_eq!(shown.status, 0, "{}", shown.text);
            let is_redrawn = shown.text.contains("\x1b[J");
            assert_eq!(is_redrawn, face == "tty", "{}", shown.text);
            compare(
                &format!("{face}.{}.txt", size.0),
                &screen(size.0, &shown.text),
            );
        }
    }
}

#[test]
fn build_on_a_dumb_terminal_writes_no_code_and_one_without_colours_paints_nothing() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo said; exit 7\n");
    let failed = |name: &str, value: &str| {
        let mut command = watched(&place, &[]);
        let terminal = Terminal::of(80, 24);
        let child = terminal.start(command.env(name, value));
        let shown = terminal.finish(child);
        assert_eq!(shown.status, 1, "{}", shown.text);
        shown.text
    };

    let dumb = failed("TERM", "dumb");
    assert!(!dumb.contains('\u{1b}'), "{}", dumb.escape_debug());
    let uncoloured = failed("NO_COLOR", "1");
    assert!(uncoloured.contains("\u{1b}[J"), "it is live all the same");
    assert!(!screen(80, &uncoloured).contains('<'), "{uncoloured}");
    let coloured = failed("TERM", "xterm-256color");
    assert!(
        screen(80, &coloured).contains("<red bold>error:<>"),
        "{coloured}"
    );
}
