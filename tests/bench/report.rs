//! The table that people read, and the files that keep every figure.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    error::BenchError,
    measure::Sample,
    pair::{Comparison, Goal, highest_peak, median_wall},
    setting::Setting,
};

/// The most memory that `oci-image` itself may have resident, in every case.
const PEAK_GOAL: u64 = 64 << 20;

/// Writes all figures of a case to `target/bench/NAME.json`.
pub(crate) fn save(
    setting: &Setting,
    name: &str,
    comparisons: &[Comparison],
) -> Result<(), BenchError> {
    let at = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let document = json!({
        "case": name,
        "unix_time": at,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "comparisons": comparisons.iter().map(figures).collect::<Vec<Value>>(),
    });
    let file = setting.dir.join(format!("{name}.json"));
    fs::write(&file, format!("{document:#}\n")).map_err(BenchError::file("write", file))
}

/// Prints the table to standard output.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
pub(crate) fn print(comparisons: &[Comparison]) {
    print!("{}", table(comparisons));
}

fn table(comparisons: &[Comparison]) -> String {
    let mut text = String::from(
        "| what | `oci-image` | the other side | ratio | goal | |\n| --- | ---: | ---: | ---: | ---: | --- |\n",
    );
    for comparison in comparisons {
        text.push_str(&time_row(comparison));
    }
    for comparison in comparisons {
        if highest_peak(&comparison.pair.ours) > 0 {
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
            | peak memory: a build | 65.0 MiB | 30.0 MiB |  | <= 64.0 MiB | **missed** |\n";
        assert_eq!(table(&[comparison]), expected);
    }
}
