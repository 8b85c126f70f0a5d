//! `oci-image validate` of requests that are large in one way, each against one of half the size: work that grows with the
//! size gives 2, and work that grows with its square gives 4.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    error::BenchError,
    measure::{self, Sample},
    pair::{Comparison, Goal, Pair},
    setting::Setting,
};

const ROUNDS: usize = 3;
/// The half of the first size, in bytes.
const SMALLEST: usize = 64 << 10;

/// The names of a way's sizes.
macro_rules! named {
    ($way:literal) => {
        [
            concat!("validate ", $way, ", 128 KiB"),
            concat!("validate ", $way, ", 256 KiB"),
            concat!("validate ", $way, ", 512 KiB"),
            concat!("validate ", $way, ", 1 MiB"),
            concat!("validate ", $way, ", 2 MiB"),
        ]
    };
}

/// A way to be large: the names of its sizes, the file's extension, and a request of about so many bytes.
struct Way {
    names: [&'static str; 5],
    extension: &'static str,
    request: fn(usize) -> String,
}

const WAYS: &[Way] = &[
    Way {
        names: named!("a deep list in JSON"),
        extension: "json",
        request: |bytes| with("labels", &nested(bytes)),
    },
    Way {
        names: named!("a wide list in JSON"),
        extension: "json",
        request: |bytes| with("labels", &format!("[{}]", repeated("\"a=1\"", bytes))),
    },
    Way {
        names: named!("one key again and again in JSON"),
        extension: "json",
        request: |bytes| format!("{{{}}}", repeated("\"target\":\"a\"", bytes)),
    },
    Way {
        names: named!("a long string in JSON"),
        extension: "json",
        request: |bytes| with("target", &format!("\"{}\"", "\\u0041".repeat(bytes / 6))),
    },
    Way {
        names: named!("a wide list in YAML"),
        extension: "yml",
        request: |bytes| format!("labels:\n{}", "- a=1\n".repeat(bytes / 6)),
    },
    Way {
        names: named!("one key again and again in YAML"),
        extension: "yml",
        request: |bytes| "target: a\n".repeat(bytes / 10),
    },
    Way {
        names: named!("a long scalar of many lines in YAML"),
        extension: "yml",
        request: |bytes| format!("target: |\n{}", "  é a line\n".repeat(bytes / 12)),
    },
    Way {
        names: named!("a list on one line in YAML"),
        extension: "yml",
        request: |bytes| format!("labels: [{}]\n", repeated("a=1", bytes)),
    },
    Way {
        names: named!("anchors and aliases in YAML"),
        extension: "yml",
        request: |bytes| format!("labels:\n{}", "- &a b=c\n- *a\n".repeat(bytes / 14)),
    },
    Way {
        names: named!("open brackets in YAML"),
        extension: "yml",
        request: |bytes| "[".repeat(bytes),
    },
];

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let dir = setting.fresh_dir("pathological")?;
    let mut comparisons = Vec::new();
    for way in WAYS {
        for (index, what) in way.names.into_iter().enumerate() {
            let half = SMALLEST << index;
            let [large, small] = [2 * half, half].map(|bytes| write(&dir, way, bytes));
            let (large, small) = (large?, small?);
            let pair = Pair::in_turn(
                ROUNDS,
                || validate(setting, &large),
                || validate(setting, &small),
            )?;
            comparisons.push(Comparison {
                what,
                against: "half the size",
                pair,
                goal: Goal::Ratio(2.2),
            });
        }
    }
    Ok(comparisons)
}

fn write(dir: &Path, way: &Way, bytes: usize) -> Result<PathBuf, BenchError> {
    let path = dir.join(format!("{bytes}.{}", way.extension));
    fs::write(&path, (way.request)(bytes)).map_err(BenchError::file("write", &path))?;
    Ok(path)
}

/// One run, whose exit status says that the request is wrong: that is no failure here.
fn validate(setting: &Setting, request: &Path) -> Result<Sample, BenchError> {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "\"$0\" validate \"$1\"; test $? -le 2"])
        .arg(&setting.product)
        .arg(request)
        .stdin(Stdio::null());
    measure::run(&mut command, &setting.log("oci-image"))
}

fn with(key: &str, value: &str) -> String {
    format!("{{\"context\": \".\", \"output\": \"image\", \"{key}\": {value}}}")
}

fn repeated(item: &str, bytes: usize) -> String {
    vec![item; bytes / (item.len() + 1)].join(",")
}

fn nested(bytes: usize) -> String {
    format!("{}{}", "[".repeat(bytes / 2), "]".repeat(bytes / 2))
}
