//! Steps as they are shown, report by report: what no recording holds.

use std::io;
use std::time::Duration;

use oci_image_buildkit::status::{Status, Vertex};
use oci_image_progress::{Mode, Progress, SolveId, run};
use tokio::sync::mpsc::channel;

use crate::reports::{cached, done, failed, log, part, started, vertex, vertices};

/// Progress of solves with the given targets.
fn progress_of(targets: &[&str]) -> (Progress<Vec<u8>>, Vec<SolveId>) {
    let mut progress = Progress::new(Mode::Plain, Vec::new());
    let solves = targets
        .iter()
        .map(|target| progress.add_solve(target))
        .collect();
    (progress, solves)
}

/// What is shown when all reports have come; each with the index of its solve.
fn shown(targets: &[&str], reports: Vec<(usize, Status)>) -> String {
    let (mut progress, solves) = progress_of(targets);
    for (solve, status) in reports {
        progress.update(solves[solve], status).unwrap();
    }
    progress.finish().unwrap();
    text_of(progress)
}

fn text_of(progress: Progress<Vec<u8>>) -> String {
    String::from_utf8(progress.into_writer()).unwrap()
}

fn one(reports: impl IntoIterator<Item = Status>) -> Vec<(usize, Status)> {
    reports.into_iter().map(|status| (0, status)).collect()
}

#[test]
fn a_vertex_that_restarts_at_once_ends_once() {
    let text = shown(
        &["image"],
        one([
            done("load", 0, 1),
            started("load", 2),
            done("load", 2, 300),
            started("run", 301),
        ]),
    );

    assert_eq!(text, "#1 load\n#1 DONE 0.3s\n\n#2 run\n#2 INTERRUPTED\n");
}

#[test]
fn a_vertex_that_restarts_later_is_returned_to() {
    let text = shown(
        &["image"],
        one([
            done("FROM base", 0, 100),
            started("other", 200),
            done("other", 200, 1000),
            started("FROM base", 2000),
            part("FROM base", 2100, 2_000_000, true),
            done("FROM base", 2000, 2500),
        ]),
    );

    assert_eq!(
        text,
        "#1 FROM base\n#1 DONE 0.1s\n\n#2 other\n#2 DONE 0.8s\n\n#1 FROM base\n#1 layer 2.00MB / 2.00MB 2.1s done\n\
         #1 DONE 0.6s\n"
    );
}

#[test]
fn a_cached_vertex_whose_result_is_fetched_later_stays_cached() {
    let fetched = [
        started("COPY", 1000),
        part("COPY", 1100, 2_000_000, true),
        done("COPY", 1000, 1500),
    ];
    let at_once = [vertices(&[cached("COPY", 999)])].into_iter();
    let at_once = shown(&["image"], one(at_once.chain(fetched.clone())));
    let later = [
        vertices(&[cached("COPY", 0)]),
        started("other", 500),
        done("other", 500, 600),
    ];
    let later = shown(&["image"], one(later.into_iter().chain(fetched)));

    let fetching = "#1 COPY\n#1 layer 2.00MB / 2.00MB 1.1s done\n#1 CACHED\n";
    assert_eq!(at_once, fetching);
    assert_eq!(
        later,
        format!("#1 COPY\n#1 CACHED\n\n#2 other\n#2 DONE 0.1s\n\n{fetching}")
    );
}

#[test]
fn a_vertex_that_is_cached_for_a_second_solve_is_shown_once() {
    let text = shown(
        &["server", "client"],
        vec![
            (0, started("base", 0)),
            (0, done("base", 0, 500)),
            (0, started("other", 700)),
            (1, vertices(&[cached("base", 900)])),
            (0, done("other", 700, 1000)),
        ],
    );

    assert_eq!(
        text,
        "#1 server: base\n#1 DONE 0.5s\n\n#2 server: other\n#2 DONE 0.3s\n"
    );
}

#[test]
fn equal_steps_of_two_solves_that_are_cached_under_digests_of_their_own_are_shown_once() {
    let of = |session: &str, vertex: Vertex| Vertex {
        digest: format!("{}@{session}", vertex.digest),
        ..vertex
    };
    let copy = |session| of(session, cached("[base 1/2] COPY", 100));
    let text = shown(
        &["server", "client"],
        vec![
            (
                0,
                vertices(&[of("one", vertex("[base 1/2] COPY", None, None))]),
            ),
            (
                1,
                vertices(&[of("two", vertex("[base 1/2] COPY", None, None))]),
            ),
            (0, vertices(&[copy("one")])),
            (1, vertices(&[copy("two")])),
            (1, vertices(&[of("two", cached("[client 1/1] RUN", 110))])),
            (1, vertices(&[copy("two")])),
        ],
    );

    assert_eq!(
        text,
        "#1 server: [base 1/2] COPY\n#1 CACHED\n\n#2 client: [client 1/1] RUN\n#2 CACHED\n"
    );
}

#[test]
fn a_step_that_one_solve_leaves_is_not_canceled_while_another_runs_it() {
    let canceled = vertices(&[failed("base", 0, 500, "context canceled")]);
    let text = shown(
        &["server", "client"],
        vec![
            (0, started("base", 0)),
            (1, started("base", 0)),
            (0, canceled.clone()),
            (1, log("base", 700, "still here\n")),
            (0, canceled),
            (1, done("base", 0, 900)),
        ],
    );

    assert_eq!(text, "#1 server: base\n#1 0.700 still here\n#1 DONE 0.9s\n");
}

#[test]
fn a_step_is_canceled_when_its_last_solve_leaves_it() {
    let canceled = |end| vertices(&[failed("base", 0, end, "Canceled: context canceled")]);
    let text = shown(
        &["server", "client"],
        vec![
            (0, started("base", 0)),
            (1, started("base", 0)),
            (0, canceled(500)),
            (1, canceled(510)),
        ],
    );

    assert_eq!(text, "#1 server: base\n#1 CANCELED\n");
}

#[test]
fn a_step_that_comes_back_after_a_cancelation_goes_on() {
    let text = shown(
        &["server", "client"],
        vec![
            (0, started("base", 0)),
            (0, vertices(&[failed("base", 0, 500, "context canceled")])),
            (1, started("base", 0)),
            (1, done("base", 0, 900)),
        ],
    );

    assert_eq!(text, "#1 server: base\n#1 DONE 0.9s\n");
}

#[test]
fn a_log_that_two_solves_report_is_shown_once_and_goes_on_when_one_of_them_ends() {
    let text = shown(
        &["server", "client"],
        vec![
            (0, started("base", 0)),
            (0, log("base", 10, "one\n")),
            (0, log("base", 20, "tw")),
            (1, started("base", 0)),
            (1, log("base", 10, "one\n")),
            (1, log("base", 20, "tw")),
            (1, log("base", 30, "o\nthree\n")),
            (0, log("base", 30, "o\nthree\n")),
            (1, log("base", 40, "four")),
        ],
    );

    assert_eq!(
        text,
        "#1 server: base\n#1 0.010 one\n#1 0.020 two\n#1 0.030 three\n#1 0.040 four\n#1 INTERRUPTED\n"
    );
}

#[test]
fn a_transfer_is_shown_while_it_lasts() {
    let mut reports = vec![started("pull", 0)];
    reports.extend((0..=30).map(|n| part("pull", n * 100, n as i64 * 60_000, false)));
    reports.push(part("pull", 3333, 2_000_000, true));
    reports.push(done("pull", 0, 3400));

    assert_eq!(
        shown(&["image"], one(reports)),
        "#1 pull\n#1 layer 600.00kB / 2.00MB 1.0s\n#1 layer 1.20MB / 2.00MB 2.0s\n#1 layer 1.80MB / 2.00MB 3.0s\n\
         #1 layer 2.00MB / 2.00MB 3.3s done\n#1 DONE 3.4s\n"
    );
}

#[test]
fn two_steps_that_print_at_once_take_turns_of_some_seconds() {
    let mut reports = vec![started("left", 0), started("right", 1)];
    for n in 1..50 {
        reports.push(log("left", n * 350, format!("l{n}\n")));
        reports.push(log("right", n * 350 + 1, format!("r{n}\n")));
    }
    reports.extend([done("left", 0, 17_500), done("right", 1, 17_600)]);

    let text = shown(&["image"], one(reports));

    let switches = text.lines().filter(|line| line.ends_with(" ...")).count();
    assert_eq!(switches, 2, "{text}");
    for (number, letter) in [("#1", 'l'), ("#2", 'r')] {
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with(number))
            .filter_map(|line| line.split(' ').nth(2))
            .collect();
        let printed: Vec<String> = (1..50).map(|n| format!("{letter}{n}")).collect();
        assert_eq!(
            lines
                .into_iter()
                .filter(|line| line.starts_with(letter))
                .filter(|l| l.len() < 4)
                .collect::<Vec<_>>(),
            printed
        );
    }
}

#[test]
fn nothing_waits_for_reports_that_do_not_come() {
    let (mut progress, solves) = progress_of(&["image"]);
    progress.update(solves[0], done("load", 0, 10)).unwrap();
    progress.update(solves[0], started("run", 11)).unwrap();
    progress
        .update(solves[0], log("run", 20, "line\ncontinue? [y/N] "))
        .unwrap();

    let shown = |progress: &mut Progress<Vec<u8>>| {
        let text = std::mem::replace(progress, Progress::new(Mode::Plain, Vec::new()));
        text_of(text)
    };
    progress.idle().unwrap();
    progress.stalled().unwrap();
    progress.update(solves[0], log("run", 9000, "y\n")).unwrap();

    assert_eq!(
        shown(&mut progress),
        "#1 load\n#1 DONE 0.0s\n\n#2 run\n#2 0.009 line\n#2 0.009 continue? [y/N] \n#2 8.989 y\n"
    );
}

#[test]
fn an_idle_moment_shows_what_has_begun_and_no_line_without_end() {
    let (mut progress, solves) = progress_of(&["image"]);
    progress.update(solves[0], started("left", 0)).unwrap();
    progress.update(solves[0], started("right", 1)).unwrap();
    progress
        .update(solves[0], part("right", 2, 0, false))
        .unwrap();
    progress
        .update(solves[0], log("right", 3, "half a li"))
        .unwrap();

    progress.idle().unwrap();

    assert_eq!(
        text_of(progress),
        "#1 left\n#1 ...\n\n#2 right\n#2 layer 0B / 2.00MB\n"
    );
}

#[test]
fn a_line_without_end_is_shown_after_five_seconds_of_other_reports() {
    let mut reports = vec![started("dots", 0)];
    reports.extend((1..=12).map(|n| log("dots", n * 1000, ".")));

    assert_eq!(
        shown(&["image"], one(reports)),
        "#1 dots\n#1 1.000 ......\n#1 7.000 ......\n#1 INTERRUPTED\n"
    );
}

#[test]
fn what_is_reported_of_an_unknown_vertex_is_not_lost() {
    let text = shown(
        &["image"],
        one([log("late", 5, "first\n"), started("late", 0)]),
    );

    assert_eq!(text, "#1 sha256:late\n#1 0.000 first\n#1 INTERRUPTED\n");
}

#[test]
fn a_vertex_that_fails_before_it_starts_is_shown() {
    let never = Vertex {
        error: "no such source".into(),
        ..vertex("git", None, Some(5))
    };
    let canceled = Vertex {
        error: "context canceled".into(),
        ..vertex("other", None, Some(5))
    };

    let text = shown(
        &["image"],
        one([vertices(&[never, canceled, vertex("waits", None, None)])]),
    );

    assert_eq!(text, "#1 git\n#1 ERROR: no such source\n");
}

#[test]
fn control_characters_of_names_and_errors_are_not_shown() {
    let text = shown(
        &["ima\x1b[2Jge", "b"],
        one([vertices(&[failed(
            "RUN <<E\necho\x1b[31m\nE",
            0,
            5,
            "a\r\nb\x07",
        )])]),
    );

    assert_eq!(text, "#1 image: RUN <<E echo E\n#1 ERROR: a b\n");
}

#[test]
fn colours_are_shown_where_they_are_wanted() {
    let mut progress = Progress::new(Mode::Coloured, Vec::new());
    let solve = progress.add_solve("image");

    progress.update(solve, started("run", 0)).unwrap();
    progress
        .update(solve, log("run", 1, "\x1b[32mgreen\x1b[K\n"))
        .unwrap();
    progress
        .update(solve, vertices(&[failed("run", 0, 2, "no")]))
        .unwrap();
    progress.finish().unwrap();

    assert_eq!(
        text_of(progress),
        "\x1b[36m#1\x1b[0m \x1b[1mrun\x1b[0m\n\x1b[36m#1\x1b[0m 0.001 \x1b[32mgreen\x1b[0m\n\
         \x1b[36m#1\x1b[0m \x1b[31mERROR: no\x1b[0m\n"
    );
}

/// Accepts one write, then fails.
struct Broken(usize);

impl io::Write for Broken {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0 += 1;
        if self.0 > 1 {
            Err(io::ErrorKind::BrokenPipe.into())
        } else {
            Ok(buffer.len())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_writer_that_fails_is_left_alone_and_the_reports_are_still_taken() {
    let (sender, receiver) = channel(8);
    let mut progress = Progress::new(Mode::Plain, Broken(0));
    let solve = progress.add_solve("image");
    for status in [
        started("a", 0),
        log("a", 1, "x\n"),
        vertices(&[failed("a", 0, 2, "no")]),
    ] {
        sender.send((solve, status)).await.unwrap();
    }
    drop(sender);

    let (progress, written) = run(progress, receiver).await.unwrap();

    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let failed = progress.failed_steps();
    assert_eq!(
        (failed[0].name.as_str(), failed[0].tail.as_slice()),
        ("a", ["x".to_owned()].as_slice())
    );
    assert_eq!(progress.into_writer().0, 2);
}

#[tokio::test]
async fn the_runner_shows_what_waits_when_nothing_comes() {
    let (sender, receiver) = channel(8);
    let (reader, writer) = io::pipe().unwrap();
    let mut progress = Progress::new(Mode::Plain, writer);
    let solve = progress.add_solve("image");
    let shown = run(progress, receiver);
    sender.send((solve, done("load", 0, 10))).await.unwrap();

    let lines = tokio::task::spawn_blocking(move || {
        let mut lines = io::BufRead::lines(io::BufReader::new(reader));
        [lines.next(), lines.next()].map(|line| line.unwrap().unwrap())
    });

    assert_eq!(lines.await.unwrap(), ["#1 load", "#1 DONE 0.0s"]);
    drop(sender);
    shown.await.unwrap().1.unwrap();
}

#[test]
fn nothing_said_for_long_is_broken_by_what_runs_and_less_and_less_often() {
    let (mut progress, solves) = progress_of(&["image"]);
    progress.update(solves[0], started("RUN make", 0)).unwrap();
    progress
        .update(solves[0], started("RUN test", 1000))
        .unwrap();
    progress.idle().unwrap();
    for second in 0..300 {
        progress.tick(Duration::from_secs(second)).unwrap();
    }
    progress
        .update(solves[0], log("RUN make", 301_000, "at last\n"))
        .unwrap();
    for second in 0..20 {
        progress.tick(Duration::from_secs(second)).unwrap();
    }

    let text = text_of(progress);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("still"))
        .collect();
    assert_eq!(
        lines,
        [
            "still running: #1 RUN make for 16s, #2 RUN test for 15s",
            "still running: #1 RUN make for 31s, #2 RUN test for 30s",
            "still running: #1 RUN make for 1m01s, #2 RUN test for 1m00s",
            "still running: #1 RUN make for 2m01s, #2 RUN test for 2m00s",
            "still running: #1 RUN make for 4m01s, #2 RUN test for 4m00s",
            "still running: #1 RUN make for 5m16s, #2 RUN test for 5m15s",
        ]
    );
}

#[test]
fn account_names_steps_and_those_that_took_long() {
    let (mut progress, solves) = progress_of(&["image"]);
    for status in [
        vertices(&[cached("FROM base", 0)]),
        done("COPY", 0, 900),
        done("RUN make", 0, 5000),
        done("RUN test", 0, 1000),
        done("RUN a", 0, 2000),
        done("RUN b", 0, 2000),
    ] {
        progress.update(solves[0], status).unwrap();
    }
    progress.finish().unwrap();

    let account = progress.account();
    assert_eq!((account.steps, account.cached, account.warnings), (6, 1, 0));
    let slowest: Vec<_> = (account.slowest.iter())
        .map(|step| (step.number, step.name.as_str(), step.duration.as_millis()))
        .collect();
    assert_eq!(
        slowest,
        [
            (3, "RUN make", 5000),
            (5, "RUN a", 2000),
            (6, "RUN b", 2000)
        ]
    );
}

#[test]
fn steps_that_print_side_by_side_are_shown_in_blocks() {
    for between in [100, 400, 1000] {
        let (mut progress, solves) = progress_of(&["image"]);
        let names = ["RUN a", "RUN b", "RUN c", "RUN d"];
        for name in names {
            progress.update(solves[0], started(name, 0)).unwrap();
        }
        for line in 0..30 {
            for (step, name) in names.into_iter().enumerate() {
                let time = line * between + step as u64 * between / 4;
                let text = format!("line {line}\n");
                progress.update(solves[0], log(name, time, text)).unwrap();
            }
        }
        for name in names {
            progress
                .update(solves[0], done(name, 0, 30 * between))
                .unwrap();
        }
        progress.finish().unwrap();

        let text = text_of(progress);
        let is_heading = |line: &&str| names.iter().any(|name| line.ends_with(name));
        let headings = text.lines().filter(is_heading).count();
        assert!(
            headings <= 16,
            "{headings} headings every {between} ms:\n{text}"
        );
        assert!(text.lines().count() <= 180, "every {between} ms:\n{text}");
    }
}
