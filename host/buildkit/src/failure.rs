//! What the daemon says of a solve that failed, as types.
//!
//! Source: BuildKit, `solver/errdefs`; the details of a gRPC status are `Any` values that hold JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bollard_buildkit_proto::google::rpc;
use bollard_buildkit_proto::pb;
use prost::Message;
use serde::Deserialize;

/// How long a message may be, in bytes; the longest are those that quote a step's whole script.
const LONGEST_MESSAGE: usize = 32 << 10;
/// How many details are read; a failure has some.
const MOST_DETAILS: usize = 100;

/// A solve that the daemon reports as failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SolveFailure {
    /// The daemon's message, the whole chain in one line.
    pub message: String,
    /// The places in source files (a Dockerfile) that the failure belongs to, innermost first.
    pub sources: Vec<Source>,
    /// Digest of the vertex that failed.
    pub vertex: Option<String>,
    /// Exit code of the process that failed, where one ran.
    pub exit_code: Option<u32>,
}

/// Lines of a source file that the daemon points at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Name of the file, as the frontend knows it: `Dockerfile`.
    pub filename: String,
    /// The whole text of the file.
    pub data: Vec<u8>,
    /// The lines meant.
    pub ranges: Vec<LineRange>,
}

/// Lines `start..=end`, counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineRange {
    /// First line.
    pub start: u32,
    /// Last line.
    pub end: u32,
}

impl SolveFailure {
    /// Reads the details of a gRPC status; those that are unknown or malformed are left out.
    pub(crate) fn from_status(status: &tonic::Status) -> Self {
        let mut failure = Self {
            message: without_midst(status.message()),
            ..Self::default()
        };
        let details = rpc::Status::decode(status.details())
            .unwrap_or_default()
            .details;
        // The daemon lists the outermost first.
        for detail in details.iter().rev().take(MOST_DETAILS) {
            match detail.type_url.rsplit('/').next().unwrap_or_default() {
                "errdefs.Source+json" => failure
                    .sources
                    .extend(json::<SourceDetail>(&detail.value).map(Source::from)),
                "errdefs.Vertex+json" => {
                    let vertex = json::<VertexDetail>(&detail.value).map(|vertex| vertex.digest);
                    failure.vertex = failure.vertex.take().or(vertex);
                }
                "gatewayapi.ExitMessage+json" => {
                    let code = json::<ExitDetail>(&detail.value).map(|exit| exit.code);
                    failure.exit_code = failure.exit_code.or(code);
                }
                _ => {}
            }
        }
        failure
    }
}

/// A message that is not longer than anything a daemon has to say: of a longer one both ends, which say what and why.
fn without_midst(message: &str) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    let end = message.ceil_char_boundary(message.len() - LONGEST_MESSAGE / 2);
    let start = message.floor_char_boundary(LONGEST_MESSAGE / 2);
    format!("{}...{}", &message[..start], &message[end..])
}

/// `errdefs.Source`; like all of these, fields that are zero or empty are left out on the wire.
#[derive(Deserialize, Default)]
#[serde(default)]
struct SourceDetail {
    info: InfoDetail,
    ranges: Vec<RangeDetail>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InfoDetail {
    filename: String,
    /// Base64.
    data: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RangeDetail {
    start: PositionDetail,
    end: PositionDetail,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PositionDetail {
    line: u32,
}

#[derive(Deserialize)]
struct VertexDetail {
    digest: String,
}

#[derive(Deserialize)]
struct ExitDetail {
    #[serde(rename = "Code", default)]
    code: u32,
}

impl From<SourceDetail> for Source {
    fn from(detail: SourceDetail) -> Self {
        Self {
            filename: detail.info.filename,
            data: STANDARD.decode(detail.info.data).unwrap_or_default(),
            ranges: detail
                .ranges
                .iter()
                .map(|range| LineRange::new(range.start.line, range.end.line))
                .collect(),
        }
    }
}

impl Source {
    /// The wire's form, as warnings have it.
    pub(crate) fn from_wire(info: pb::SourceInfo, ranges: &[pb::Range]) -> Self {
        let line = |position: &Option<pb::Position>| {
            position.as_ref().map_or(0, |at| at.line.unsigned_abs())
        };
        Self {
            filename: info.filename,
            data: info.data,
            ranges: ranges
                .iter()
                .map(|range| LineRange::new(line(&range.start), line(&range.end)))
                .collect(),
        }
    }
}

impl LineRange {
    /// The daemon leaves the end out where the range is one line.
    pub(crate) fn new(start: u32, end: u32) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }
}

fn json<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

#[cfg(test)]
mod tests {
    use bollard_buildkit_proto::google::protobuf::Any;

    use super::*;

    fn status(details: &[(&str, &str)]) -> tonic::Status {
        let details = details
            .iter()
            .map(|(name, json)| Any {
                type_url: format!("github.com/moby/buildkit/{name}"),
                value: json.as_bytes().to_vec(),
            })
            .collect();
        let proto = rpc::Status {
            code: 2,
            message: String::new(),
            details,
        };
        tonic::Status::with_details(
            tonic::Code::Unknown,
            "process failed",
            proto.encode_to_vec().into(),
        )
    }

    #[test]
    fn details_become_types_innermost_source_first() {
        let failure = SolveFailure::from_status(&status(&[
            (
                "errdefs.Source+json",
                r#"{"info":{"filename":"outer"},"ranges":[{"start":{"line":9},"end":{"line":9}}]}"#,
            ),
            ("stack.Stack+json", r#"{"frames":[]}"#),
            ("errdefs.Vertex+json", r#"{"digest":"sha256:aa"}"#),
            (
                "errdefs.Source+json",
                r#"{"info":{"filename":"Dockerfile","data":"RlJPTSBh"},"ranges":[{"start":{"line":2}}]}"#,
            ),
            ("gatewayapi.ExitMessage+json", r#"{"Code":7}"#),
        ]));

        let source = |filename: &str, data: &[u8], line| Source {
            filename: filename.into(),
            data: data.into(),
            ranges: vec![LineRange {
                start: line,
                end: line,
            }],
        };
        assert_eq!(
            failure,
            SolveFailure {
                message: "process failed".into(),
                sources: vec![source("Dockerfile", b"FROM a", 2), source("outer", b"", 9)],
                vertex: Some("sha256:aa".into()),
                exit_code: Some(7),
            }
        );
    }

    #[test]
    fn malformed_details_leave_the_message() {
        let failure = SolveFailure::from_status(&status(&[
            ("errdefs.Source+json", "{"),
            ("errdefs.Vertex+json", "[]"),
            ("gatewayapi.ExitMessage+json", r#"{"Code":-1}"#),
        ]));

        assert_eq!(
            failure,
            SolveFailure {
                message: "process failed".into(),
                ..SolveFailure::default()
            }
        );
    }
}
