//! Diagnostics as SARIF: the few fields that a reader of results needs, each rule described once.
//!
//! Source: SARIF 2.1.0 (OASIS), sections 3.13 to 3.30 and 3.55 to 3.57; the tests hold its JSON Schema against what is written here.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Diagnostic;
use serde::Serialize;

use super::uri::uri;
use oci_image_forms::fix;
use oci_image_forms::report::{Report, Spot};

/// The schema of the format.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult<'r>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    help: Text,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

/// What SARIF calls a result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'r> {
    rule_id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location<'r>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    fixes: Option<[Fix; 1]>,
}

/// What mends it, where it has one right answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    artifact_changes: [ArtifactChange; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: [Replacement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'r> {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

/// Lines and columns from 1; the end is the character after the last.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'r> {
    fully_qualified_name: &'r str,
    kind: &'static str,
}

/// The reports as one run.
#[must_use]
pub fn sarif(reports: &[Report]) -> String {
    let found = || reports.iter().flat_map(|report| &report.diagnostics);
    let codes: Vec<Code> = (Code::ALL.iter().copied())
        .filter(|code| found().any(|diagnostic| diagnostic.code == code.name()))
        .collect();
    let results = reports
        .iter()
        .flat_map(|report| {
            let codes = &codes;
            let diagnostics = report.diagnostics.iter();
            diagnostics.map(move |diagnostic| result(report, diagnostic, codes))
        })
        .collect();
    let driver = Driver {
        name: "oci-image",
        version: env!("CARGO_PKG_VERSION"),
        rules: codes.iter().copied().map(rule).collect(),
    };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver },
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    let mut text = serde_json::to_string_pretty(&log).expect("a log has no map with other keys");
    text.push('\n');
    text
}

fn rule(code: Code) -> Rule {
    Rule {
        id: code.name(),
        short_description: Text {
            text: code.rule().to_owned(),
        },
        help: Text {
            text: format!("wrong: {}\nright: {}", code.wrong(), code.right()),
        },
        default_configuration: Configuration {
            level: code.severity().name(),
        },
    }
}

fn result<'r>(report: &'r Report, diagnostic: &'r Diagnostic, codes: &[Code]) -> SarifResult<'r> {
    let spot = report.spot(diagnostic);
    let file = report.file(spot.as_ref());
    let mut message = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!("; {help}"));
    }
    let region = spot.as_ref().map(Region::of);
    let fixes = (spot.as_ref()).and_then(|spot| fix(diagnostic, spot));
    let pointer = LogicalLocation {
        fully_qualified_name: &diagnostic.pointer,
        kind: "value",
    };
    SarifResult {
        rule_id: &diagnostic.code,
        rule_index: (codes.iter()).position(|code| code.name() == diagnostic.code),
        level: diagnostic.severity.name(),
        message: Text { text: message },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: uri(file) },
                region,
            },
            logical_locations: Some(pointer)
                .filter(|pointer| !pointer.fully_qualified_name.is_empty())
                .into_iter()
                .collect(),
        }],
        fixes: fixes.map(|fix| [fix]),
    }
}

/// What mends what is said of a place; nothing where a secret would be written as it may be seen.
fn fix(said: &Diagnostic, spot: &Spot<'_>) -> Option<Fix> {
    let edit = fix::edit(said, spot.span.clone(), spot.text)?;
    let replaced = Spot {
        span: edit.range,
        ..*spot
    };
    (!edit.text.contains('*')).then(|| Fix {
        artifact_changes: [ArtifactChange {
            artifact_location: ArtifactLocation {
                uri: uri(spot.name),
            },
            replacements: [Replacement {
                deleted_region: Region::of(&replaced),
                inserted_content: Text { text: edit.text },
            }],
        }],
    })
}

impl Region {
    fn of(spot: &Spot<'_>) -> Self {
        let (start, end) = (spot.start(), spot.end());
        Self {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}
