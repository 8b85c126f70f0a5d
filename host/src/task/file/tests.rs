use super::*;

#[test]
fn file_that_is_no_task_is_none() {
    for json in [
        "1",
        r#"{"context":".","output":"image"}"#,
        r#"{"platform":"linux"}"#,
        r#"["linux","build"]"#,
    ] {
        assert!(TaskFile::read(json).is_none(), "{json}");
    }
}

#[test]
fn file_is_read_by_name_and_type_and_its_variables_are_left_open() {
    let json = concat!(
        r#"{"platform":"linux","run":{"path":"build"},"caches":[{"path":"./cache/"}],"params":{"#,
        r#""CONTEXT":"a\"b","TARGET":7,"DEBUG":true,"DOCKERFILE":null,"BUILD_ARG_A":"x","BUILD_ARG_B":((1)),"#,
        r#""LABEL_title":"((title))"}}"#,
    )
    .replace("((1))", "1.10");

    let mut task = TaskFile::read(&json).unwrap();

    assert_eq!(
        task.json(),
        concat!(
            r#"{"output":"image","cache":true,"context":"a\"b","target":"7","#,
            r#""build_args":["A=x"],"debug":true}"#
        )
    );
    let told = |task: &TaskFile| -> Vec<String> {
        task.mistakes.iter().map(|one| one.code.clone()).collect()
    };
    assert_eq!(told(&task), ["wrong-type"]);
    task.refuse_variables();
    assert_eq!(told(&task), ["wrong-type", "unfilled-variable"]);
}

#[test]
fn places_of_a_file_are_those_of_its_values_and_secrets_are_masked() {
    let json = concat!(
        r#"{"platform":"linux","run":{},"params":{"BUILD_ARG_é x":"1","LABELS":"a\u0001=1, b","#,
        r#""BUILDKIT_SECRETTEXT_key":"hun\"ter2","BUILDKIT_SECRETTEXT_pin":1234}}"#
    );
    let task = TaskFile::read(json).unwrap();
    let place = |path: &str, part: &str| {
        let texts = task.parameters.texts();
        let start = texts[path].find(part).expect(part);
        let place = FilePlace {
            path: path.to_owned(),
            span: Span {
                start: u32::try_from(start).unwrap(),
                end: u32::try_from(start + part.len()).unwrap(),
            },
        };
        let entry = task.entry(&place).expect(path);
        let found = entry.place(json, place.span);
        &json[found.start as usize..found.end as usize]
    };

    assert_eq!(place("$BUILD_ARG_é x", "é x"), "é x");
    assert_eq!(place("$BUILD_ARG_é x", "1"), "1");
    assert_eq!(place("$LABELS", "\u{1}=1"), r"\u0001=1");
    assert_eq!(place("$LABELS", "b"), "b");
    assert_eq!(place("$BUILDKIT_SECRETTEXT_key", "***"), r#""hun\"ter2""#);
    assert_eq!(
        task.mask(json),
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

    let task = TaskFile::read(json).unwrap();

    assert!(!task.mask(json).contains("hunter2"));
    assert_eq!(task.mask(json).len(), json.len());
    let codes: Vec<&str> = task.mistakes.iter().map(|one| &*one.code).collect();
    assert_eq!(
        codes,
        ["duplicate-key", "unknown-key", "unknown-key", "unknown-key"]
    );
}

#[test]
fn mistakes_of_a_file_of_a_hundred_thousand_are_a_hundred() {
    let params: Vec<String> = (0..100_000).map(|at| format!("\"X{at}\":1")).collect();
    let long = "X".repeat(1 << 20);
    let params = params.join(",");
    let json = format!(r#"{{"platform":"linux","run":{{}},"params":{{"{long}":1,{params}}}}}"#);

    let task = TaskFile::read(&json).unwrap();

    assert_eq!(task.mistakes.len(), 100);
}
