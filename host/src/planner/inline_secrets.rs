//! Takes the texts of inline secrets out of an object before anybody else sees it: planner, log, excerpt of a diagnostic.
//!
//! Every byte of such a text becomes `*`, so the object keeps its length and all places in it stay true. Masked is more than
//! the contract calls a secret, because what is written in the wrong form is a secret all the same, and the diagnostic about it
//! shows its line: every value of a key `text` wherever it stands, and everything below an id of `buildkit_secrets` but the
//! path of a file. A number becomes ones, which keeps it a number. What the planner is given is still JSON if the object was.
//!
//! A text that is not JSON is masked as far as its strings can be told apart, and after every `"text":` that can be seen.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde_json::Value;

use super::MAX_OBJECT;

/// The key of the object that holds secrets.
const SECRETS: &str = "buildkit_secrets";
/// The key of a secret that holds its text.
const TEXT: &str = "text";

/// Bytes that no log, argument, plan or error may show: `Debug` prints `SecretBytes(..)`, `Display` does not exist.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// How many bytes there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes, for the session that hands them to a step.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretBytes(..)")
    }
}

/// An object without the texts of its secrets, and those.
#[derive(Debug)]
pub struct Masked {
    /// The object's text, as long as it was.
    pub object: String,
    /// The texts by id: those that the contract knows as inline secrets. Of two with one id the last.
    pub secrets: BTreeMap<String, SecretBytes>,
}

/// Takes the secrets out of an object's text.
///
/// ```
/// let masked = oci_image::planner::inline_secrets::mask(r#"{"buildkit_secrets": {"token": {"text": "xyzzy"}}}"#);
/// assert_eq!(masked.object, r#"{"buildkit_secrets": {"token": {"text": "*****"}}}"#);
/// assert_eq!(masked.secrets["token"].clone().into_bytes(), b"xyzzy");
/// ```
#[must_use]
pub fn mask(object: &str) -> Masked {
    let mut masked = object.as_bytes().to_vec();
    for place in Places::of(object) {
        match place {
            Place::Text(range) => masked[range].fill(b'*'),
            Place::Number(range) => mask_digits(&mut masked[range]),
        }
    }
    // Read as a tree, a long object would take many times its length; the planner refuses it anyway.
    let parsed = (object.len() <= MAX_OBJECT)
        .then(|| serde_json::from_str::<Value>(object).ok())
        .flatten();
    if parsed.is_none() {
        mask_after_keys(object.as_bytes(), &mut masked);
    }
    Masked {
        object: String::from_utf8(masked)
            .expect("whole characters were replaced: a place ends at a quote, at white space, or at the end"),
        secrets: parsed.as_ref().map(texts).unwrap_or_default(),
    }
}

/// The secrets that the contract knows.
fn texts(object: &Value) -> BTreeMap<String, SecretBytes> {
    let Some(Value::Object(secrets)) = object.get(SECRETS) else {
        return BTreeMap::new();
    };
    let text = |(id, secret): (&String, &Value)| {
        let text = secret.as_object()?.get(TEXT)?.as_str()?;
        Some((id.clone(), SecretBytes(text.as_bytes().to_vec())))
    };
    secrets.iter().filter_map(text).collect()
}

fn mask_digits(number: &mut [u8]) {
    for byte in number.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        *byte = b'1';
    }
}

/// In a text whose quotes are not balanced nothing is certain; what follows a `"text":` is masked up to the end of its string.
fn mask_after_keys(object: &[u8], masked: &mut [u8]) {
    const KEY: &[u8] = b"\"text\"";
    let mut at = 0;
    while let Some(found) = find(&object[at..], KEY) {
        at += found + KEY.len();
        let colon = skip_space(object, at);
        if object.get(colon) != Some(&b':') {
            continue;
        }
        let value = skip_space(object, colon + 1);
        let range = match object.get(value) {
            Some(b'"') => string_at(object, value).content,
            _ => value..value + word_length(&object[value..]),
        };
        masked[range].fill(b'*');
    }
}

fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len())
        .position(|window| window == sought)
}

/// What is masked.
#[derive(Debug)]
enum Place {
    /// The content of a string, without its quotes; or what is no JSON at all.
    Text(Range<usize>),
    /// A number.
    Number(Range<usize>),
}

/// A list or map that is open.
struct Open {
    is_map: bool,
    /// The key whose value comes next or is being read.
    key: Option<String>,
    /// Whether every value in it is masked.
    masked: bool,
    /// Whether its keys are masked too; those of a secret itself are not, so that a mistyped one can be told.
    masks_keys: bool,
}

/// Finds the places, one token after the other: no recursion, and no end before the text's.
struct Places<'text> {
    text: &'text [u8],
    at: usize,
    open: Vec<Open>,
    found: Vec<Place>,
}

impl<'text> Places<'text> {
    fn of(text: &'text str) -> Vec<Place> {
        let mut places = Self {
            text: text.as_bytes(),
            at: 0,
            open: Vec::new(),
            found: Vec::new(),
        };
        while let Some(&byte) = places.text.get(places.at) {
            places.token(byte);
        }
        places.found
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => self.enter(byte == b'{'),
            b'}' | b']' => {
                self.open.pop();
                self.at += 1;
            }
            b',' => {
                if let Some(open) = self.open.last_mut() {
                    open.key = None;
                }
                self.at += 1;
            }
            b'"' => self.string(),
            b':' | b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
            _ => self.word(),
        }
    }

    fn enter(&mut self, is_map: bool) {
        let masked = self.is_masked(false);
        self.open.push(Open {
            is_map,
            key: None,
            masked,
            masks_keys: masked && !self.is_below_secrets(),
        });
        self.at += 1;
    }

    fn string(&mut self) {
        let string = string_at(self.text, self.at);
        self.at = string.end;
        if self.text.get(skip_space(self.text, string.end)) == Some(&b':') {
            self.key(string);
        } else if self.is_masked(true) {
            self.found.push(Place::Text(string.content));
        }
    }

    fn key(&mut self, string: StringToken) {
        let quoted = &self.text[string.start..string.end];
        let key = serde_json::from_slice::<String>(quoted).unwrap_or_else(|_| {
            String::from_utf8_lossy(&self.text[string.content.clone()]).into_owned()
        });
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if open.masks_keys {
            self.found.push(Place::Text(string.content));
        } else {
            open.key = Some(key);
        }
    }

    fn word(&mut self) {
        let length = word_length(&self.text[self.at..]);
        let range = self.at..self.at + length;
        self.at = range.end;
        if !self.is_masked(true) {
            return;
        }
        match &self.text[range.clone()] {
            b"true" | b"false" | b"null" => {}
            word if word.iter().all(|byte| b"0123456789+-.eE".contains(byte)) => {
                self.found.push(Place::Number(range));
            }
            _ => self.found.push(Place::Text(range)),
        }
    }

    /// Whether the value that comes next is masked; a scalar or something that holds others.
    fn is_masked(&self, is_scalar: bool) -> bool {
        let Some(open) = self.open.last() else {
            return false;
        };
        if open.masked {
            return true;
        }
        if self.is_below_secrets() {
            // The path of a file is shown, whatever its id.
            return !(open.is_map && is_scalar);
        }
        match open.key.as_deref() {
            Some(SECRETS) => is_scalar,
            Some(TEXT) => true,
            _ => false,
        }
    }

    /// Whether the value that comes next is one of those in `buildkit_secrets`, wherever that stands: the object may be
    /// within a message.
    fn is_below_secrets(&self) -> bool {
        let depth = self.open.len();
        depth >= 2 && self.open[depth - 2].key.as_deref() == Some(SECRETS)
    }
}

/// A string: from its quote to past the other one.
struct StringToken {
    start: usize,
    content: Range<usize>,
    end: usize,
}

/// The string whose quote stands at `start`. One that is not closed ends with the text.
fn string_at(text: &[u8], start: usize) -> StringToken {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                return StringToken {
                    start,
                    content: start + 1..at,
                    end: at + 1,
                };
            }
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    StringToken {
        start,
        content: start + 1..text.len(),
        end: text.len(),
    }
}

fn skip_space(text: &[u8], from: usize) -> usize {
    text[from..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .map_or(text.len(), |space| from + space)
}

/// The length of what is neither a string nor a sign of JSON nor white space: a number, a name, or no JSON.
fn word_length(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| b"{}[],:\" \t\r\n".contains(byte))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(object: &str) -> String {
        let masked = mask(object).object;
        assert_eq!(masked.len(), object.len());
        masked
    }

    fn secrets(object: &str) -> Vec<(String, String)> {
        mask(object)
            .secrets
            .into_iter()
            .map(|(id, secret)| (id, String::from_utf8(secret.into_bytes()).unwrap()))
            .collect()
    }

    #[test]
    fn text_of_a_secret_is_taken_out_and_its_place_stays() {
        let object = r#"{"context": ".", "buildkit_secrets": {"token": {"text": "hunter2"}, "file": "keys/a"}}"#;

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
                r#"{"buildkit_secrets": {"a": {"text": -111.1e1}}}"#,
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
}
