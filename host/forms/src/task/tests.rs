use std::collections::BTreeMap;

use oci_image_schema::diagnostic::{Severity, Span};
use oci_image_schema::parameter::PARAMETERS;

use super::*;

fn parameters(variables: &[(&str, &str)]) -> Parameters {
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    read(variables, false)
}

/// What the variables show at the place of a part of the JSON.
fn shown(parameters: &Parameters, part: &str) -> Option<(String, String)> {
    let start = parameters.json().find(part).expect(part);
    let span = Span {
        start: u32::try_from(start).unwrap(),
        end: u32::try_from(start + part.len()).unwrap(),
    };
    let (number, place) = parameters.layer.place(parameters.json(), "", span)?;
    let text = parameters.texts().swap_remove(number as usize);
    Some((text.name.unwrap(), text.text[place.range()].to_owned()))
}

fn at(path: &str, marked: &str) -> Option<(String, String)> {
    Some((path.to_owned(), marked.to_owned()))
}

#[test]
fn environment_becomes_an_object_in_the_order_of_the_parameters() {
    let parameters = parameters(&[
        ("PATH", "/bin"),
        ("LABEL_b", ""),
        ("LABEL_a.b/c", "x=y"),
        ("BUILD_ARG_B", "two\nlines"),
        ("BUILD_ARG_A", "\"quoted\""),
        ("BUILD_ARGS", "C=1, D=2 "),
        ("SOURCE_DATE_EPOCH", "0"),
        ("BUILDKIT_SECRET_file", "a/b"),
        ("BUILDKIT_SECRETTEXT_text", "hunter2"),
        ("OUTPUT_OCI", "T"),
        ("DEBUG", "0"),
        ("TARGET", ""),
        ("unpack_rootfs", "maybe"),
        ("REGISTRY_MIRRORS", "a,, b,"),
    ]);

    assert_eq!(
        parameters.json(),
        concat!(
            r#"{"context":".","output":"image","#,
            r#""build_args":["SOURCE_DATE_EPOCH=0","C=1","D=2","A=\"quoted\"","B=two\nlines"],"#,
            r#""labels":["a.b/c=x=y","b="],"output_oci":true,"unpack_rootfs":"maybe","#,
            r#""registry_mirrors":["a","b"],"debug":false,"#,
            r#""buildkit_secrets":{"file":"a/b","text":{"text":"hunter2"}}}"#,
        )
    );
    assert_eq!(parameters.mistakes, Vec::new());
}

#[test]
fn upper_case_wins_over_lower_case_and_the_cache_is_the_tasks() {
    let variables = [("context", "a"), ("CONTEXT", "b"), ("target", "x")];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));

    let parameters = read(variables, true);

    assert_eq!(
        parameters.json(),
        r#"{"output":"image","cache":true,"context":"b","target":"x"}"#
    );
}

#[test]
fn places_are_those_of_the_variables_whatever_json_escapes() {
    let parameters = parameters(&[
        ("TARGET", "ä\"\\\n\u{1}x"),
        ("BUILD_ARG_é", "one\ntwo"),
        ("LABELS", "a=1, b=2"),
        ("BUILDKIT_SECRET_id", "path"),
        ("BUILDKIT_SECRETTEXT_key", "hunter2"),
        ("UNPACK_ROOTFS", "TRUE"),
    ]);

    let shown = |part: &str| shown(&parameters, part);
    assert_eq!(shown(r#""ä\"\\\n\u0001x""#), at("$TARGET", "ä\"\\\n\u{1}x"));
    assert_eq!(shown(r#"\n\u0001x"#), at("$TARGET", "\n\u{1}x"));
    assert_eq!(shown(r#""target""#), at("$TARGET", "TARGET"));
    assert_eq!(shown("two"), at("$BUILD_ARG_é", "two"));
    assert_eq!(shown("é="), at("$BUILD_ARG_é", "é="));
    assert_eq!(shown("b=2"), at("$LABELS", "b=2"));
    assert_eq!(shown(r#"["a=1","b=2"]"#), at("$LABELS", "a=1, b=2"));
    assert_eq!(shown(r#""id""#), at("$BUILDKIT_SECRET_id", "id"));
    assert_eq!(shown(r#""path""#), at("$BUILDKIT_SECRET_id", "********"));
    assert_eq!(shown("hunter2"), at("$BUILDKIT_SECRETTEXT_key", "********"));
    assert_eq!(shown("true"), at("$UNPACK_ROOTFS", "TRUE"));
    assert_eq!(shown(r#""context":".""#), None);
}

#[test]
fn secrets_of_a_task_are_named_and_never_shown() {
    let parameters = parameters(&[
        ("BUILDKIT_SECRETTEXT_a", "hunter2"),
        ("BUILDKIT_SECRET_b", "c"),
    ]);

    assert!(is_secret("BUILDKIT_SECRETTEXT_a".as_ref()));
    for name in [
        "buildkit_secret_text_b",
        "BUILDKIT_SERCETTEXT_c",
        "BUILDKITSECRET_d",
    ] {
        assert!(is_secret(name.as_ref()), "{name}");
    }
    let others = [
        "BUILD_ARG_b",
        "SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "BUILDKIT_SSH",
        "",
    ];
    for name in ["CACHE_FROM", "cache_to"] {
        assert!(is_secret(name.as_ref()), "{name}");
    }
    let public = PARAMETERS
        .iter()
        .map(|parameter| parameter.name)
        .filter(|name| !matches!(*name, "CACHE_FROM" | "CACHE_TO"));
    for name in others.into_iter().chain(public) {
        assert!(!is_secret(name.as_ref()), "{name}");
    }
    let texts = parameters.texts().into_iter();
    let texts: BTreeMap<_, _> = texts.map(|text| (text.name.unwrap(), text.text)).collect();
    assert_eq!(
        texts["$BUILDKIT_SECRETTEXT_a"],
        "BUILDKIT_SECRETTEXT_a=********"
    );
    // What stands where a path belongs may be the text itself.
    assert_eq!(texts["$BUILDKIT_SECRET_b"], "BUILDKIT_SECRET_b=********");
}

#[test]
fn mistyped_names_are_told_and_others_are_not() {
    let told = |name: &str| {
        let mistakes = parameters(&[(name, "x")]).mistakes;
        mistakes.into_iter().next().and_then(|mistake| {
            assert_eq!(mistake.severity, Severity::Warning);
            mistake.help
        })
    };

    for (name, meant) in [
        ("DOCKERFLE", "DOCKERFILE"),
        ("BUILD_ARG", "BUILD_ARGS"),
        ("Labels_File", "LABELS_FILE"),
        ("UNPACK-ROOTFS", "UNPACK_ROOTFS"),
        ("BUILDKIT_EXTRA_CONFG", "BUILDKIT_EXTRA_CONFIG"),
        ("BUILD_ARGS_VERSION", "BUILD_ARG_VERSION"),
        ("LABELS_a.b", "LABEL_a.b"),
        ("LABLE_x", "LABEL_x"),
        ("IMAGE_ARGS_base", "IMAGE_ARG_base"),
        ("build_arg_x", "BUILD_ARG_x"),
        ("BUILDKIT_SECRETS_a_b", "BUILDKIT_SECRET_a_b"),
    ] {
        assert_eq!(
            told(name),
            Some(format!("did you mean `{meant}`?")),
            "{name}"
        );
    }
    for name in [
        "PATH",
        "HOME",
        "TERM",
        "BUILD_ID",
        "BUILDKIT_HOST",
        "TARGETARCH",
        "LANG",
        "CONTENT_TYPE",
        "D",
        "BUILDKIT_PROGRESS",
        "DOCKER_HUB_AUTH",
        "IMAGE_TAG_SUFFIX",
        "BUILD_TAG_x",
        "_LABEL",
    ] {
        assert_eq!(told(name), None, "{name}");
    }
}

#[test]
fn empty_path_counts_as_left_out_and_another_empty_value_is_one() {
    let parameters = parameters(&[
        ("IMAGE_ARG_base", ""),
        ("BUILDKIT_SECRET_a", ""),
        ("BUILDKIT_SECRETTEXT_b", ""),
        ("BUILD_ARG_C", ""),
        ("LABEL_d", ""),
        ("BUILDKIT_SSH", ""),
    ]);

    assert_eq!(
        parameters.json(),
        concat!(
            r#"{"context":".","output":"image","build_args":["C="],"labels":["d="],"#,
            r#""buildkit_secrets":{"b":{"text":""}}}"#
        )
    );
}
