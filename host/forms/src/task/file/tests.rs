use std::ops::Range;

use oci_image_schema::diagnostic::{Diagnostic, Span};

use super::*;

#[test]
fn file_that_is_no_task_is_none() {
    for json in [
        "1",
        r#"{"context":".","output":"image"}"#,
        "{}",
        r#"["linux","build"]"#,
    ] {
        assert!(TaskFile::read(json, &|_| None).is_none(), "{json}");
    }
}

#[test]
fn file_is_read_by_name_and_type_and_its_variables_are_left_open() {
    let json = concat!(
        r#"{"platform":"linux","run":{"path":"build"},"caches":[{"path":"./cache/"}],"params":{"#,
        r#""CONTEXT":"a\"b","TARGET":7,"DEBUG":true,"DOCKERFILE":null,"BUILD_ARG_A":"x","BUILD_ARG_B":((1)),"#,
        r#""LABEL_title":"((title))"}}"#,
    )
    .replace("((1))", "[1]");

    let task = TaskFile::read(&json, &|_| None).unwrap();

    assert_eq!(
        task.json(),
        concat!(
            r#"{"output":"image","cache":true,"context":"a\"b","target":"7","#,
            r#""build_args":["A=x"],"debug":true}"#
        )
    );
    let told =
        |said: &[Diagnostic]| -> Vec<String> { said.iter().map(|one| one.code.clone()).collect() };
    assert_eq!(told(&task.mistakes), ["wrong-type"]);
    assert_eq!(told(&task.unfilled), ["unfilled-variable"]);
}

#[test]
fn places_of_a_file_are_those_of_its_values_and_secrets_are_masked() {
    let json = concat!(
        r#"{"platform":"linux","run":{},"params":{"BUILD_ARG_é x":"1","LABELS":"a\u0001=1, b","#,
        r#""BUILDKIT_SECRETTEXT_key":"hun\"ter2","BUILDKIT_SECRETTEXT_pin":1234}}"#
    );
    let task = TaskFile::read(json, &|_| None).unwrap();
    let layer = task.layer(task.json(), json);
    let place = |part: &str| {
        let start = task.json().find(part).expect(part);
        let span = Span::of(start..start + part.len());
        let (_, found) = layer.place(task.json(), json, span).expect(part);
        &json[found.range()]
    };

    assert_eq!(place("é x"), "é x");
    assert_eq!(place("=1"), r#"":"1"#);
    assert_eq!(place(r#"1"]"#), "1");
    assert_eq!(place(r#""é x=1""#), r#"é x":"1"#);
    assert_eq!(place(r"\u0001=1"), r"\u0001=1");
    assert_eq!(place(r#""b""#), "b");
    assert_eq!(place(r#"["a\u0001=1","b"]"#), r"a\u0001=1, b");
    assert_eq!(place(r#"un\"ter"#), r#""hun\"ter2""#);
    assert_eq!(
        task.mask(json.to_owned()),
        json.replace(r#"hun\"ter2"#, r#"****"****"#)
            .replace("1234", "****")
    );
}

#[test]
fn secret_is_masked_whatever_is_wrong_with_its_name_and_type() {
    let json = concat!(
        r#"{"platform":"linux","run":{},"params":{"BUILDKIT_SECRETTEXT_a":"hunter2","BUILDKIT_SECRETTEXT_a":"hunter2","#,
        r#""buildkit_secrettext_b":"hunter2","BUILDKIT_SECRETTEXTc":["hunter2",{"x":"hunter2"}],"BUILDKIT_SECRETTEXT_d=e":"hunter2","DOCKER_AUTH_CONFIG":"hunter2"}}"#
    );

    let task = TaskFile::read(json, &|_| None).unwrap();

    assert!(!task.mask(json.to_owned()).contains("hunter2"));
    assert_eq!(task.mask(json.to_owned()).len(), json.len());
    let codes: Vec<&str> = task.mistakes.iter().map(|one| &*one.code).collect();
    assert_eq!(codes, ["duplicate-key", "unknown-parameter", "unknown-key"]);
}

#[test]
fn mistakes_of_a_file_of_a_hundred_thousand_are_a_hundred() {
    let params: Vec<String> = (0..100_000)
        .map(|at| format!("\"LABELS_{at}\":1"))
        .collect();
    let long = "X".repeat(1 << 20);
    let params = params.join(",");
    let json = format!(r#"{{"platform":"linux","run":{{}},"params":{{"{long}":1,{params}}}}}"#);

    let task = TaskFile::read(&json, &|_| None).unwrap();

    assert_eq!(task.mistakes.len(), 100);
}

#[test]
fn value_is_what_concourse_makes_of_it_and_that_is_told_or_refused() {
    let json = concat!(
        r#"{"platform":"linux","run":{"path":"build"},"params":{"BUILD_ARG_A":493,"BUILD_ARG_B":1.5,"BUILD_ARG_C":true,"#,
        r#""UNPACK_ROOTFS":true,"BUILDKIT_SECRETTEXT_a":83,"BUILDKIT_SECRETTEXT_b":12,"BUILD_ARG_D":null}}"#
    );
    let written = |part: Range<usize>| match &json[part] {
        "493" => Some("0755"),
        "83" => Some("0123"),
        "true" => Some("yes"),
        other => Some(other),
    };

    let task = TaskFile::read(json, &written).unwrap();

    let told: Vec<(&str, &str)> = (task.mistakes.iter())
        .map(|one| (&*one.code, &*one.message))
        .collect();
    assert_eq!(
        told,
        [
            (
                "rewritten-value",
                "this is no text, and Concourse makes `493` of it"
            ),
            (
                "rewritten-value",
                "this is no text, and Concourse makes `true` of it"
            ),
            (
                "wrong-type",
                "this is no text, and Concourse would write it in another form"
            ),
        ]
    );
    let object: serde_json::Value = serde_json::from_str(task.json()).unwrap();
    let arguments = serde_json::json!(["A=493", "B=1.5", "C=true", "D="]);
    assert_eq!(object["build_args"], arguments);
    assert_eq!(object["unpack_rootfs"], true);
}

#[test]
fn other_programs_parameters_are_hidden_and_said_nothing_of() {
    let json = concat!(
        r#"{"platform":"linux","run":{"path":"build"},"params":{"DOCKER_HUB_AUTH":"hunter2","BUILDKIT_PROGRESS":"plain","#,
        r#""BUILDKIT_SECRET_TEXT_a":"path","DOCKERFLE":"shown","BUILD_ARGS_X":"1","LABELS_x":"2","context":"src"}}"#
    );

    let task = TaskFile::read(json, &|_| None).unwrap();

    let help = |one: &Diagnostic| one.help.clone().unwrap_or_default();
    let told: Vec<String> = task.mistakes.iter().map(help).collect();
    assert_eq!(
        told,
        [
            "did you mean `DOCKERFILE`?",
            "did you mean `BUILD_ARG_X`?",
            "did you mean `LABEL_x`?"
        ]
    );
    let masked = task.mask(json.to_owned());
    assert!(
        !masked.contains("hunter2") && masked.contains("shown"),
        "{masked}"
    );
    assert!(
        task.json().contains(r#""context":"src""#),
        "{}",
        task.json()
    );
}

#[test]
fn what_concourse_wants_is_asked_for_and_what_it_fills_in_is_left_open() {
    let told = |json: &str| -> Vec<String> {
        let task = TaskFile::read(json, &|_| None).unwrap();
        let said = task.mistakes.iter().chain(&task.unfilled);
        let codes = said.map(|one| one.code.clone());
        codes.collect()
    };

    assert_eq!(told(r#"{"params":{}}"#), ["missing-key", "missing-key"]);
    for open in [
        r#"{"platform":"linux","run":{"path":"build","args":"((args))"},"params":"((vars))","inputs":"((inputs))"}"#,
        r#"{"platform":"linux","run":"((run))","params":{"BUILD_ARG_((name))":"x"}}"#,
    ] {
        assert_eq!(told(open), ["unfilled-variable"], "{open}");
    }
    assert_eq!(
        told(r#"{"platform":"linux","run":{},"params":null}"#),
        [""; 0]
    );
    assert_eq!(
        told(r#"{"platform":"linux","run":{},"params":[]}"#),
        ["wrong-type"]
    );
    let twice =
        r#"{"platform":"linux","run":{"path":"build"},"params":{},"params":{"CONTEXT":"x"}}"#;
    assert_eq!(told(twice), ["duplicate-key"]);
    assert_eq!(
        told(r#"{"platform":"linux","run":{"path":"make"}}"#),
        ["other-program"]
    );
}
