//! A frame: what runs at a moment, as lines of a terminal.
//!
//! ```text
//! #7 [build 2/4] RUN make                            12.3s
//!    cc -c foo.c
//!    cc -c bar.c
//! #8 [internal] load build context                    2.1s
//!    transferring context 12.01MB, 5.72MB/s
//! building 14.2s, 7 of 12 steps are done, 3 of them cached
//! ```
//!
//! Reads, writes: nothing. Unknown here: how it is drawn.

use std::time::{Duration, SystemTime};

use console::{measure_text_width, truncate_str};

use super::size::Size;
use crate::amount;
use crate::colour::{BOLD, Colours};
use crate::event::Advance;
use crate::part::since;
use crate::plain::introduction;
use crate::step::Step;
use crate::trace::Trace;

/// How many rows all steps have at most, on however large a terminal.
const MOST_ROWS: usize = 30;
/// How many rows one step has below its name at most.
const MOST_DETAILS: usize = 6;
/// Beyond this width what stands at the end of a line would be too far from its beginning.
const MOST_COLUMNS: usize = 120;
/// What is shown of a name at least, however long that stands at the end.
const LEAST_NAME: usize = 8;
/// How many characters a bar has.
const BAR: usize = 20;
/// How far the details of a step stand in.
const INDENT: &str = "   ";
/// What stands behind what is cut off.
const CUT: &str = "…";

/// What runs at `now`, as lines that are no longer than the terminal's.
pub(super) fn frame(
    trace: &Trace,
    colours: Colours,
    begun: SystemTime,
    now: SystemTime,
    size: Size,
) -> Vec<String> {
    let width = usize::from(size.columns).saturating_sub(1).max(1);
    // One row is the summary's, and one the cursor's.
    let rows = usize::from(size.rows).saturating_sub(2).clamp(1, MOST_ROWS);
    let mut running = trace.running();
    let more = match running.len() {
        count if count > rows => count - (rows - 1),
        _ => 0,
    };
    running.truncate(running.len() - more);
    let room = rows - running.len() - usize::from(more > 0);
    let details = (room / running.len().max(1)).min(MOST_DETAILS);
    let mut lines = Vec::new();
    for step in running {
        let name = introduction(colours, trace, step);
        let clock = amount::seconds(step.elapsed(now));
        lines.push(fit(&beside(&name, &clock, size.columns), width));
        let below = below(step, details);
        lines.extend(
            below
                .iter()
                .map(|line| fit(&format!("{INDENT}{line}"), width)),
        );
    }
    if more > 0 {
        lines.push(fit(&format!("{INDENT}and {more} more"), width));
    }
    lines.push(fit(&summary(trace, colours, since(begun, now)), width));
    lines
}

/// A name, and at the end of its line something else; as much of the name as there is room for.
pub(super) fn beside(name: &str, end: &str, columns: u16) -> String {
    let width = usize::from(columns).clamp(2, MOST_COLUMNS) - 1;
    let room = width.saturating_sub(measure_text_width(end) + 1);
    let name = fit(name, room.max(LEAST_NAME));
    let gap = room.saturating_sub(measure_text_width(&name));
    format!("{name} {:gap$}{end}", "")
}

/// What a step does: its transfers, then the end of its log.
fn below(step: &Step, most: usize) -> Vec<String> {
    let parts = step.parts.iter().filter_map(|part| part.under_way());
    let mut lines: Vec<String> = parts.take(most).map(|part| transfer(&part)).collect();
    let log: Vec<&str> = step.tail.lines().collect();
    let shown = log.len().min(most - lines.len());
    lines.extend(
        log[log.len() - shown..]
            .iter()
            .map(|line| (*line).to_owned()),
    );
    lines
}

/// How far a transfer is, how fast, and when it will be done if it goes on so.
fn transfer(part: &Advance) -> String {
    let mut text = part.name.clone();
    if part.total > 0 {
        let fraction = (part.current as f64 / part.total as f64).clamp(0.0, 1.0);
        let full = (fraction * BAR as f64) as usize;
        text.push_str(&format!(
            " [{}{}] {} / {}",
            "#".repeat(full),
            "-".repeat(BAR - full),
            amount::bytes(part.current),
            amount::bytes(part.total),
        ));
    } else if part.current > 0 {
        text.push_str(&format!(" {}", amount::bytes(part.current)));
    }
    let elapsed = part.elapsed.unwrap_or_default().as_secs_f64();
    if elapsed < 1.0 || part.current <= 0 {
        return text;
    }
    let rate = part.current as f64 / elapsed;
    text.push_str(&format!(", {}/s", amount::bytes(rate as i64)));
    if part.total > part.current {
        let left = Duration::from_secs_f64((part.total - part.current) as f64 / rate);
        text.push_str(&format!(", {} left", amount::seconds(left)));
    }
    text
}

/// How far the build is.
fn summary(trace: &Trace, colours: Colours, elapsed: Duration) -> String {
    let steps = trace.steps();
    let done = steps.iter().filter(|step| step.ended.is_some()).count();
    let cached = steps.iter().filter(|step| step.was_cached()).count();
    let title = colours.paint(BOLD, &format!("building {}", amount::seconds(elapsed)));
    format!(
        "{title}, {done} of {} steps are done, {cached} of them cached",
        steps.len()
    )
}

/// A line as far as it fits. Tabs would be wider than they are counted.
fn fit(line: &str, width: usize) -> String {
    truncate_str(&line.replace('\t', "    "), width, CUT).into_owned()
}
