//! The prototype protocol at the program's border: messages, response paths, info, usage.

use std::fs;

use oci_image_tests::engine;
use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

const OBJECT: &str = r#"{"context": "context", "output": "img", "context_inputs": {"lib": "vendor/lib"}, "additional_targets": ["tests"], "cache": true}"#;

fn message(object: &str, response_path: &str) -> String {
    format!(
        r#"{{"object": {object}, "response_path": {}}}"#,
        json!(response_path)
    )
}

#[test]
fn info_tells_inputs_outputs_and_caches() {
    let place = Workplace::new();

    let run = place
        .run(&[], message(OBJECT, "../response").as_bytes())
        .expect(0);

    let info: Value = serde_json::from_str(&run.response.unwrap()).unwrap();
    assert_eq!(
        info,
        json!({"interface_version": "1.0", "icon": "mdi:oci", "messages": [{"name": "build", "config": {
            "inputs": [{"name": "context"}, {"name": "lib", "path": "context/vendor/lib"}],
            "outputs": [{"name": "img", "path": "image"}, {"name": "tests", "path": "tests"}],
            "caches": [{"path": "cache"}],
        }}]})
    );
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn info_lists_names_alone_when_asked_to() {
    let place = Workplace::new();

    let run = place
        .run(
            &["--info", "names"],
            message(OBJECT, "../response").as_bytes(),
        )
        .expect(0);

    let info: Value = serde_json::from_str(&run.response.unwrap()).unwrap();
    assert_eq!(info["messages"], json!(["build"]));
}

#[test]
fn info_of_an_object_that_is_not_ours_has_no_messages_and_says_why() {
    let place = Workplace::new();

    let run = place
        .run(
            &[],
            message(r#"{"repository": "x"}"#, "../response").as_bytes(),
        )
        .expect(0);

    let info: Value = serde_json::from_str(&run.response.unwrap()).unwrap();
    assert_eq!(info["messages"], json!([]));
    assert!(run.stderr.contains("`repository`"), "{}", run.stderr);
    assert!(run.stderr.contains("`context`"), "{}", run.stderr);
}

#[test]
fn every_mistake_of_a_request_is_reported_with_its_place() {
    let place = Workplace::new();
    let text = "{\n  \"object\": {\n    \"contxt\": \".\",\n    \"output\": \"image\",\n    \"labels\": [\"a\"],\n    \"debug\": \"yes\"\n  },\n  \"response_path\": \"/dev/null\"\n}\n";

    let run = place.run(&["build"], text.as_bytes()).expect(2);

    for part in [
        "unknown-key",
        "did you mean `context`",
        ":3:5",
        ":5:17",
        ":6:14",
        "missing",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}

#[test]
fn hostile_messages_are_diagnostics_and_never_a_panic() {
    let place = Workplace::new();
    let deep = message(
        &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        "/dev/null",
    );
    let long = format!(
        "{{\"object\": {{\"context\": \"{}\"}}, \"response_path\": \"r\"}}",
        "x".repeat(64 << 20)
    );
    let cases: [(&str, &[u8]); 8] = [
        ("nothing", b""),
        ("a truncated message", b"{\"object\": {"),
        ("no text", b"{\"object\": \xff}"),
        ("an array", b"[]"),
        ("no object", b"{\"response_path\": \"/dev/null\"}"),
        (
            "a NUL",
            b"{\"object\": {\"context\": \"\x00\"}, \"response_path\": \"/dev/null\"}",
        ),
        ("deep nesting", deep.as_bytes()),
        ("64 MiB", long.as_bytes()),
    ];
    for (name, text) in cases {
        for arguments in [&[][..], &["build"], &["plan"]] {
            let run = place.run(arguments, text);

            let info_of_foreign_object = arguments.is_empty() && name == "deep nesting";
            assert_eq!(
                run.status,
                if info_of_foreign_object { 0 } else { 2 },
                "{name}: {}",
                run.stderr
            );
            assert!(!run.stderr.contains("panicked"), "{name}: {}", run.stderr);
            assert!(run.stderr.contains("error"), "{name}: {}", run.stderr);
        }
    }
}

#[test]
fn response_path_may_be_absolute_relative_or_dev_null_and_must_be_writable() {
    let place = Workplace::new();
    let absolute = place.path("../absolute");
    let run = |path: &str| place.run(&[], message(OBJECT, path).as_bytes());

    let _ = run(absolute.to_str().unwrap()).expect(0);
    assert!(
        fs::read_to_string(&absolute)
            .unwrap()
            .starts_with("{\"interface_version\"")
    );
    fs::write(place.path("relative"), "longer than any answer".repeat(100)).unwrap();
    let _ = run("relative").expect(0);
    assert_eq!(
        fs::read(place.path("relative")).unwrap(),
        fs::read(&absolute).unwrap()
    );
    let _ = run("/dev/null").expect(0);
    let refused = run("no/such/directory/response").expect(2);
    assert!(
        refused.stderr.contains("`no/such/directory/response`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn unwritable_response_path_costs_no_build() {
    let place = Workplace::new();

    let run = place
        .run(
            &["build"],
            message(OBJECT, "no/such/directory/response").as_bytes(),
        )
        .expect(2);

    assert!(!run.stderr.contains("#1"), "{}", run.stderr);
}

#[test]
fn plan_prints_what_would_be_built_without_a_daemon() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\n");
    let mut command = place.command(&["plan"]);
    command.env("PATH", "/nowhere");

    let run = place.run_command(
        command,
        message(
            r#"{"context": "context", "output": "o", "labels": ["a=b"]}"#,
            "/dev/null",
        )
        .as_bytes(),
    );

    let plan: Value = serde_json::from_str(&run.expect(0).stdout).unwrap();
    let solve = &plan["solves"][0];
    assert_eq!(
        solve["locals"],
        json!([{"name": "context", "path": "context"}, {"name": "dockerfile", "path": "context"}])
    );
    assert_eq!(
        solve["attributes"],
        json!([{"key": "filename", "value": {"text": "Dockerfile"}}, {"key": "label:a", "value": {"text": "b"}}])
    );
    assert_eq!(
        solve["export"],
        json!({"directory": "image", "format": "docker_archive", "rootfs": false})
    );
}

#[test]
fn program_called_build_builds() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    std::os::unix::fs::symlink(engine::program(), place.path("build")).unwrap();
    let mut command = std::process::Command::new(place.path("build"));
    command
        .arg("--root")
        .arg(place.root())
        .current_dir(place.path(""))
        .env("PATH", engine::path());

    let run = place.run_command(
        command,
        message(r#"{"context": "context", "output": "o"}"#, "/dev/null").as_bytes(),
    );

    let _ = run.expect(0);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
}

#[test]
fn json_mistake_in_a_message_is_explained_as_one_in_a_file() {
    let place = Workplace::new();
    let text = "{\n  \"object\": {\"context\": \"context\", \"output\": \"image\",},\n  \"response_path\": \"/dev/null\"\n}\n";
    let expected = "error[invalid-json]: this is not JSON: key must be a string
 --> NAME:2:54
  |
1 | {
2 |   \"object\": {\"context\": \"context\", \"output\": \"image\",},
  |                                                      ^
3 |   \"response_path\": \"/dev/null\"
4 | }
  |
  = help: remove the comma before it
";
    place.write("message.json", text);

    for arguments in [&["build"][..], &["plan"], &["validate"], &[]] {
        let run = place.run(arguments, text.as_bytes()).expect(2);
        assert_eq!(run.stderr, expected.replace("NAME", "<stdin>"));
    }
    let run = place.run(&["build", "message.json"], b"").expect(2);
    assert_eq!(run.stderr, expected.replace("NAME", "message.json"));
}

#[test]
fn message_in_a_file_is_taken_as_one_and_in_yaml_it_is_told() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = r#"{"context": "context", "output": "image"}"#;
    place.write("message.json", message(object, "../response"));
    place.write(
        "message.yml",
        "object: {context: context, output: image}\nresponse_path: r\n",
    );
    let root = place.root();
    let root = root.to_str().unwrap();

    let run = place
        .run(&["build", "message.json", "--root", root], b"")
        .expect(0);
    let response: Value = serde_json::from_str(&run.response.unwrap()).unwrap();
    assert_eq!(response["object"]["image"], "image/image.tar");
    let planned = place.run(&["plan", "message.json"], b"").expect(0);
    assert!(planned.stdout.contains("\"solves\""));
    let told = place.run(&["validate", "message.yml"], b"").expect(2);
    for part in [
        "`message.yml` is a message in YAML",
        "leave out `response_path`",
    ] {
        assert!(told.stderr.contains(part), "{}", told.stderr);
    }
}

#[test]
fn object_without_its_message_is_built_and_has_no_info() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = br#"{"context": "context", "output": "image"}"#;
    let root = place.root();

    let _ = place
        .run(&["build", "--root", root.to_str().unwrap()], object)
        .expect(0);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    let told = place.run(&[], object).expect(2);
    let help = "this is an object without its message: send `{\"object\": {...}, \"response_path\"";
    assert!(told.stderr.contains(help), "{}", told.stderr);
}

#[test]
fn habits_of_docker_build_are_told_what_stands_in_their_place() {
    let place = Workplace::new();
    place.dockerfile("# syntax=docker/dockerfile:1\n\nFROM scratch\n");
    for (arguments, parts) in [
        (
            &["build", "-t", "name", "."][..],
            ["'-t'", "`image/image.tar`"],
        ),
        (
            &["build", "--tag=name", "."],
            ["'--tag'", "`image/image.tar`"],
        ),
        (&["build", "--push"], ["'--push'", "`put`"]),
        (
            &["build", "--build-arg", "A=b"],
            ["`build_args`", "`BUILD_ARG_NAME`"],
        ),
        (
            &["build", "--platform=linux/arm64"],
            ["`image_platform`", "`IMAGE_PLATFORM`"],
        ),
        (&["build", "--no-cache", "."], ["`cache`", "`--root`"]),
        (
            &["build", "-f", "Dockerfile", "."],
            ["`dockerfile`", "`DOCKERFILE`"],
        ),
        (&["build", "."], ["`context`", "`CONTEXT`"]),
        (&["task", "."], ["`context`", "`CONTEXT`"]),
        (
            &["build", "context/Dockerfile"],
            ["is a Dockerfile", "`DOCKERFILE`"],
        ),
        (
            &["build", "--file", "context/Dockerfile"],
            ["is a Dockerfile", "`dockerfile`"],
        ),
    ] {
        let run = place.run(arguments, b"").expect(2);

        for part in parts {
            assert!(
                run.stderr.contains(part),
                "{arguments:?}: no {part:?} in {}",
                run.stderr
            );
        }
    }
    let both = place
        .run(&["build", "a.json", "--file", "b.json"], b"")
        .expect(2);
    assert!(
        both.stderr.contains("cannot be used with"),
        "{}",
        both.stderr
    );
}

#[test]
fn versions_of_everything_are_told() {
    let place = Workplace::new();

    let run = place.run(&["--version"], b"").expect(0);

    let engine = format!("BuildKit: {}", engine::version());
    let contract = format!("planner contract: {}", oci_image_schema::PLANNER_VERSION);
    for part in ["oci-image ", &contract, "schema: ", &engine] {
        assert!(run.stdout.contains(part), "no {part:?} in:\n{}", run.stdout);
    }
}
