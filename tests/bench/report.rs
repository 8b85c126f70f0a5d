//! The table that people read, and the files that keep every figure.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    error::BenchError,
    figure::{Amount, Figure, Row},
    measure::Sample,
    pair::{Comparison, Goal, highest_peak, median_wall},
    setting::Setting,
};

/// The most memory that `oci-image` itself may have resident, in every case.
const PEAK_GOAL: u64 = 64 << 20;

/// Writes all figures of a case to `target/bench/NAME.json`.
pub(crate) fn save(setting: &Setting, name: &str, rows: &[Row]) -> Result<(), BenchError> {
    let at = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let document = json!({
        "case": name,
        "unix_time": at,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "rows": rows.iter().map(row_figures).collect::<Vec<Value>>(),
    });
    let file = setting.dir.join(format!("{name}.json"));
    fs::write(&file, format!("{document:#}\n")).map_err(BenchError::file("write", file))
}

/// Prints the table to standard output.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
pub(crate) fn print(rows: &[Row]) {
    print!("{}", table(rows));
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | `oci-image` | the other side | ratio | goal | |\n| --- | ---: | ---: | ---: | ---: | --- |\n",
    );
    for row in rows {
        text.push_str(&match row {
            Row::Compared(comparison) => time_row(comparison),
            Row::Alone(figure) => figure_row(figure),
        });
    }
    for row in rows {
        if let Row::Compared(comparison) = row
            && highest_peak(&comparison.pair.ours) > 0
        {
            text.push_str(&memory_row(comparison));
        }
    }
    text
}

fn time_row(comparison: &Comparison) -> String {
    let goal = match comparison.goal {
        Goal::Ratio(most) => format!("{most}x"),
        Goal::Within(most) => time(most),
    };
    format!(
        "| {} | {} | {}: {} | {:.2}x | <= {goal} | {} |\n",
        comparison.what,
        time(median_wall(&comparison.pair.ours)),
        comparison.against,
        time(median_wall(&comparison.pair.theirs)),
        comparison.pair.ratio(),
        mark(comparison.is_met()),
    )
}

fn figure_row(figure: &Figure) -> String {
    format!(
        "| {} | {} |  |  | {} | {} |\n",
        figure.what,
        amount(figure.amount),
        (figure.goal).map_or_else(String::new, |goal| format!("<= {}", amount(goal))),
        figure.is_met().map_or("", mark),
    )
}

/// Less than this is told in KiB.
const MEBIBYTE: u64 = 1 << 20;

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Time(duration) => time(duration),
        Amount::Size(bytes @ ..MEBIBYTE) => format!("{} KiB", bytes.div_ceil(1 << 10)),
        Amount::Size(bytes) => mebibytes(bytes),
    }
}

fn memory_row(comparison: &Comparison) -> String {
    let peak = highest_peak(&comparison.pair.ours);
    format!(
        "| peak memory: {} | {} | {} |  | <= {} | {} |\n",
        comparison.what,
        mebibytes(peak),
        mebibytes(highest_peak(&comparison.pair.theirs)),
        mebibytes(PEAK_GOAL),
        mark(peak <= PEAK_GOAL),
    )
}

fn mark(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

fn time(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1e3;
    match milliseconds {
        ..1.0 => format!("{:.0} µs", milliseconds * 1e3),
        ..10.0 => format!("{milliseconds:.2} ms"),
        ..1000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.2} s", milliseconds / 1e3),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a figure for people, with one decimal place"
)]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn row_figures(row: &Row) -> Value {
    match row {
        Row::Compared(comparison) => figures(comparison),
        Row::Alone(figure) => json!({
            "what": figure.what,
            "amount": amount_figure(figure.amount),
            "goal": figure.goal.map(amount_figure),
        }),
    }
}

fn amount_figure(amount: Amount) -> Value {
    match amount {
        Amount::Time(duration) => json!({"wall_s": duration.as_secs_f64()}),
        Amount::Size(bytes) => json!({"bytes": bytes}),
    }
}

fn figures(comparison: &Comparison) -> Value {
    json!({
        "what": comparison.what,
        "against": comparison.against,
        "goal": match comparison.goal {
            Goal::Ratio(most) => json!({"ratio": most}),
            Goal::Within(most) => json!({"wall_s": most.as_secs_f64()}),
        },
        "ratio": comparison.pair.ratio(),
        "ours": comparison.pair.ours.iter().map(figure).collect::<Vec<Value>>(),
        "theirs": comparison.pair.theirs.iter().map(figure).collect::<Vec<Value>>(),
    })
}

fn figure(sample: &Sample) -> Value {
    json!({
        "wall_s": sample.wall.as_secs_f64(),
        "cpu_s": sample.cpu.as_secs_f64(),
        "peak_bytes": sample.peak,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::Pair;

    #[test]
    fn table_marks_each_goal_as_met_or_missed() {
        let sample = |milliseconds, mebibytes: u64| Sample {
            wall: Duration::from_millis(milliseconds),
            cpu: Duration::ZERO,
            peak: mebibytes << 20,
        };
        let comparison = Comparison {
            what: "a build",
            against: "by hand",
            pair: Pair {
                ours: vec![sample(750, 65)],
                theirs: vec![sample(1500, 30)],
            },
            goal: Goal::Ratio(0.7),
        };

        let expected = "\
            | what | `oci-image` | the other side | ratio | goal | |\n\
            | --- | ---: | ---: | ---: | ---: | --- |\n\
            | a build | 750 ms | by hand: 1.50 s | 0.50x | <= 0.7x | met |\n\
            | a plan | 45 µs |  |  | <= 50 µs | met |\n\
            | a page | 512 KiB |  |  |  |  |\n\
            | peak memory: a build | 65.0 MiB | 30.0 MiB |  | <= 64.0 MiB | **missed** |\n";
        let alone = |what: &str, amount, goal| {
            Row::Alone(Figure {
                what: what.to_owned(),
                amount,
                goal,
            })
        };
        let time = |microseconds| Amount::Time(Duration::from_micros(microseconds));
        let rows = [
            Row::Compared(comparison),
            alone("a plan", time(45), Some(time(50))),
            alone("a page", Amount::Size(1 << 19), None),
        ];
        assert_eq!(table(&rows), expected);
    }
}
