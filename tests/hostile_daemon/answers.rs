//! Answers: failures that command, messages without measure, and silence.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard_buildkit_proto::google::protobuf::Any;
use bollard_buildkit_proto::google::rpc;
use bollard_buildkit_proto::moby::buildkit::v1::SolveResponse;
use prost::Message as _;
use rustix::process::{Signal, getpid, kill_process};
use serde_json::json;
use tonic::{Code, Status};

use crate::archive::Image;
use crate::reports::UNRULY;
use crate::scenario::{Manners, Scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::of_solve("failure-that-commands", |_| {
        Box::pin(async { Err(Status::unknown(UNRULY)) })
    }),
    Scenario::of_solve("failure-of-a-megabyte", |_| {
        Box::pin(async { Err(Status::unknown(format!("{UNRULY} ").repeat(1 << 13))) })
    }),
    Scenario::of_solve("failure-with-details-that-command", |_| {
        Box::pin(async { Err(detailed(details())) })
    }),
    Scenario::of_solve("failure-with-details-of-noise", |_| {
        Box::pin(async {
            let noise = bytes::Bytes::from_static(b"\xff\xff\xff\xff\x0f\x01\x02");
            Err(Status::with_details(Code::Unknown, "noise", noise))
        })
    }),
    Scenario::of_solve("failure-with-many-details", |_| {
        Box::pin(async {
            let mut many = Vec::new();
            for _ in 0..2_000 {
                many.extend(details());
            }
            Err(detailed(many))
        })
    }),
    Scenario::of_solve("failure-as-if-a-disk-were-full", |_| {
        Box::pin(async { Err(Status::unknown("no space left on device")) })
    }),
    Scenario::of_solve("answer-over-the-limit", |visit| {
        Box::pin(async move {
            let mut answer = visit.satisfy().await?;
            let long = "x".repeat(20 << 20);
            answer.exporter_response.insert("long".to_owned(), long);
            Ok(answer)
        })
    }),
    Scenario::of_solve("answer-of-many-keys", |visit| {
        Box::pin(async move {
            let mut answer = visit.satisfy().await?;
            let more = (0..100_000).map(|key| (format!("{key}{UNRULY}"), String::new()));
            answer.exporter_response.extend(more);
            Ok(answer)
        })
    }),
    Scenario::of_solve("answer-of-nothing", |visit| {
        Box::pin(async move {
            visit.satisfy().await?;
            Ok(SolveResponse::default())
        })
    }),
    Scenario::of_solve("death-in-the-midst", |visit| {
        Box::pin(async move {
            visit.put(&Image::honest()).await;
            // The first process of a namespace cannot kill itself: it aborts.
            let _ = kill_process(getpid(), Signal::KILL);
            std::process::abort()
        })
    }),
    Scenario::of_solve("silence-in-the-solve", |visit| {
        Box::pin(async move { visit.silence().await })
    }),
    Scenario::of_solve("silence-in-a-stream", |visit| {
        Box::pin(async move {
            let pieces = futures::StreamExt::chain(
                tokio_stream::iter([Image::tree()[..512].to_vec()]),
                tokio_stream::pending(),
            );
            visit.put(&Image::honest()).await;
            let _ = visit.stream("1", pieces).await;
            visit.silence().await
        })
    }),
    Scenario::of_solve("silence-after-the-streams", |visit| {
        Box::pin(async move {
            visit.satisfy().await?;
            visit.silence().await
        })
    }),
    Scenario::of_solve("silence-that-is-deaf", |visit| {
        Box::pin(async move { visit.silence().await })
    })
    .with(Manners::Deaf),
    Scenario::of_solve("silence-before-it-is-ready", |visit| {
        Box::pin(async move { visit.silence().await })
    })
    .with(Manners::NeverReady),
    Scenario::of_solve("silence-to-the-session", |visit| {
        Box::pin(async move { visit.silence().await })
    })
    .with(Manners::SilentSession),
    Scenario::of_solve("session-is-refused", |visit| {
        Box::pin(async move { visit.silence().await })
    })
    .with(Manners::NoSession),
];

fn detailed(details: Vec<Any>) -> Status {
    let status = rpc::Status {
        code: 2,
        message: UNRULY.to_owned(),
        details,
    };
    Status::with_details(Code::Unknown, UNRULY, status.encode_to_vec().into())
}

fn details() -> Vec<Any> {
    let place = |line: u32| json!({"line": line, "character": u32::MAX});
    let source = json!({
        "info": {"filename": UNRULY, "data": STANDARD.encode(UNRULY.repeat(3))},
        "ranges": [
            {"start": place(1), "end": place(u32::MAX)},
            {"start": place(u32::MAX), "end": place(1)},
        ],
    });
    let any = |name: &str, value: serde_json::Value| Any {
        type_url: format!("github.com/moby/buildkit/{name}"),
        value: value.to_string().into_bytes(),
    };
    vec![
        any("errdefs.Source+json", source),
        any("errdefs.Vertex+json", json!({"digest": UNRULY})),
        any("gatewayapi.ExitMessage+json", json!({"Code": u32::MAX})),
        any(UNRULY, json!(UNRULY)),
    ]
}
