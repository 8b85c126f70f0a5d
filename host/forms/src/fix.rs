//! Fixes: changes of a text where a mistake has one right answer. Everything else of the text stays as it is.
//!
//! What is told says what would be right and where; the text as it was written is changed there, and nowhere where the two do not fit.

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place};
use serde_json::Value;

use crate::report::Report;
use oci_image_boundary::line::line_start;

/// A change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that are replaced.
    pub range: Range<usize>,
    /// What stands there then.
    pub text: String,
}

/// The texts in which a report tells mistakes, by what places call them: each with as much of it as may be seen.
#[must_use]
pub fn told_in(report: &Report) -> BTreeMap<&str, &str> {
    let files = report.files.iter();
    let files = files.map(|(name, text)| (name.as_str(), text.as_str()));
    files.chain([(&*report.name, &*report.text)]).collect()
}

/// The changes of a text of that name that mend what a report tells of it, in their order. `text` is as it was written.
#[must_use]
pub fn edits(report: &Report, name: &str, text: &str) -> Vec<Edit> {
    let mut edits: Vec<Edit> = report
        .diagnostics
        .iter()
        .filter_map(|said| edit(said, place(report, said, name)?, text))
        .collect();
    edits.sort_by_key(|edit| edit.range.start);
    let mut end = 0;
    edits.retain(|edit| {
        let is_apart = edit.range.start >= end;
        end = end.max(edit.range.end);
        is_apart
    });
    edits
}

/// The change of the request's own text that mends one thing; nothing where more than one would, or none is known. `text` is as it was
/// written.
#[must_use]
pub fn mending(report: &Report, said: &Diagnostic, text: &str) -> Option<Edit> {
    edit(said, report.place(said)?, text)
}

/// A text with its changes.
#[must_use]
pub fn edited(text: &str, edits: &[Edit]) -> String {
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        written.push_str(&text[at..edit.range.start]);
        written.push_str(&edit.text);
        at = edit.range.end;
    }
    written + &text[at..]
}

/// Where something is said of a text of that name.
fn place(report: &Report, said: &Diagnostic, name: &str) -> Option<Range<usize>> {
    let (start, span) = match said.place.as_ref()? {
        Place::Object(span) if report.name == name => (report.object_start, span.range()),
        Place::File(place) if place.path == name => (0, place.span.range()),
        _ => return None,
    };
    Some(start + span.start..start + span.end)
}

/// The change of a text that mends what is said of a part of it.
#[must_use]
pub fn edit(said: &Diagnostic, range: Range<usize>, text: &str) -> Option<Edit> {
    let written = text.get(range.clone())?;
    let help = said.help.as_deref().unwrap_or_default();
    match Code::from_name(&said.code)? {
        Code::UnknownKey | Code::UnknownParameter => {
            let meant = help.strip_prefix("did you mean `")?.strip_suffix("`?")?;
            renamed(written, meant).map(|text| Edit { range, text })
        }
        Code::RewrittenValue => {
            let text = is_word(written).then(|| format!("\"{written}\""))?;
            Some(Edit { range, text })
        }
        Code::UnprivilegedTask => privileged(text, range),
        Code::WrongType if help.starts_with("write `NAME=VALUE` as one string") => {
            let text = pair(written)?;
            Some(Edit { range, text })
        }
        Code::WrongType if help.starts_with("write a list of `NAME=VALUE`") => {
            pairs(text, range.clone()).map(|text| Edit { range, text })
        }
        _ => None,
    }
}

/// A name in place of another, in its quotes.
fn renamed(written: &str, meant: &str) -> Option<String> {
    let quote = written
        .chars()
        .next()
        .filter(|sign| ['"', '\''].contains(sign));
    match quote {
        Some(quote) if written.len() > 1 && written.ends_with(quote) => {
            Some(format!("{quote}{meant}{quote}"))
        }
        None if is_word(written) => Some(meant.to_owned()),
        _ => None,
    }
}

/// Whether a scalar of YAML is written without anything that would have to be escaped.
fn is_word(text: &str) -> bool {
    let is_of_word = |sign: char| sign.is_ascii_alphanumeric() || "_.-+/".contains(sign);
    !text.is_empty() && text.chars().all(is_of_word)
}

/// A step that is privileged: by its flag, or by a line below its name.
fn privileged(text: &str, range: Range<usize>) -> Option<Edit> {
    if ["false", "no", "off", "null", "~"].contains(&&text[range.clone()]) {
        let text = "true".to_owned();
        return Some(Edit { range, text });
    }
    let line = line_start(text, range.start);
    let before = &text[line..range.start];
    let column = before.find("task:")?;
    let (indent, key) = before.split_at(column);
    let is_block = indent.chars().all(|sign| [' ', '-'].contains(&sign));
    if !is_block || key.trim_end() != "task:" {
        return None;
    }
    let rest = &text[range.end..];
    let end = rest.find('\n').unwrap_or(rest.len());
    let after = rest[..end].trim();
    if !(after.is_empty() || after.starts_with('#')) {
        return None;
    }
    let at = range.end + rest[..end].trim_end_matches('\r').len();
    let text = format!("\n{}privileged: true", " ".repeat(column));
    Some(Edit {
        range: at..at,
        text,
    })
}

/// `NAME=VALUE` of `NAME: VALUE`, both on one line and without signs that mean something.
fn pair(written: &str) -> Option<String> {
    let (name, value) = written.split_once(": ")?;
    let value = value.trim();
    let is_text = |text: &&str| !text.contains(['"', '\'', '\\', '\n', '#']);
    let value = match value
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    {
        Some(quoted) => Some(quoted).filter(is_text)?,
        None => Some(value).filter(|value| is_word(value))?,
    };
    let pair = format!("{name}={value}");
    is_word(name).then(|| match is_word(value) {
        true => pair,
        false => Value::from(pair).to_string(),
    })
}

/// The same of a map, a line an entry, as the list that is wanted.
fn pairs(text: &str, range: Range<usize>) -> Option<String> {
    let line = line_start(text, range.start);
    let indent = &text[line..range.start];
    if indent.is_empty() || !indent.chars().all(|sign| sign == ' ') {
        return None;
    }
    let lines = text[range].split('\n').enumerate().map(|(number, line)| {
        let entry = match number {
            0 => line,
            _ => line.strip_prefix(indent)?,
        };
        let pair = pair(entry.trim_end_matches('\r'))?;
        Some(if number == 0 {
            format!("- {pair}")
        } else {
            format!("{indent}- {pair}")
        })
    });
    let lines: Vec<String> = lines.collect::<Option<_>>()?;
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use oci_image_schema::diagnostic::Span;

    use super::*;

    /// The text when what is said of a part of it is mended.
    fn mended(code: Code, text: &str, part: &str, help: &str) -> Option<String> {
        let start = text.find(part).unwrap();
        let place = Place::Object(Span::of(start..start + part.len()));
        let said = Diagnostic::new(code, "wrong").at(place).help(help);
        let report = Report {
            name: "a".to_owned(),
            text: text.to_owned(),
            diagnostics: vec![said],
            ..Report::default()
        };
        let edits = edits(&report, "a", text);
        (!edits.is_empty()).then(|| edited(text, &edits))
    }

    #[test]
    fn name_is_written_as_it_was_meant_in_its_quotes() {
        for (text, part, expected) in [
            (
                "DOCKERFLE: x # y\n",
                "DOCKERFLE",
                Some("DOCKERFILE: x # y\n"),
            ),
            (
                "{\"DOCKERFLE\": 1}",
                "\"DOCKERFLE\"",
                Some("{\"DOCKERFILE\": 1}"),
            ),
            ("'DOCKERFLE': 1", "'DOCKERFLE'", Some("'DOCKERFILE': 1")),
            ("*alias : 1", "*alias", None),
        ] {
            let help = "did you mean `DOCKERFILE`?";
            let found = mended(Code::UnknownParameter, text, part, help);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert_eq!(mended(Code::UnknownKey, "x: 1", "x", "remove it"), None);
    }

    #[test]
    fn number_gets_quotes_and_a_pair_its_sign() {
        let quoted = mended(Code::RewrittenValue, "A: 1.10 # x\n", "1.10", "");
        assert_eq!(quoted.as_deref(), Some("A: \"1.10\" # x\n"));
        assert_eq!(mended(Code::RewrittenValue, "A: *x\n", "*x", ""), None);

        let one = "write `NAME=VALUE` as one string, as in `x`";
        let text = "labels:\n- title: hello # x\n- b\n";
        let pair = mended(Code::WrongType, text, "title: hello", one);
        assert_eq!(pair.as_deref(), Some("labels:\n- title=hello # x\n- b\n"));
        let list = "write a list of `NAME=VALUE`, as in `x`";
        let text = "args:\n  A: \"1 2\"\n  B: c\nx: y\n";
        let pairs = mended(Code::WrongType, text, "A: \"1 2\"\n  B: c", list);
        assert_eq!(
            pairs.as_deref(),
            Some("args:\n  - \"A=1 2\"\n  - B=c\nx: y\n")
        );
        for odd in ["A: [1]", "A: \"\\n\"", "A: b: c"] {
            assert_eq!(mended(Code::WrongType, odd, odd, one), None, "{odd}");
        }
    }

    #[test]
    fn step_becomes_privileged_below_its_name() {
        for (text, part, expected) in [
            (
                "  - task: b # x\n    file: c\n",
                "b",
                Some("  - task: b # x\n    privileged: true\n    file: c\n"),
            ),
            (
                "try:\n  task: b",
                "b",
                Some("try:\n  task: b\n  privileged: true"),
            ),
            ("- {task: b}\n", "b", None),
            (
                "- task: b\n  privileged: false\n",
                "false",
                Some("- task: b\n  privileged: true\n"),
            ),
        ] {
            let found = mended(Code::UnprivilegedTask, text, part, "");
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
