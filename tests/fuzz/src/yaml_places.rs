//! YAML with places: it becomes JSON that is sound, a place holds the text that it is said to hold, and a mask covers all of it.
//! What is JSON already means the same to its own reader.

use oci_image::yaml::{self, Dialect, Document};
use oci_image_schema::diagnostic::Span;
use serde_json::Value;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for dialect in [Dialect::Core, Dialect::Concourse] {
        match yaml::read(text, dialect) {
            Ok(document) => judge(text, &document),
            Err(mistakes) => assert!(!mistakes.is_empty()),
        }
    }
    compare(text);
}

fn judge(text: &str, document: &Document) {
    let json = document.json();
    let _: &serde_json::value::RawValue = serde_json::from_str(json).expect("it is JSON");
    let masked = document.mask(text, &"*".repeat(json.len()));
    assert_eq!(masked.len(), text.len());
    for (start, end) in scalars(json) {
        let short = |at| u32::try_from(at).expect("a text is short");
        let span = Span {
            start: short(start),
            end: short(end),
        };
        let place = document.place(text, json, span);
        let place = place.start as usize..place.end as usize;
        let written = text
            .get(place.clone())
            .expect("a place is one of characters");
        // Names of anchors are shown where an alias has them.
        let is_masked = written.starts_with('*') || !masked[place].contains(char::is_alphanumeric);
        assert!(is_masked, "{written:?} in {masked:?}");
        let token = &json[start..end];
        if let (Some(plain), Ok(read)) = (
            document.plain_scalar(text, start..end),
            serde_json::from_str::<String>(token),
        ) {
            if read.is_empty() {
                continue; // left out, it stands where the sign before it is
            }
            let signs = |text: &str| -> String { text.split_whitespace().collect() };
            assert_eq!(signs(plain), signs(&read), "{text:?}");
        }
    }
}

/// Where the scalars of a JSON text without white space stand, keys included.
fn scalars(json: &str) -> Vec<(usize, usize)> {
    let bytes = json.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        if bytes[at] == b'"' {
            at += 1;
            while bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at += 1;
        } else {
            while at < bytes.len() && !b"{}[],:".contains(&bytes[at]) {
                at += 1;
            }
        }
        if at == start {
            at += 1;
        } else {
            found.push((start, at));
        }
    }
    found
}

/// JSON of strings alone means the same as YAML: numbers may be written anew, and escapes are read otherwise.
fn compare(text: &str) {
    let is_read_otherwise =
        |sign: char| matches!(sign, '\\' | '<' | '\u{7f}'..='\u{9f}' | '\u{feff}');
    if text.contains(is_read_otherwise) {
        return;
    }
    let (Ok(Value::Object(expected)), Ok(document)) =
        (serde_json::from_str(text), yaml::read(text, Dialect::Core))
    else {
        return;
    };
    let expected = Value::Object(expected);
    if only_strings(&expected) {
        let found: Value = serde_json::from_str(document.json()).expect("it is JSON");
        assert_eq!(found, expected, "{text:?}");
    }
}

fn only_strings(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(values) => values.iter().all(only_strings),
        Value::Object(values) => values.values().all(only_strings),
        _ => false,
    }
}
