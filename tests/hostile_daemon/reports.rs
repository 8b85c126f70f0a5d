//! Reports of a solve's progress: without end, without measure, and made to command whoever shows them.

use bollard_buildkit_proto::google::protobuf::Timestamp;
use bollard_buildkit_proto::moby::buildkit::v1::{
    StatusResponse, Vertex, VertexLog, VertexStatus, VertexWarning,
};
use bollard_buildkit_proto::pb::{Position, Range, SourceInfo};

use crate::scenario::{Reports, Scenario};

/// What commands a terminal, a runner, or the eye.
pub(crate) const UNRULY: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\r\n::error::x\n\u{202e}desrever\u{2066}\u{85}\u{9b}2J\u{2028}::set-output name=a::b\0\u{7f}";

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::of_reports("reports-that-command", |reports| {
        Box::pin(async move {
            let _ = reports.send(Ok(unruly())).await;
            let _ = reports.send(Ok(unruly())).await;
        })
    }),
    Scenario::of_reports("reports-out-of-order", |reports| {
        Box::pin(async move {
            for report in disorder() {
                let _ = reports.send(Ok(report)).await;
            }
        })
    }),
    Scenario::of_reports("vertices-in-a-circle", |reports| {
        Box::pin(async move {
            let circle = |from: &str, to: &str| Vertex {
                inputs: vec![to.to_owned(), from.to_owned()],
                ..vertex(from)
            };
            let vertexes = vec![circle("a", "b"), circle("b", "a"), circle("", "")];
            let _ = reports
                .send(Ok(StatusResponse {
                    vertexes,
                    ..StatusResponse::default()
                }))
                .await;
        })
    }),
    Scenario::of_reports("vertices-without-end", |reports| {
        Box::pin(async move {
            for round in 0..15 {
                let named = |number: usize| vertex(&format!("sha256:{round}-{number}"));
                let vertexes = (0..10_000).map(named).collect();
                send(&reports, vertices_of(vertexes)).await;
            }
        })
    }),
    Scenario::of_reports("parts-without-end", |reports| {
        Box::pin(async move {
            for round in 0..4 {
                let part = |number: usize| VertexStatus {
                    id: format!("{round}-{number}"),
                    vertex: "a".to_owned(),
                    current: i64::MIN + number as i64,
                    total: -1,
                    ..VertexStatus::default()
                };
                let statuses = (0..10_000).map(part).collect();
                send(
                    &reports,
                    StatusResponse {
                        statuses,
                        ..StatusResponse::default()
                    },
                )
                .await;
            }
        })
    }),
    Scenario::of_reports("lines-without-end", |reports| {
        Box::pin(async move {
            for _ in 0..2 {
                send(&reports, said("a", 1, &vec![b'\n'; 1 << 20])).await;
            }
        })
    }),
    Scenario::of_reports("line-that-never-ends", |reports| {
        Box::pin(async move {
            for _ in 0..20 {
                send(&reports, said("a", 1, &vec![b'x'; 1 << 20])).await;
            }
        })
    }),
    Scenario::of_reports("sequence-that-never-ends", |reports| {
        Box::pin(async move {
            send(&reports, said("a", 1, b"\x1b]0;")).await;
            for _ in 0..20 {
                send(&reports, said("a", 1, &vec![b'x'; 1 << 20])).await;
            }
        })
    }),
    Scenario::of_reports("streams-without-end", |reports| {
        Box::pin(async move {
            for round in 0..20 {
                let log = |number: i64| VertexLog {
                    vertex: "a".to_owned(),
                    stream: round * 10_000 + number,
                    msg: b"never ended".to_vec(),
                    timestamp: None,
                };
                let logs = (0..10_000).map(log).collect();
                send(&reports, logs_of(logs)).await;
            }
        })
    }),
    Scenario::of_reports("logs-of-many-vertices", |reports| {
        Box::pin(async move {
            for round in 0..12 {
                let log = |number: usize| VertexLog {
                    vertex: format!("{round}-{number}"),
                    stream: 1,
                    msg: vec![b'x'; 10_000],
                    timestamp: None,
                };
                let logs = (0..1_000).map(log).collect();
                send(&reports, logs_of(logs)).await;
            }
        })
    }),
    Scenario::of_reports("messages-of-nothing", |reports| {
        Box::pin(async move {
            // Two bytes each on the wire, and a hundred in memory.
            let logs = vec![VertexLog::default(); 7 << 20];
            send(&reports, logs_of(logs)).await;
        })
    }),
    Scenario::of_reports("names-of-megabytes", |reports| {
        Box::pin(async move {
            for round in 0..4 {
                let long = format!("{round}{}", "n".repeat(3 << 20));
                let named = Vertex {
                    name: long.clone(),
                    error: long.clone(),
                    ..vertex(&long)
                };
                let mut report = StatusResponse {
                    vertexes: vec![named],
                    ..StatusResponse::default()
                };
                report.statuses.push(VertexStatus {
                    id: long.clone(),
                    vertex: long,
                    ..VertexStatus::default()
                });
                send(&reports, report).await;
            }
        })
    }),
    Scenario::of_reports("restarts-without-end", |reports| {
        Box::pin(async move {
            for round in 0..10 {
                let run = |number: i64| {
                    let at = round * 10_000 + number;
                    Vertex {
                        started: time(at, 0),
                        completed: time(at, 1),
                        ..vertex("a")
                    }
                };
                let vertexes = (0..10_000).map(run).collect();
                send(&reports, vertices_of(vertexes)).await;
            }
        })
    }),
    Scenario::of_reports("warnings-without-end", |reports| {
        Box::pin(async move {
            for round in 0..20 {
                let warn = |number: usize| VertexWarning {
                    short: format!("{round}-{number} {UNRULY}").into_bytes(),
                    detail: vec![UNRULY.as_bytes().to_vec(); 100],
                    ..warning()
                };
                let warnings = (0..1_000).map(warn).collect();
                send(
                    &reports,
                    StatusResponse {
                        warnings,
                        ..StatusResponse::default()
                    },
                )
                .await;
            }
        })
    }),
    Scenario::of_reports("report-over-the-limit", |reports| {
        Box::pin(async move {
            send(&reports, said("a", 1, &vec![b'x'; 20 << 20])).await;
        })
    }),
    Scenario::of_reports("reports-of-the-past-and-the-future", |reports| {
        Box::pin(async move {
            for (seconds, nanos) in [
                (i64::MIN, i32::MIN),
                (i64::MAX, i32::MAX),
                (-1, 5),
                (0, -1),
                (0, 2_000_000_000),
                (253_402_300_800, 0),
                (9_223_372_036, 999_999_999),
                (i64::MAX / 2, 0),
            ] {
                let at = time(seconds, nanos);
                let mut report = said("a", 1, b"a line\n");
                report.logs[0].timestamp = at;
                report.vertexes = vec![
                    Vertex {
                        started: at,
                        completed: time(1, 0),
                        ..vertex("a")
                    },
                    Vertex {
                        started: time(1, 0),
                        completed: at,
                        ..vertex("b")
                    },
                    Vertex {
                        started: at,
                        completed: at,
                        ..vertex("c")
                    },
                ];
                report.statuses.push(VertexStatus {
                    id: "part".to_owned(),
                    vertex: "a".to_owned(),
                    current: i64::MIN,
                    total: i64::MAX,
                    timestamp: at,
                    started: at,
                    completed: at,
                    ..VertexStatus::default()
                });
                send(&reports, report).await;
            }
        })
    }),
    Scenario {
        solve: |visit| {
            Box::pin(async move {
                let image = crate::archive::Image::honest();
                visit.put(&image).await;
                visit.silence().await
            })
        },
        ..Scenario::of_reports("reports-without-end", |reports| {
            Box::pin(async move {
                let mut round = 0_u64;
                let text =
                    b"a line of a step that is as long as lines are in the midst of a build\n"
                        .repeat(1_000);
                while !reports.is_closed() {
                    round += 1;
                    let mut report = said(&format!("{}", round % 7), 1, &text);
                    report.vertexes.push(vertex(&format!("{}", round % 7)));
                    send(&reports, report).await;
                }
            })
        })
    },
];

/// A receiver that is gone does not want to know.
async fn send(reports: &Reports, report: StatusResponse) {
    let _ = reports.send(Ok(report)).await;
}

fn time(seconds: i64, nanos: i32) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos })
}

fn vertex(digest: &str) -> Vertex {
    Vertex {
        digest: digest.to_owned(),
        name: format!("[a {digest}] RUN x"),
        started: time(1_700_000_000, 0),
        ..Vertex::default()
    }
}

fn said(vertex: &str, stream: i64, text: &[u8]) -> StatusResponse {
    let log = VertexLog {
        vertex: vertex.to_owned(),
        stream,
        msg: text.to_vec(),
        timestamp: time(1_700_000_001, 0),
    };
    logs_of(vec![log])
}

fn logs_of(logs: Vec<VertexLog>) -> StatusResponse {
    StatusResponse {
        logs,
        ..StatusResponse::default()
    }
}

fn vertices_of(vertexes: Vec<Vertex>) -> StatusResponse {
    StatusResponse {
        vertexes,
        ..StatusResponse::default()
    }
}

fn warning() -> VertexWarning {
    let at = |line| {
        Some(Position {
            line,
            character: i32::MIN,
        })
    };
    VertexWarning {
        vertex: UNRULY.to_owned(),
        level: i64::MIN,
        url: UNRULY.to_owned(),
        info: Some(SourceInfo {
            filename: UNRULY.to_owned(),
            data: UNRULY.repeat(10).into_bytes(),
            ..SourceInfo::default()
        }),
        ranges: vec![
            Range {
                start: at(i32::MIN),
                end: at(i32::MAX),
            },
            Range {
                start: at(1),
                end: at(i32::MAX),
            },
        ],
        ..VertexWarning::default()
    }
}

/// Everything that can be said, said so that it commands.
fn unruly() -> StatusResponse {
    let mut report = said(UNRULY, i64::MIN, UNRULY.as_bytes());
    report
        .logs
        .extend(said(UNRULY, 2, b"\n::error::x\n   ::add-mask::y\n\xff\xfe").logs);
    report.vertexes.push(Vertex {
        digest: UNRULY.to_owned(),
        name: UNRULY.to_owned(),
        error: UNRULY.to_owned(),
        started: time(5, 0),
        completed: time(4, 0),
        ..Vertex::default()
    });
    report.statuses.push(VertexStatus {
        id: UNRULY.to_owned(),
        name: UNRULY.to_owned(),
        vertex: UNRULY.to_owned(),
        current: i64::MIN,
        total: i64::MIN,
        ..VertexStatus::default()
    });
    report.warnings.push(VertexWarning {
        short: UNRULY.as_bytes().to_vec(),
        detail: vec![UNRULY.as_bytes().to_vec()],
        ..warning()
    });
    report
}

/// Ends before beginnings, logs of vertices that nobody named, and one end after another.
fn disorder() -> Vec<StatusResponse> {
    let of = |started, completed| StatusResponse {
        vertexes: vec![Vertex {
            started,
            completed,
            ..vertex("a")
        }],
        ..StatusResponse::default()
    };
    vec![
        said("never named", 1, b"before its vertex\n"),
        of(None, time(7, 0)),
        said("a", 1, b"after its end\n"),
        of(time(9, 0), None),
        of(time(8, 0), time(3, 0)),
        of(None, None),
        said("a", -5, b"on a stream that is none\n"),
        of(time(9, 0), time(10, 0)),
        said("a", 1, b"after its last end\n"),
    ]
}
