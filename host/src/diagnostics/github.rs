//! Diagnostics as workflow commands: a line each, which GitHub and its like show beside the line of the file.
//!
//! Source: GitHub's documentation of workflow commands (`::error file=...::message`), and the escaping that its toolkit does.

use oci_image_schema::diagnostic::Diagnostic;

use crate::boundary::outside::is_unruly;
use oci_image_forms::report::Report;

/// A workflow command for each diagnostic.
#[must_use]
pub fn github(reports: &[Report]) -> String {
    reports
        .iter()
        .flat_map(|report| report.diagnostics.iter().map(|one| command(report, one)))
        .collect()
}

fn command(report: &Report, diagnostic: &Diagnostic) -> String {
    let level = diagnostic.severity.name();
    let spot = report.spot(diagnostic);
    let file = report.file(spot.as_ref());
    let mut properties = format!("file={}", property(file));
    if let Some(spot) = spot {
        let (start, end) = (spot.start(), spot.end());
        properties.push_str(&format!(",line={},endLine={}", start.line, end.line));
        // Columns of a place that spans lines are refused.
        if start.line == end.line {
            properties.push_str(&format!(",col={},endColumn={}", start.column, end.column));
        }
    }
    let mut message = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    if !diagnostic.allowed.is_empty() {
        message.push_str(&format!("\nallowed: {}", diagnostic.allowed.join(", ")));
    }
    let title = property(&diagnostic.code);
    format!("::{level} {properties},title={title}::{}\n", data(&message))
}

/// Text after the second `::`, without what could drive the terminal that it is shown on.
fn data(text: &str) -> String {
    let is_replaced = |character| is_unruly(character) && !matches!(character, '\r' | '\n');
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace(is_replaced, "\u{fffd}")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use oci_image_schema::diagnostic::{Place, Severity, Span};

    use super::*;

    #[test]
    fn command_is_one_line_whatever_the_texts_hold() {
        let diagnostic = Diagnostic {
            code: "unknown-key".to_owned(),
            severity: Severity::Error,
            pointer: "/a".to_owned(),
            place: Some(Place::Object(Span { start: 3, end: 6 })),
            message: "50% of `a`\r\n::error::x\x1b[2J".to_owned(),
            help: Some("write `b`".to_owned()),
            allowed: vec!["b".to_owned(), "c".to_owned()],
        };
        let report = Report {
            name: "ci/a,b:c%.json".to_owned(),
            text: "{\n \"a\": 1}".to_owned(),
            diagnostics: vec![diagnostic],
            ..Report::default()
        };

        assert_eq!(
            github(&[report]),
            "::error file=ci/a%2Cb%3Ac%25.json,line=2,endLine=2,col=2,endColumn=5,title=unknown-key\
             ::50%25 of `a`%0D%0A::error::x\u{fffd}[2J%0Ahelp: write `b`%0Aallowed: b, c\n"
        );
    }
}
