//! Readers of what a build says who are slow, or do not read at all: they get every line whole, and hold up no stop.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::process::Child;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use oci_image_tests::terminal::Terminal;
use oci_image_tests::workplace::Workplace;
use rustix::fs::OFlags;
use serde_json::json;

/// Some megabytes of lines, one of them of 15 kB.
fn much() -> String {
    let mut text = String::new();
    for number in 0..100_000 {
        writeln!(text, "line {number:06} of many {}", "x".repeat(60)).unwrap();
        if number == 70_000 {
            writeln!(text, "the long one {}", "0123456789".repeat(1500)).unwrap();
        }
    }
    text
}

#[test]
fn slow_reader_of_some_megabytes_gets_every_line_whole_and_in_its_order() {
    let place = Workplace::new();
    let text = much();
    place.write("context/much", &text);
    // What comes after the step and in it is reported at once when the daemon is asked late.
    place.dockerfile("BUSYBOX\nFROM busybox\nCOPY much /\nRUN cat /much\nRUN echo after\n");
    let mut child = place.start_build(&json!({"context": "context", "output": "image"}));

    let mut pipe = child.stderr.take().unwrap();
    let (mut shown, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let count = pipe.read(&mut piece).unwrap();
        if count == 0 {
            break;
        }
        shown.extend_from_slice(&piece[..count]);
        park_timeout(Duration::from_millis(30));
    }
    let _ = place.finish(child).expect(0);

    let shown = String::from_utf8(shown).unwrap();
    let heading = shown.find("RUN cat /much").unwrap();
    let number = shown[..heading].rsplit('#').next().unwrap();
    let number = format!("#{} ", number.split(' ').next().unwrap());
    let of_step = |line: &&str| line.starts_with(&number) && !line.contains("RUN cat");
    let mut said = (shown.lines().filter(of_step))
        .filter_map(|line| line.splitn(3, ' ').nth(2))
        .filter(|said| *said != "...");
    for (index, line) in text.lines().enumerate() {
        let said = said.next().unwrap_or_default();
        assert!(said == line, "line {index} is {said:?}, not {line:?}");
    }
    assert_eq!(
        said.next().map(|end| end.ends_with('s')),
        Some(true),
        "DONE"
    );
    assert_eq!(said.next(), None);
}

/// A step that prints without end, and how it is called in the process table.
fn endless(place: &Workplace) -> String {
    let mark = format!("sleep {}", place.mark());
    let line = "y".repeat(70);
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN : {mark}; while true; do echo {line}; done\n"
    ));
    mark
}

/// Whether whoever opened standard error so wants no write to wait.
fn is_unblocked(child: &Child) -> bool {
    let opened = fs::read_to_string(format!("/proc/{}/fdinfo/2", child.id())).unwrap();
    let flags = opened.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = u32::from_str_radix(flags.unwrap().trim(), 8).unwrap();
    OFlags::from_bits_retain(flags).contains(OFlags::NONBLOCK)
}

#[test]
fn terminal_that_nobody_reads_holds_up_no_stop_and_stays_as_its_owner_has_it() {
    let object = r#"{"context": "context", "output": "image"}"#;
    for face in ["plain", "tty", "json"] {
        let place = Workplace::new();
        let step = endless(&place);
        let file = place.write("object.json", object);
        let mut command = place.command(&["build", "--progress", face]);
        command.arg(file).env("OCI_IMAGE_ROOT", place.root());
        let terminal = Terminal::of(80, 24);
        let child = terminal.start(command.env("TERM", "xterm"));
        place.wait_for("the step to run", || !place.processes(&step).is_empty());
        // What a terminal holds is written in much less than that.
        park_timeout(Duration::from_secs(4));
        assert!(!is_unblocked(&child));

        let begun = Instant::now();
        place.signal(&child, "SIGINT");
        let _ = place.finish(child).expect(130);

        let took = begun.elapsed();
        assert!(took < Duration::from_secs(3), "{face}: {took:?}");
        assert_eq!(place.leftovers(), Vec::<String>::new());
        drop(terminal);
    }
}

#[test]
fn answer_that_nobody_reads_on_a_terminal_holds_up_no_stop() {
    let place = Workplace::new();
    let wrong = place.write("wrong.json", "{}");
    let files = vec![wrong; 400];
    let mut command = place.command(&["validate", "--output-format", "json"]);
    let terminal = Terminal::of(80, 24);
    let child = terminal.start(command.args(files));
    // It waits with an answer of which there is more than a terminal takes.
    place.wait_for("the terminal to be full", || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        terminal.held() > 1000 && stat.contains(") S ")
    });

    place.signal(&child, "SIGTERM");
    let _ = place.finish(child).expect(143);
    drop(terminal);
}
