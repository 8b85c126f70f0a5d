//! The program where a terminal is its standard input: a task of Concourse, and a person who types.

use std::os::unix::fs::symlink;
use std::process::Command;

use oci_image_tests::engine::program;
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
