//! Lists of `NAME=VALUE` in an object.
//!
//! Source: `pair`.

use oci_image_schema::code::Code;

use crate::findings::Findings;
use crate::json::{Kind, Node};
use crate::pair::{self, Pair, PairKind};
use crate::reader::Reader;

/// The pairs of a list, those that are sound.
pub(crate) fn pairs<'t>(
    reader: &mut Reader<'_, 't>,
    key: &str,
    kind: PairKind,
    node: Node<'t>,
) -> Vec<Pair<'t>> {
    let mut list = Vec::new();
    if node.kind() == Kind::Object {
        report_map(reader.findings, kind, Kind::List, node);
    } else {
        let what = format!("an element of `{key}`");
        for element in reader.elements(key, node) {
            if element.kind() == Kind::Object {
                report_map(reader.findings, kind, Kind::String, element);
            } else {
                list.extend(reader.filled(&what, element));
            }
        }
    }
    pair::pairs(reader.findings, kind, list)
}

/// Reports a map in place of pairs, or of one: in YAML, `- NAME: VALUE` is one.
fn report_map(findings: &mut Findings<'_>, kind: PairKind, expected: Kind, node: Node<'_>) {
    let message = format!("expected {}, found a map", expected.phrase());
    let example = kind.example();
    let help = match expected {
        Kind::List => format!("write a list of `NAME=VALUE`, as in `[\"{example}\"]`"),
        _ => format!("write `NAME=VALUE` as one string, as in `\"{example}\"`"),
    };
    findings
        .report(Code::WrongType, node.span(), message)
        .help(help);
}
