//! The live display, as the cells of a terminal.

use std::io::{self, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use oci_image_progress::{Mode, Progress, Screen, Size, SolveId};

use crate::reports::{done, log, part, started};

/// How long a screen may take until it shows what it is to show.
const DEADLINE: Duration = Duration::from_secs(20);

fn parser(rows: u16, columns: u16) -> vt100::Parser {
    let some = |count| NonZero::new(count).unwrap();
    vt100::Parser::new(some(rows), some(columns), 0)
}

/// A terminal that remembers what it shows.
#[derive(Clone)]
struct Glass(Arc<(Mutex<vt100::Parser>, Condvar)>);

impl Glass {
    fn new(size: Size) -> Self {
        let parser = parser(size.rows, size.columns);
        Self(Arc::new((Mutex::new(parser), Condvar::new())))
    }

    fn rows(&self) -> Vec<String> {
        rows_of(&self.parser())
    }

    fn parser(&self) -> MutexGuard<'_, vt100::Parser> {
        self.0.0.lock().unwrap()
    }

    /// Waits until exactly these rows are seen; in them `?` stands for any digit.
    fn shows(&self, rows: &[&str]) {
        let is_any = |(seen, wanted): (char, char)| {
            seen == wanted || (wanted == '?' && seen.is_ascii_digit())
        };
        let is_seen = |(seen, wanted): (&String, &&str)| {
            seen.chars().count() == wanted.chars().count()
                && seen.chars().zip(wanted.chars()).all(is_any)
        };
        let is_shown =
            |seen: &[String]| seen.len() == rows.len() && seen.iter().zip(rows).all(is_seen);
        self.until(is_shown);
    }

    /// Waits until what is seen is so.
    fn until(&self, is_so: impl Fn(&[String]) -> bool) {
        let (parser, drawn) = &*self.0;
        let is_not = |parser: &mut vt100::Parser| !is_so(&rows_of(parser));
        let waited = drawn.wait_timeout_while(parser.lock().unwrap(), DEADLINE, is_not);
        let (parser, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "{:#?}", rows_of(&parser));
    }
}

/// What a terminal shows, without blanks at the ends of rows and rows at its end.
fn rows_of(parser: &vt100::Parser) -> Vec<String> {
    let (_, columns) = parser.screen().size();
    let mut rows: Vec<String> = (parser.screen().rows(0, columns.get()))
        .map(|row| row.trim_end().to_owned())
        .collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}

impl Write for Glass {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.parser().process(bytes);
        self.0.1.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Live = Progress<Box<dyn Write + Send>>;

/// A live display of one solve for each target, in a terminal of that width.
fn live(columns: u16, targets: &[&str]) -> (Glass, Screen, Live, Vec<SolveId>) {
    live_in(Mode::Plain, columns, targets)
}

fn live_in(mode: Mode, columns: u16, targets: &[&str]) -> (Glass, Screen, Live, Vec<SolveId>) {
    let size = Size { columns, rows: 24 };
    let glass = Glass::new(size);
    let screen = Screen::new(Box::new(glass.clone()), move || size).unwrap();
    let mut progress = Progress::live(mode, screen.clone());
    let solves = targets
        .iter()
        .map(|name| progress.add_solve(name))
        .collect();
    (glass, screen, progress, solves)
}

#[test]
fn what_runs_is_redrawn_and_what_has_ended_leaves_a_line() {
    let (glass, _, mut progress, solves) = live(80, &["image"]);
    let solve = solves[0];

    progress.update(solve, started("RUN make", 0)).unwrap();
    progress
        .update(solve, log("RUN make", 500, "cc a.c\ncc b.c\n"))
        .unwrap();
    progress.update(solve, started("FROM base", 100)).unwrap();
    progress
        .update(solve, part("FROM base", 2000, 500_000, false))
        .unwrap();
    let bar = "   layer [#####---------------] 500.00kB / 2.00MB, 250.00kB/s, 6.0s left";
    glass.shows(&[
        "#1 RUN make                                                                2.0s",
        "   cc a.c",
        "   cc b.c",
        "#2 FROM base                                                               1.9s",
        bar,
        "building 2.0s, 0 of 2 steps are done, 0 of them cached",
    ]);

    progress.tick(Duration::from_millis(700)).unwrap();
    glass.shows(&[
        "#1 RUN make                                                                2.7s",
        "   cc a.c",
        "   cc b.c",
        "#2 FROM base                                                               2.6s",
        bar,
        "building 2.7s, 0 of 2 steps are done, 0 of them cached",
    ]);

    progress.update(solve, done("RUN make", 0, 3000)).unwrap();
    progress.idle().unwrap();
    glass.shows(&[
        "#1 RUN make                                                           DONE 3.0s",
        "#2 FROM base                                                               2.9s",
        bar,
        "building 3.0s, 1 of 2 steps are done, 0 of them cached",
    ]);

    progress
        .update(solve, done("FROM base", 100, 3100))
        .unwrap();
    progress.finish().unwrap();
    assert_eq!(
        glass.rows(),
        [
            "#1 RUN make                                                           DONE 3.0s",
            "#2 FROM base                                                          DONE 3.0s",
        ]
    );
}

#[test]
fn colours_take_no_room() {
    for mode in [Mode::Plain, Mode::Coloured] {
        let (glass, _, mut progress, solves) = live_in(mode, 40, &["image"]);
        let long = format!("RUN {}", "long ".repeat(40));
        for step in 1..6_u64 {
            let name = format!("{step} {long}");
            progress.update(solves[0], started(&name, step)).unwrap();
            let said = format!("\x1b[31m{}\x1b[0m\n", "red ".repeat(40));
            progress.update(solves[0], log(&name, step, said)).unwrap();
            glass.shows(
                &[
                    &[][..],
                    &vec!["#? ? RUN long long long long… DONE 0.0s"; step as usize - 1],
                    &["#? ? RUN long long long long long… 0.0s"],
                    &["   red red red red red red red red red…"],
                    &["building 0.0s, ? of ? steps are done, …"],
                ]
                .concat(),
            );
            progress
                .update(solves[0], done(&name, step, step + 1))
                .unwrap();
            progress.idle().unwrap();
        }
        progress.finish().unwrap();
        assert_eq!(glass.rows().len(), 5, "{:#?}", glass.rows());
    }
}

#[test]
fn what_others_say_stands_above_and_after_the_end_is_said_by_them() {
    let (glass, screen, mut progress, solves) = live(80, &["image"]);
    progress.update(solves[0], started("RUN make", 0)).unwrap();

    assert!(screen.print("warning: something\n"));
    glass.shows(&[
        "warning: something",
        "#1 RUN make                                                                0.0s",
        "building 0.0s, 0 of 1 steps are done, 0 of them cached",
    ]);
    drop(progress); // as when a build is stopped

    assert_eq!(glass.rows(), ["warning: something"]);
    assert!(!screen.print("too late\n"));
}

#[test]
fn no_escape_of_a_process_reaches_the_terminal_and_nothing_is_wider_than_it() {
    for columns in [20, 80, 500] {
        let (glass, _, mut progress, solves) = live(columns, &["image"]);
        let solve = solves[0];
        let name =
            "RUN 印刷 \u{202e}gnp.exe\x1b[2J\x07 and much more of it, far beyond a narrow terminal";
        progress.update(solve, started(name, 0)).unwrap();
        let hostile = "\x1b[2J\x1b[H\x1b]0;title\x07\x1b[?1049hgone?\t\u{1f469}\u{200d}\u{1f52c} 漢字 e\u{301}\n";
        progress
            .update(solve, log(name, 10, hostile.repeat(9)))
            .unwrap();
        // An earlier frame has the step alone.
        glass.until(|rows| rows.iter().any(|row| row.contains("gone?")));

        let rows = glass.rows();
        assert!(
            rows.iter().any(|row| row.starts_with("building")),
            "{rows:#?}"
        );
        assert!(rows[0].starts_with("#1 RUN 印刷"), "{rows:#?}");
        assert!(
            rows.iter().filter(|row| row.contains("gone?")).count() == 6,
            "{rows:#?}"
        );
        assert_eq!(rows.len(), 8, "{rows:#?}");
        progress.update(solve, done(name, 0, 20)).unwrap();
        progress.finish().unwrap();
        assert_eq!(glass.rows().len(), 1, "{:#?}", glass.rows());
        let parser = glass.parser();
        assert!(!parser.screen().alternate_screen());
        assert!(!parser.screen().hide_cursor());
    }
}

#[test]
fn more_steps_than_rows_are_counted() {
    let (glass, _, mut progress, solves) = live(80, &["image"]);
    for step in 0..40 {
        progress
            .update(solves[0], started(&format!("step {step}"), 0))
            .unwrap();
    }

    glass.until(|rows| rows.get(21).is_some_and(|row| row == "   and 19 more"));
    assert_eq!(glass.rows().len(), 23);
    progress.finish().unwrap();
    assert!(
        glass
            .rows()
            .iter()
            .all(|row| row.is_empty() || row.contains("INTERRUPTED"))
    );
}

#[test]
fn targets_stand_side_by_side() {
    let (glass, _, mut progress, solves) = live(60, &["server", "image"]);
    progress.update(solves[0], started("RUN a", 0)).unwrap();
    progress.update(solves[1], started("RUN b", 0)).unwrap();
    progress
        .update(progress.own(), started("compressing layers", 0))
        .unwrap();

    glass.shows(&[
        "#1 server: RUN a                                       0.0s",
        "#2 image: RUN b                                        0.0s",
        "#3 compressing layers                                  0.0s",
        "building 0.0s, 0 of 3 steps are done, 0 of them cached",
    ]);
}

/// A terminal that takes nothing until it is told.
struct Stuck(Receiver<()>, Glass);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // An error: it takes everything from now on.
        let _ = self.0.recv();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nobody_waits_for_a_terminal_that_is_slow() {
    let size = Size {
        columns: 80,
        rows: 24,
    };
    let glass = Glass::new(size);
    let (free, waits): (Sender<()>, _) = channel();
    let screen = Screen::new(Box::new(Stuck(waits, glass.clone())), move || size).unwrap();
    let mut progress = Progress::live(Mode::Plain, screen);
    let solve = progress.add_solve("image");

    // It has not taken a byte when all of this is done.
    for step in 0..100 {
        let name = format!("step {step}");
        progress.update(solve, started(&name, step)).unwrap();
        progress
            .update(solve, log(&name, step, "line\n".repeat(1000)))
            .unwrap();
        progress.update(solve, done(&name, step, step + 1)).unwrap();
        progress.idle().unwrap();
    }
    drop(free);
    progress.finish().unwrap();

    let rows = glass.rows();
    assert!(
        rows.last().unwrap().starts_with("#100 step 99"),
        "{rows:#?}"
    );
}

#[test]
fn terminal_that_becomes_narrower_keeps_nothing_of_what_does_not_stay() {
    let glass = Glass::new(Size {
        columns: 80,
        rows: 24,
    });
    let columns = Arc::new(Mutex::new(80));
    let seen = Arc::clone(&columns);
    let size = move || Size {
        columns: *seen.lock().unwrap(),
        rows: 24,
    };
    let screen = Screen::new(Box::new(glass.clone()), size).unwrap();
    let mut progress = Progress::live(Mode::Plain, screen);
    let solve = progress.add_solve("image");
    progress.update(solve, started("RUN make", 0)).unwrap();
    glass.shows(&[
        "#1 RUN make                                                                0.0s",
        "building 0.0s, 0 of 1 steps are done, 0 of them cached",
    ]);

    // A terminal folds what it shows; this one forgets, so it is shown anew what it would have.
    *columns.lock().unwrap() = 40;
    *glass.parser() = parser(24, 40);
    let folded = "#1 RUN make                             \r\n                                   0.0s\r\nbuilding 0.0s, 0 of 1 steps are done, 0 o\r\nf them cached\r";
    glass
        .clone()
        .write_all(folded.replace("0 o\r\n", "0 \r\no").as_bytes())
        .unwrap();
    progress.tick(Duration::from_secs(1)).unwrap();

    glass.shows(&[
        "#1 RUN make                        1.0s",
        "building 1.0s, 0 of 1 steps are done, …",
    ]);
}
