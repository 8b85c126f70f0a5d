//! `oci-image validate` of one request, cold: what an editor or a hook before a commit waits for, against the cheapest process
//! there is; and of many, one after the other.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    error::BenchError,
    measure,
    pair::{Comparison, Goal, Pair},
    setting::Setting,
};

/// A millisecond is easily disturbed, and cheap to repeat.
const ROUNDS: usize = 101;
/// Few, because each is a whole pile of requests.
const PILE_ROUNDS: usize = 5;
/// How many requests make a pile, and how long each is at least, in bytes.
const PILE: usize = 200;
const LONG: usize = 100 << 10;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let dir = setting.fresh_dir("validate")?;
    let write = |name: &str, text: &str| -> Result<PathBuf, BenchError> {
        let path = dir.join(name);
        fs::write(&path, text).map_err(BenchError::file("write", &path))?;
        Ok(path)
    };
    let json = [write(
        "small.json",
        r#"{"context": ".", "output": "image", "build_args": ["VERSION=1.10"]}"#,
    )?];
    let yaml = [write(
        "small.yml",
        "context: .\noutput: image\nbuild_args: [VERSION=1.10]\n",
    )?];
    let pile = |extension: &str| -> Result<Vec<PathBuf>, BenchError> {
        let text = long(extension);
        (0..PILE)
            .map(|number| write(&format!("{number}.{extension}"), &text))
            .collect()
    };
    let (json_pile, yaml_pile) = (pile("json")?, pile("yml")?);
    let ours = |files: &[PathBuf]| {
        let mut command = Command::new(&setting.product);
        command.arg("validate").args(files).stdin(Stdio::null());
        measure::run(&mut command, &setting.log("oci-image"))
    };
    let nothing = || {
        measure::run(
            Command::new("/bin/true").stdin(Stdio::null()),
            &setting.log("true"),
        )
    };
    let cold = |files: &[PathBuf]| Pair::in_turn(ROUNDS, || ours(files), nothing);
    // The times themselves are the figures of interest: a request is to take less than 100 ms.
    let many = |files: &[PathBuf]| Pair::in_turn(PILE_ROUNDS, || ours(files), || ours(&files[..1]));
    Ok(vec![
        small_row(
            "validate a small request in JSON, the whole process",
            cold(&json)?,
        ),
        small_row(
            "validate a small request in YAML, the whole process",
            cold(&yaml)?,
        ),
        pile_row(
            "validate 200 requests of 100 KiB in JSON",
            many(&json_pile)?,
        ),
        pile_row(
            "validate 200 requests of 100 KiB in YAML",
            many(&yaml_pile)?,
        ),
    ])
}

fn small_row(what: &'static str, pair: Pair) -> Comparison {
    Comparison {
        what,
        against: "`/bin/true`",
        pair,
        goal: Goal::Ratio(3.0),
    }
}

fn pile_row(what: &'static str, pair: Pair) -> Comparison {
    Comparison {
        what,
        against: "one of them",
        pair,
        goal: Goal::Ratio(200.0),
    }
}

/// A sound request of about [`LONG`] bytes: labels and build arguments.
fn long(extension: &str) -> String {
    let (open, close) = if extension == "json" {
        (
            "{\"context\": \".\", \"output\": \"image\", \"labels\": [",
            "]}",
        )
    } else {
        ("context: .\noutput: image\nlabels: [", "]\n")
    };
    let labels: Vec<String> = (0..LONG / 100)
        .map(|number| format!("\"org.example.label{number:06}={}\"", "v".repeat(70)))
        .collect();
    format!("{open}{}{close}", labels.join(",\n  "))
}
