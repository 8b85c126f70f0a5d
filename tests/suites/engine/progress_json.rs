//! `build --progress json`: every line on standard error is a JSON object as `oci-image-progress.schema.json` has it, however the
//! build ends.

use std::fs;

use oci_image_schema::json_schema;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// Builds; gives what it ended with, and its lines.
fn build(place: &Workplace, object: &Value, status: i32) -> (Run, Vec<Value>) {
    let root = place.root().display().to_string();
    let arguments = ["build", "--root", &root, "--progress", "json"];
    let run = place.send(&arguments, object).expect(status);
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let lines: Vec<Value> = run.stderr.lines().map(parse).collect();
    let schema = jsonschema::draft7::new(&json_schema::progress()).unwrap();
    for line in &lines {
        let mistakes: Vec<String> = schema
            .iter_errors(line)
            .map(|error| error.to_string())
            .collect();
        assert!(mistakes.is_empty(), "{line}: {mistakes:?}");
    }
    (run, lines)
}

fn of<'l>(lines: &'l [Value], event: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

#[test]
fn daemon_that_talks_is_among_the_lines() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY Dockerfile /\n");

    let object = json!({"context": "context", "output": "image", "debug": true});
    let (_, lines) = build(&place, &object, 0);

    let talks = |line: &&Value| {
        line["line"]
            .as_str()
            .is_some_and(|line| line.contains("level=debug"))
    };
    assert!(of(&lines, "daemon").iter().any(talks), "{lines:#?}");
    assert!(of(&lines, "error").is_empty());
}

#[test]
fn failed_step_ends_with_an_error_that_holds_the_report() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo said; exit 7\n");
    fs::remove_dir(place.path("image")).unwrap();

    let object = json!({"context": "context", "output": "image", "cache": true});
    let (_, lines) = build(&place, &object, 1);

    let remarks: Vec<_> = of(&lines, "diagnostic")
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(remarks, ["cache-missing", "not-exported"]);
    assert_eq!(of(&lines, "log")[0]["line"], "said");
    let error = lines.last().unwrap();
    assert_eq!(
        (&error["event"], &error["status"]),
        (&json!("error"), &json!(1))
    );
    assert_eq!(error["message"], "the build failed");
    let report = error["report"].as_str().unwrap();
    for part in ["RUN echo said; exit 7", "exit code: 7"] {
        assert!(report.contains(part), "{report}");
    }
}

#[test]
fn every_mistake_of_a_request_is_a_line_with_its_place() {
    let place = Workplace::new();

    let object = json!({"context": "context", "outptu": "image", "labels": ["a b"]});
    let (run, lines) = build(&place, &object, 2);

    let mistakes = of(&lines, "diagnostic");
    assert_eq!(mistakes.len(), lines.len() - 1, "{}", run.stderr);
    assert!(mistakes.len() >= 3, "{}", run.stderr);
    for mistake in mistakes {
        assert_eq!(mistake["file"], "<stdin>");
        assert_eq!(mistake["start"]["line"], 1);
    }
    let error = lines.last().unwrap();
    assert_eq!(error["status"], 2);
    assert_eq!(error["message"], "the request is wrong");
}

#[test]
fn engine_that_is_not_there_is_an_error_with_its_causes() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY Dockerfile /\n");
    place.write("buildkitd", "#!/bin/sh\necho 'no such flag' >&2\nexit 1\n");
    place.executable("buildkitd");
    let object = json!({"context": "context", "output": "image"});
    let message = json!({"object": object, "response_path": "response.json"});
    let mut command = place.command(&["build", "--progress", "json", "--buildkitd"]);
    command.arg(place.path("buildkitd"));

    let run = place
        .run_command(command, message.to_string().as_bytes())
        .expect(3);

    let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&error["event"], &error["status"]),
        (&json!("error"), &json!(3))
    );
    assert!(
        error["message"].as_str().unwrap().contains("buildkitd"),
        "{error}"
    );
    assert_eq!(error["log"], json!(["no such flag"]));
}
