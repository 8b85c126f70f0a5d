//! Reports that hold much, in pieces as a daemon sends them: every line is whole and stands before the end of its step.

use std::io::{self, Write};
use std::time::Duration;

use oci_image_buildkit::status::{Status, VertexLog};
use oci_image_progress::{Mode, Progress, SolveId, run};
use tokio::sync::mpsc::{Sender, channel};

use crate::reports::{at, done, log, started, vertex, vertices};

/// How many bytes of logs a report has at most before the daemon goes on in another.
const MOST_OF_LOGS: usize = 1 << 20;
/// How much of a pipe is one piece of a log.
const PIECE: usize = 32 << 10;

/// Some megabytes of lines, one of them as long as half of a piece.
fn much() -> String {
    let line = |number: u32| format!("line {number} of many {}\n", "x".repeat(80));
    let before: String = (0..30_000).map(line).collect();
    let after: String = (30_000..60_000).map(line).collect();
    format!("{before}long {}\n{after}", "y".repeat(15_000))
}

/// What a daemon has to report when nobody has asked for long, in the pieces in which it says so.
fn late(name: &str, text: &str, begun: u64, end: u64, others: Status) -> Vec<Status> {
    let pieces = text.as_bytes().chunks(PIECE).enumerate();
    let mut logs: Vec<VertexLog> = pieces
        .flat_map(|(index, piece)| log(name, begun + 1 + index as u64, piece.to_vec()).logs)
        .collect();
    assert!(logs.last().unwrap().timestamp <= Some(at(end)));
    let mut report = others;
    report.vertices.push(vertex(name, Some(begun), Some(end)));
    let mut reports = Vec::new();
    let mut bytes = 0;
    // As `SolveStatus.Marshal` does: it counts on, so that every piece after the first has one log, and the last has none.
    while let Some(last) = logs.iter().position(|log| {
        bytes += log.message.len();
        bytes > MOST_OF_LOGS
    }) {
        let rest = logs.split_off(last + 1);
        report.logs = std::mem::replace(&mut logs, rest);
        reports.push(std::mem::take(&mut report));
    }
    report.logs = logs;
    reports.push(report);
    reports
}

/// What is shown is exactly this step: its heading, its lines, and its end.
fn assert_whole(shown: &str, name: &str, text: &str) {
    let begins = shown.find(name).unwrap();
    let mut lines = shown[begins..].lines().skip(1);
    for (index, expected) in text.lines().enumerate() {
        let line = lines.next().unwrap();
        let said = line.splitn(3, ' ').nth(2).unwrap_or(line);
        assert!(said == expected, "line {index} is shown as {line}");
    }
    let end = lines.next().unwrap();
    assert!(end.contains(" DONE "), "{end}");
}

fn progress() -> (Progress<Vec<u8>>, SolveId, SolveId) {
    let mut progress = Progress::new(Mode::Plain, Vec::new());
    let solves = ["a", "b"].map(|target| progress.add_solve(target));
    (progress, solves[0], solves[1])
}

fn shown(mut progress: Progress<Vec<u8>>) -> String {
    progress.finish().unwrap();
    String::from_utf8(progress.into_writer()).unwrap()
}

#[test]
fn log_that_comes_in_pieces_is_whole_before_the_end_of_its_step() {
    let text = much();
    let (mut progress, solve, _) = progress();
    let next = vertices(&[
        vertex("RUN next", Some(3_000), Some(9_000)),
        vertex("RUN last", Some(9_000), None),
    ]);
    for report in late("RUN cat", &text, 0, 2_000, next) {
        progress.update(solve, report).unwrap();
    }
    progress
        .update(solve, done("RUN last", 9_000, 9_500))
        .unwrap();

    assert_whole(&shown(progress), "RUN cat", &text);
}

#[test]
fn log_of_one_report_is_whole_before_the_end_of_its_step() {
    let text = &much()[..1_000_000];
    let (mut progress, solve, _) = progress();
    let next = vertices(&[vertex("RUN next", Some(3_000), Some(9_000))]);
    let reports = late("RUN cat", text, 0, 2_000, next);
    assert_eq!(reports.len(), 1);
    for report in reports {
        progress.update(solve, report).unwrap();
    }

    assert_whole(&shown(progress), "RUN cat", text);
}

#[test]
fn clock_of_another_solve_or_of_the_program_itself_cuts_no_line() {
    let text = much();
    let (mut progress, late_one, early_one) = progress();
    let own = progress.own();
    for (second, report) in (100..).zip(late("RUN cat", &text, 0, 2_000, Status::default())) {
        progress.update(late_one, report).unwrap();
        progress
            .update(early_one, started("RUN other", second * 1000))
            .unwrap();
        progress
            .update(own, started("compressing layers", second * 1000))
            .unwrap();
    }
    let shown = shown(progress);

    let said: Vec<&str> = (shown.lines())
        .filter(|line| line.contains(" line ") || line.contains(" long "))
        .map(|line| line.splitn(3, ' ').nth(2).unwrap())
        .collect();
    assert!(said == text.lines().collect::<Vec<_>>());
}

#[test]
fn pieces_that_do_not_come_hold_nothing_back_for_ever() {
    let text = much();
    let (mut progress, solve, _) = progress();
    let mut reports = late("RUN cat", &text, 0, 2_000, Status::default());
    reports.truncate(1);
    for report in reports {
        progress.update(solve, report).unwrap();
    }
    progress.idle().unwrap();
    progress.stalled().unwrap();
    let shown = String::from_utf8(progress.into_writer()).unwrap();

    assert!(
        shown.ends_with("#1 DONE 2.0s\n"),
        "{}",
        &shown[shown.len() - 100..]
    );
}

/// A writer whose reader takes its time over one text, and tells when it has it.
struct Late {
    text: Vec<u8>,
    over: &'static str,
    told: Sender<()>,
}

impl Write for Late {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        if String::from_utf8_lossy(text).contains(self.over) {
            std::thread::park_timeout(Duration::from_millis(5_500));
            self.told.blocking_send(()).unwrap();
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn time_that_a_reader_takes_is_no_silence_of_the_daemon() {
    let (sender, receiver) = channel(1);
    let (told, mut has_read) = channel(1);
    let out = Late {
        text: Vec::new(),
        over: "one",
        told,
    };
    let mut progress = Progress::new(Mode::Plain, out);
    let solve = progress.add_solve("image");
    let shown = run(progress, receiver);
    for report in [started("RUN", 0), log("RUN", 1, "one\nbegun")] {
        sender.send((solve, report)).await.unwrap();
    }
    has_read.recv().await.unwrap();
    // The daemon needs a moment to go on, too.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let rest = log("RUN", 2, " and ended\n");
    sender.send((solve, rest)).await.unwrap();
    drop(sender);

    let (progress, written) = shown.await.unwrap();
    written.unwrap();
    let text = String::from_utf8(progress.into_writer().text).unwrap();
    assert!(text.contains("begun and ended\n"), "{text}");
}
