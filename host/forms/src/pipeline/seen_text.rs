//! A text of a pipeline as people may see it. A pipeline holds secrets under any name, so of its values only those are shown that are known
//! to be none: those of the tasks that are judged, and names.

use std::ops::Range;
use std::rc::Rc;

use oci_image_schema::diagnostic::Span;

use super::text::PipelineText;
use crate::source::secret_path::conceal;
use crate::yaml::closing_quote;

/// The keys whose values are names, paths and flags, wherever they stand.
const NAMES: [&str; 22] = [
    "attempts",
    "dir",
    "file",
    "get",
    "image",
    "inputs",
    "job",
    "name",
    "optional",
    "outputs",
    "passed",
    "path",
    "platform",
    "privileged",
    "put",
    "repository",
    "resource",
    "set_pipeline",
    "task",
    "timeout",
    "trigger",
    "type",
];

/// The other keys of a pipeline. What stands where a key belongs may be a secret that has lost its place.
const KEYS: [&str; 50] = [
    "<<",
    "across",
    "aggregate",
    "args",
    "branch",
    "caches",
    "check_every",
    "config",
    "container_limits",
    "display",
    "do",
    "ensure",
    "fail_fast",
    "format",
    "groups",
    "icon",
    "image_resource",
    "in_parallel",
    "input_mapping",
    "jobs",
    "limit",
    "load_var",
    "max_in_flight",
    "old_name",
    "on_abort",
    "on_error",
    "on_failure",
    "on_success",
    "output_mapping",
    "params",
    "password",
    "plan",
    "private_key",
    "public",
    "resource_types",
    "resources",
    "rootfs_uri",
    "run",
    "serial",
    "serial_groups",
    "source",
    "steps",
    "tag",
    "tags",
    "try",
    "uri",
    "username",
    "values",
    "var_sources",
    "version",
];

/// A text while it is decided how much of it is seen.
pub(super) struct SeenText {
    of: Rc<PipelineText>,
    /// The JSON, with stars in place of what is not seen.
    json: Vec<u8>,
    /// The text, in the end.
    text: String,
}

impl SeenText {
    /// A text of whose values nothing is seen but names.
    pub(super) fn of(text: &Rc<PipelineText>) -> Self {
        Self {
            of: Rc::clone(text),
            json: names_of(text.document.json()),
            text: String::new(),
        }
    }

    /// Shows a part of the JSON, as it may be seen.
    pub(super) fn reveal(&mut self, part: Range<usize>, seen: &str) {
        self.show(part.clone(), seen.as_bytes());
        for (written, at) in self.of.document.aliased_within(part) {
            let copy = at..at + written.len();
            self.show(written, seen.as_bytes().get(copy).unwrap_or_default());
        }
    }

    /// Shows a part as it is.
    pub(super) fn reveal_names(&mut self, part: &Range<usize>) {
        let names = self.of.document.json()[part.clone()].to_owned();
        self.reveal(part.clone(), &names);
    }

    fn show(&mut self, part: Range<usize>, seen: &[u8]) {
        for (byte, seen) in self.json[part].iter_mut().zip(seen) {
            *byte = *seen;
        }
    }

    /// Makes the text of what is seen of the JSON.
    pub(super) fn finish(&mut self) {
        let seen = String::from_utf8_lossy(&self.json);
        self.text = self.of.document.mask(&self.of.text, &seen);
    }

    /// Makes stars of a place.
    pub(super) fn conceal(&mut self, place: Span) {
        conceal(&mut self.text, 0, place);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// A text in JSON with stars in place of every value that is no name, and of every key that is none of a pipeline.
fn names_of(json: &str) -> Vec<u8> {
    let mut seen = json.as_bytes().to_vec();
    let mut is_name = false;
    let mut at = 0;
    while at < seen.len() {
        let start = at;
        match seen[at] {
            b'"' => {
                at = closing_quote(json.as_bytes(), at) + 1;
                let string = &json[start..at];
                if json[at..].starts_with(':') {
                    let key = string.trim_matches('"');
                    is_name = NAMES.contains(&key);
                    if !is_name && !KEYS.contains(&key) {
                        seen[start + 1..at - 1].fill(b'*');
                    }
                } else if !is_name && !is_variable(string) {
                    seen[start + 1..at - 1].fill(b'*');
                }
            }
            b'{' | b'}' => {
                is_name = false;
                at += 1;
            }
            b'[' | b']' | b',' | b':' => at += 1,
            _ => {
                let rest = &json.as_bytes()[at..];
                let end = rest.iter().position(|byte| b"{}[],:\"".contains(byte));
                at += end.unwrap_or(rest.len());
                if !is_name {
                    seen[start..at].fill(b'*');
                }
            }
        }
    }
    seen
}

/// Whether a string is nothing but the name of something that Concourse fills in.
fn is_variable(string: &str) -> bool {
    let inner = string
        .strip_prefix("\"((")
        .and_then(|rest| rest.strip_suffix("))\""));
    inner.is_some_and(|name| !name.contains(['(', ')', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_stars_but_names_and_variables() {
        let json = r#"{"name":"a","source":{"uri":"b","x":[1,"c\""],"key":"((key))"},"passed":["d",{"e":2},"f"],"trigger":true}"#;

        let seen = String::from_utf8(names_of(json)).unwrap();

        assert_eq!(
            seen,
            r#"{"name":"a","source":{"uri":"*","*":[*,"***"],"***":"((key))"},"passed":["d",{"*":*},"*"],"trigger":true}"#
        );
    }
}
