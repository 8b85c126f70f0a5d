use serde_json::Value;
use serde_json::value::RawValue;

use super::*;
use crate::inline_secrets::MAX_OBJECT;

fn masked(object: &str) -> String {
    let masked = mask(object).text().to_owned();
    assert_eq!(masked.len(), object.len());
    masked
}

fn secrets(object: &str) -> Vec<(String, String)> {
    mask(object)
        .secrets()
        .iter()
        .map(|(id, secret)| {
            (
                id.clone(),
                String::from_utf8(secret.reveal().to_vec()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn text_of_a_secret_is_taken_out_and_its_place_stays() {
    let object =
        r#"{"context": ".", "buildkit_secrets": {"token": {"text": "hunter2"}, "file": "keys/a"}}"#;

    assert_eq!(
        masked(object),
        r#"{"context": ".", "buildkit_secrets": {"token": {"text": "*******"}, "file": "keys/a"}}"#
    );
    assert_eq!(
        secrets(object),
        [("token".to_owned(), "hunter2".to_owned())]
    );
}

#[test]
fn secret_has_no_debug() {
    let shown = format!(
        "{:?}",
        mask(r#"{"buildkit_secrets": {"a": {"text": "hunter2"}}}"#)
    );

    assert!(shown.contains("SecretBytes(..)"), "{shown}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("104"),
        "{shown}"
    );
}

#[test]
fn escapes_are_masked_as_they_are_written_and_taken_as_they_are_meant() {
    let object =
        r#"{"buildkit\u005fsecrets": {"\u0061": {"t\u0065xt": "\u0041\"\\\n\ud83d\ude00é"}}}"#;

    let expected = format!(
        r#"{{"buildkit\u005fsecrets": {{"\u0061": {{"t\u0065xt": "{}"}}}}}}"#,
        "*".repeat(r#"\u0041\"\\\n\ud83d\ude00é"#.len())
    );
    assert_eq!(masked(object), expected);
    assert_eq!(
        secrets(object),
        [("a".to_owned(), "A\"\\\n\u{1f600}é".to_owned())]
    );
}

#[test]
fn duplicates_are_all_masked_and_the_last_one_counts() {
    let object = r#"{"buildkit_secrets": {"a": {"text": "one", "text": "two"}, "a": {"text": "six"}}, "buildkit_secrets": {"b": {"text": "ten"}}}"#;

    assert_eq!(
        masked(object),
        r#"{"buildkit_secrets": {"a": {"text": "***", "text": "***"}, "a": {"text": "***"}}, "buildkit_secrets": {"b": {"text": "***"}}}"#
    );
    assert_eq!(secrets(object), [("b".to_owned(), "ten".to_owned())]);
}

#[test]
fn secret_in_the_wrong_form_is_masked_and_stays_json() {
    for (object, expected) in [
        (
            r#"{"buildkit_secrets": {"a": {"text": -120.5e7}}}"#,
            r#"{"buildkit_secrets": {"a": {"text": -111.1e0}}}"#,
        ),
        (
            r#"{"buildkit_secrets": {"a": {"text": ["s", {"k": "v"}]}}}"#,
            r#"{"buildkit_secrets": {"a": {"text": ["*", {"*": "*"}]}}}"#,
        ),
        (
            r#"{"buildkit_secrets": {"a": {"txet": "hunter2"}}}"#,
            r#"{"buildkit_secrets": {"a": {"txet": "*******"}}}"#,
        ),
        (
            r#"{"buildkit_secrets": {"a": ["hunter2"]}}"#,
            r#"{"buildkit_secrets": {"a": ["*******"]}}"#,
        ),
        (
            r#"{"buildkit_secrets": [{"text": "s"}, "s"]}"#,
            r#"{"buildkit_secrets": [{"text": "*"}, "*"]}"#,
        ),
        (
            r#"{"buildkit_secret": {"a": {"text": "hunter2"}}}"#,
            r#"{"buildkit_secret": {"a": {"text": "*******"}}}"#,
        ),
        (
            r#"{"buildkit_secrets": {"text": "path"}}"#,
            r#"{"buildkit_secrets": {"text": "path"}}"#,
        ),
        (
            r#"{"buildkit_secrets": {"a": {"text": true}}}"#,
            r#"{"buildkit_secrets": {"a": {"text": true}}}"#,
        ),
        (
            r#"{"buildkit_secrets": "a=hunter2", "output": "b"}"#,
            r#"{"buildkit_secrets": "*********", "output": "b"}"#,
        ),
        (r#"[{"text": "s"}]"#, r#"[{"text": "*"}]"#),
    ] {
        assert_eq!(masked(object), expected);
        assert_eq!(secrets(object), [], "{object}");
        serde_json::from_str::<Value>(&masked(object)).unwrap();
    }
}
#[test]
fn secret_of_an_object_within_a_message_is_masked() {
    assert_eq!(
        masked(
            r#"{"objekt": {"buildkit_secrets": {"buildkit_secrets": {"txet": "hunter2"}, "b": "keys/b"}}}"#
        ),
        r#"{"objekt": {"buildkit_secrets": {"buildkit_secrets": {"txet": "*******"}, "b": "keys/b"}}}"#
    );
}

#[test]
fn object_that_is_too_long_is_masked_and_not_read() {
    let object = format!(
        r#"{{"buildkit_secrets": {{"a": {{"text": "hunter2"}}}}, "b": "{}"}}"#,
        " ".repeat(MAX_OBJECT)
    );

    assert!(!masked(&object).contains("hunter2"));
    assert_eq!(secrets(&object), []);
}

#[test]
fn what_is_no_secret_stays() {
    for object in [
        r#"{"context": "text", "labels": ["text=hunter2"], "output": "buildkit_secrets", "context_inputs": {"a": "b"}}"#,
        r#"{"a": [{"secrets": {"a": {"b": "c"}}}], "n": 12}"#,
        "",
        "7",
        "null",
        "\"text\"",
        "[]",
        "{}",
    ] {
        assert_eq!(masked(object), object);
    }
}

#[test]
fn text_that_is_not_json_is_masked_all_the_same() {
    for object in [
        r#"{"context": ".", "buildkit_secrets": {"a": {"text": "hunter2"}}"#,
        r#"{"context": ".", "buildkit_secrets": {"a": {"text": "hunter2"}},}"#,
        r#"{"buildkit_secrets": {"a": {"text": "hunter2"#,
        r#"{"buildkit_secrets": {"a": {"text": "hunter2\"#,
        r#"{"buildkit_secrets": {"a": {"text" : hunter2 }}}"#,
        r#"{"context": ". , "buildkit_secrets": {"a": {"text": "hunter2"}}}"#,
        r#"{"buildkit_secrets": }{"a": {"text": "\"hunter2"}}}"#,
        "{'buildkit_secrets': {'a': {\"text\"\n:\n\"hunter2\"}}}",
    ] {
        let masked = masked(object);

        assert!(!masked.contains("hunter2"), "{masked}");
        assert!(secrets(object).is_empty());
    }
}

#[test]
fn any_nesting_and_any_bytes_keep_their_length() {
    let deep = format!("{}\"text\": \"s\"", "{\"text\": [".repeat(100_000));
    for object in [
        &*deep,
        "\u{feff}{\"text\": \"é\u{1f600}\"}",
        "}}}]]],,,:::\"",
        "\\\"\\é\"text\":é\\",
    ] {
        masked(object);
    }
}

const SOUND: [&str; 3] = [
    r#"{"context": ".", "buildkit_secrets": {"token": {"text": "hunt\n\u00e9\ud83d\ude00er2"}, "b": "keys/b"}, "output": "image"}"#,
    r#"{"buildkit_secrets": {"a": {"text": 120.5e-3}, "b": {"txet": ["x", null, true]}}, "text": "a\"b"}"#,
    r#"{"object": {"buildkit_secrets": [{"text": "é"}, 7]}, "response_path": "text"}"#,
];

/// Every text that differs from a sound one in one sign: without it, with another in its place, with one more.
fn edits(sound: &str) -> impl Iterator<Item = String> + '_ {
    const SIGNS: [&str; 19] = [
        "", "\"", "\\", "\n", "\t", "\u{7f}", "{", "}", "[", "]", ":", ",", " ", "0", "e", "u",
        "d", "é", "'",
    ];
    let ends = sound
        .char_indices()
        .map(|(at, sign)| (at, at + sign.len_utf8()));
    ends.flat_map(move |(at, end)| {
        SIGNS.iter().flat_map(move |sign| {
            let put = |end: usize| format!("{}{sign}{}", &sound[..at], &sound[end..]);
            [put(at), put(end)]
        })
    })
}

#[test]
fn masked_text_is_json_exactly_if_it_was() {
    let is_json = |text: &str| {
        let is_read = serde_json::from_str::<Value>(text).is_ok();
        (is_read, serde_json::from_str::<&RawValue>(text).is_ok())
    };
    let (mut sound, mut broken) = (0, 0);
    for text in SOUND.into_iter().flat_map(edits) {
        let masked = masked(&text);
        assert_eq!(is_json(&masked), is_json(&text), "{text}\n{masked}");
        if is_json(&text).0 {
            sound += 1;
        } else {
            broken += 1;
        }
    }
    assert!(sound > 1000 && broken > 5000, "{sound}, {broken}");
}

#[test]
fn secret_is_shown_to_nobody_whatever_sign_is_wrong() {
    let sound = r#"{"context": ".", "buildkit_secrets": {"token": {"text": "hunter2given"}, "b": "hunter3given"}, "output": "image"}"#;
    for text in edits(sound) {
        let shown = shown(&text);
        assert_eq!(shown.len(), text.len());
        for secret in ["hunter2given", "hunter3given"] {
            // An edit within the secret leaves two halves of it.
            let halves = [&secret[..6], &secret[6..]];
            assert!(
                !halves.iter().any(|half| shown.contains(half)),
                "{text}\n{shown}"
            );
        }
    }
}

#[test]
fn what_was_meant_to_be_a_secret_is_not_shown() {
    for object in [
        r#"{"buildkit_secrets": {"a": "hunter2"}}"#,
        r#"{"Buildkit-Secret": {"a": "hunter2"}}"#,
        r#"{"buildkit_secrets": {"a": {"TEXT": "hunter2"}}}"#,
        r#"{"a": {"txt": "hunter2"}}"#,
        r#"{"BUILDKIT_SECRETTEXT_a": "hunter2"}"#,
        r#"{"object": "{\"buildkit_secrets\": {\"a\": {\"text\": \"hunter2\"}}}"}"#,
        r#"{"buildkit_secrets": {"a": {"text": 120}}}"#,
        r#"{'buildkit_secrets': {'a': {'Text': 'hunter2'}}}"#,
        "{buildkit_secrets: {a: {text: hunter2}}}",
        r#"{"registry": {"password": "hunter2"}}"#,
        "{\"buildkit_secrets\": {\"a\": {\"text\": \"x\nhunter2\"}}}",
    ] {
        let shown = shown(object);
        assert_eq!(shown.len(), object.len());
        assert!(
            !shown.contains("hunter2") && !shown.contains("120"),
            "{shown}"
        );
    }
    for object in [
        r#"{"buildkit_secrets": {"a": "secrets/a"}, "context_inputs": {"text": "vendor/text"}, "target": "app"}"#,
        r#"{"registries": {"text": {"http": true, "mirrors": ["a"]}}}"#,
    ] {
        assert_eq!(shown(object), object);
        assert_eq!(masked(object), object);
    }
}
