//! Diagnostics as a JSON list of our own: their own fields, with `file`, `start` and `end`.

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::event::{Located, ProgramEvent};

use oci_image_forms::report::{Report, Spot};

/// Diagnostics for a program: one list for all requests.
#[must_use]
pub fn json(reports: &[Report]) -> String {
    let list: Vec<Located<'_>> = reports
        .iter()
        .flat_map(|report| report.diagnostics.iter().map(|one| entry(report, one)))
        .collect();
    let mut text = serde_json::to_string_pretty(&list).expect("an entry has only names as keys");
    text.push('\n');
    text
}

/// The diagnostics of one request as lines: an object each, as in the list, with `"event": "diagnostic"`.
#[must_use]
pub fn json_lines(report: &Report) -> String {
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        let line = ProgramEvent::Diagnostic(entry(report, diagnostic));
        text.push_str(&serde_json::to_string(&line).expect("an entry has only names as keys"));
        text.push('\n');
    }
    text
}

fn entry<'text>(report: &'text Report, diagnostic: &'text Diagnostic) -> Located<'text> {
    let spot = report.spot(diagnostic);
    Located {
        diagnostic,
        file: report.file(spot.as_ref()),
        start: spot.as_ref().map(Spot::start),
        end: spot.as_ref().map(Spot::end),
    }
}

#[cfg(test)]
mod tests {
    use oci_image_schema::code::Code;
    use oci_image_schema::diagnostic::{Place, Span};

    use super::*;

    #[test]
    fn json_adds_lines_and_columns_in_characters() {
        let place = Place::Object(Span { start: 11, end: 19 });
        let report = Report {
            name: "<stdin>".to_owned(),
            text: "{\"ä\": 1,\n \"contxt\": 2}".to_owned(),
            diagnostics: vec![Diagnostic::new(Code::UnknownKey, "no such key").at(place)],
            ..Report::default()
        };

        let json = json(&[report]);

        let entries: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            entries[0]["start"],
            serde_json::json!({"line": 2, "column": 2})
        );
        assert_eq!(
            entries[0]["end"],
            serde_json::json!({"line": 2, "column": 10})
        );
        assert_eq!(entries[0]["file"], "<stdin>");
        assert_eq!(entries[0]["code"], "unknown-key");
    }
}
