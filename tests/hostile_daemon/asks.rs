//! Questions on the session: for what lies outside, was never given, or in another order than the protocol has.

use std::time::Duration;

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use bollard_buildkit_proto::moby::buildkit::secrets::v1::GetSecretRequest;
use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_client::SecretsClient;
use bollard_buildkit_proto::moby::filesync::v1::CredentialsRequest;
use bollard_buildkit_proto::moby::filesync::v1::auth_client::AuthClient;
use bollard_buildkit_proto::moby::sshforward::v1::ssh_client::SshClient;
use bollard_buildkit_proto::moby::sshforward::v1::{BytesMessage, CheckAgentRequest};
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Request, Status, Streaming};

use crate::call::call;
use crate::content;
use crate::scenario::Scenario;
use crate::visit::Visit;

/// How long an answer is waited for that may never come.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bits of a mode, as Go has it, that no regular file has.
const NOT_REGULAR: u32 = 0x8f28_0000;

const FILE_SYNC: &str = "/moby.filesync.v1.FileSync/DiffCopy";

/// Names that no secret and no agent has.
const NAMES: [&str; 7] = [
    "never-given",
    "",
    "../../etc/passwd",
    "/etc/passwd",
    "\u{1b}[2J\n::error::x",
    "default",
    "\u{202e}terces",
];

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::of_solve("files-outside", |visit| {
        Box::pin(async move {
            let up = "../".repeat(20);
            for path in [
                "..",
                "../outside",
                "../outside/file",
                "/etc/passwd",
                "link",
                "link/file",
                &format!("{up}etc/passwd"),
                "context/../../outside/file",
                "./../outside/*",
                "file",
                "\0",
            ] {
                for key in ["followpaths", "include-patterns"] {
                    let path = path.replace('\0', "%00").into_bytes();
                    let metadata = [
                        ("dir-name", b"context".to_vec()),
                        (key, path.clone()),
                        ("followpaths-encoded", b"1".to_vec()),
                        ("include-patterns-encoded", b"1".to_vec()),
                    ];
                    take_all(&visit, &metadata).await;
                }
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("locals-never-given", |visit| {
        Box::pin(async move {
            for name in [
                "other",
                "",
                "..",
                "/",
                "../outside",
                "/etc",
                "context/..",
                "context/",
                "Context",
            ] {
                take_all(&visit, &[("dir-name", name.as_bytes().to_vec())]).await;
            }
            take_all(&visit, &[]).await;
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("many-syncs-at-once", |visit| {
        Box::pin(async move {
            let mut syncs = JoinSet::new();
            for _ in 0..2_000 {
                let visit = visit.clone();
                syncs.spawn(async move {
                    let metadata = [("dir-name", b"context".to_vec())];
                    // Everything is asked for, and nothing taken.
                    let asks = requests(0..1_000).chain(tokio_stream::pending());
                    let answers =
                        call::<_, Packet>(&visit.session, FILE_SYNC, &metadata, asks).await;
                    let _held = answers;
                    tokio::time::sleep(PATIENCE).await;
                });
            }
            let _ = timeout(PATIENCE * 2, async {
                while syncs.join_next().await.is_some() {}
            })
            .await;
            visit.silence().await
        })
    }),
    Scenario::of_solve("entries-never-offered", |visit| {
        Box::pin(async move {
            sync(&visit, requests([u32::MAX, 1 << 31, 1_000_000])).await;
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("entry-asked-for-twice", |visit| {
        Box::pin(async move {
            sync(&visit, requests([0, 0, 0, 1, 1, 1])).await;
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("requests-without-end", |visit| {
        Box::pin(async move {
            let endless = futures::stream::iter((0..2_u32).cycle().map(request));
            let metadata = [("dir-name", b"context".to_vec())];
            // The answers are not taken: whoever answers has to wait.
            let answers = call::<_, Packet>(&visit.session, FILE_SYNC, &metadata, endless).await;
            tokio::time::sleep(PATIENCE * 2).await;
            drop(answers);
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("data-to-the-sender", |visit| {
        Box::pin(async move {
            let packet = |kind: PacketType| Packet {
                r#type: kind.into(),
                stat: Some(Stat {
                    path: "../../outside/file".into(),
                    ..Stat::default()
                }),
                id: 1,
                data: b"pwned".to_vec(),
            };
            let odd = Packet {
                r#type: 77,
                ..packet(PacketType::PacketData)
            };
            let packets = [
                packet(PacketType::PacketData),
                packet(PacketType::PacketStat),
                odd,
                packet(PacketType::PacketFin),
                packet(PacketType::PacketFin),
                request(0),
            ];
            sync(&visit, tokio_stream::iter(packets)).await;
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("sync-is-given-up-with-noise", |visit| {
        Box::pin(async move {
            let error = Packet {
                r#type: PacketType::PacketErr.into(),
                data: "\u{1b}[2J\n::error::x".repeat(10_000).into_bytes(),
                ..Packet::default()
            };
            sync(&visit, tokio_stream::iter([error])).await;
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("patterns-that-cannot-be-read", |visit| {
        Box::pin(async move {
            for pattern in ["[", "a[\u{1b}", "\\", "[b-a]", "**[", "{a,b", "(a*)*$"] {
                let pattern = pattern.bytes().map(|byte| format!("%{byte:02x}"));
                let metadata = [
                    ("dir-name", b"context".to_vec()),
                    ("exclude-patterns", pattern.collect::<String>().into_bytes()),
                    ("exclude-patterns-encoded", b"1".to_vec()),
                ];
                take_all(&visit, &metadata).await;
            }
            Err(Status::unknown("patterns"))
        })
    }),
    Scenario::of_solve("secrets-never-given", |visit| {
        Box::pin(async move {
            for id in NAMES {
                let asked = GetSecretRequest {
                    id: id.to_owned(),
                    ..GetSecretRequest::default()
                };
                let given = SecretsClient::new(visit.session.clone())
                    .get_secret(asked)
                    .await;
                if let Ok(given) = given {
                    visit.loot(b"a secret: ");
                    visit.loot(&given.into_inner().data);
                }
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("agents-never-given", |visit| {
        Box::pin(async move {
            for id in NAMES {
                let mut client = SshClient::new(visit.session.clone());
                let check = CheckAgentRequest { id: id.to_owned() };
                if client.check_agent(check).await.is_ok() {
                    visit.loot(b"an agent");
                }
                let list = BytesMessage {
                    data: vec![0, 0, 0, 1, 11],
                };
                let mut asked = Request::new(tokio_stream::iter([list]));
                if let Ok(id) = AsciiMetadataValue::try_from(id.as_bytes()) {
                    asked.metadata_mut().insert("buildkit.ssh.id", id);
                }
                if let Ok(answers) = client.forward_agent(asked).await {
                    let mut answers = answers.into_inner();
                    while let Ok(Some(answer)) = answers.message().await {
                        visit.loot(&answer.data);
                    }
                }
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("stores-never-given", |visit| {
        Box::pin(async move {
            let digest = format!("sha256:{}", "0".repeat(64));
            for store in [
                "",
                "local:export",
                "local:import-0",
                "oci:x",
                "../../etc",
                "/",
            ] {
                for digest in [&digest, "sha256:../../../../../etc/passwd", ""] {
                    if let Ok(given) = content::get(&visit.session, store, digest).await {
                        visit.loot(&given);
                    }
                    if content::put(&visit.session, store, digest, b"pwned")
                        .await
                        .is_ok()
                    {
                        visit.loot(b"a store was written to");
                    }
                }
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("logins-never-asked-for", |visit| {
        Box::pin(async move {
            for host in NAMES.into_iter().chain(["registry.test", "docker.io"]) {
                let asked = CredentialsRequest {
                    host: host.to_owned(),
                };
                let asking = AuthClient::new(visit.session.clone())
                    .credentials(asked)
                    .await;
                if let Ok(given) = asking {
                    visit.loot(given.into_inner().secret.as_bytes());
                }
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("services-that-are-unknown", |visit| {
        Box::pin(async move {
            for path in [
                "/",
                "/x",
                "//",
                "/moby.buildkit.v1.Control/Solve",
                "/moby.filesync.v1.FileSync/TarStream",
                "/moby.filesync.v1.FileSync/",
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                "/moby.upload.v1.Upload/Pull",
                "/%1b%5b2J/x",
            ] {
                let packets = tokio_stream::iter([request(0)]);
                let _ = call::<_, Packet>(&visit.session, path, &[], packets).await;
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("headers-without-end", |visit| {
        Box::pin(async move {
            let mut calls = JoinSet::new();
            for _ in 0..20 {
                let visit = visit.clone();
                calls.spawn(async move {
                    let mut metadata = vec![("dir-name", b"context".to_vec())];
                    metadata.extend((0..200).map(|_| ("exclude-patterns", vec![b'a'; 8_000])));
                    let never = tokio_stream::pending::<Packet>();
                    let held = call::<_, Packet>(&visit.session, FILE_SYNC, &metadata, never).await;
                    tokio::time::sleep(PATIENCE).await;
                    drop(held);
                });
            }
            let _ = timeout(PATIENCE * 2, async {
                while calls.join_next().await.is_some() {}
            })
            .await;
            visit.satisfy().await
        })
    }),
];

fn request(id: u32) -> Packet {
    Packet {
        r#type: PacketType::PacketReq.into(),
        id,
        ..Packet::default()
    }
}

fn requests(
    ids: impl IntoIterator<Item = u32, IntoIter: Send + 'static>,
) -> impl Stream<Item = Packet> + Send + 'static {
    futures::stream::iter(ids.into_iter().map(request))
}

/// Says these packets for the context, and keeps what comes of it.
async fn sync(visit: &Visit, packets: impl Stream<Item = Packet> + Send + 'static) {
    let metadata = [("dir-name", b"context".to_vec())];
    // What ends is taken for given up.
    let packets = packets.chain(tokio_stream::pending());
    if let Ok(answers) = call(&visit.session, FILE_SYNC, &metadata, packets).await {
        keep(visit, answers, PATIENCE).await;
    }
}

/// Asks for the files of what is offered, and keeps their contents.
async fn take_all(visit: &Visit, metadata: &[(&'static str, Vec<u8>)]) {
    // A call whose questions never end keeps its place, and there are few: these end with the sender.
    let (asking, asked) = mpsc::channel(16);
    let asks = ReceiverStream::new(asked);
    let Ok(mut answers) = call::<Packet, Packet>(&visit.session, FILE_SYNC, metadata, asks).await
    else {
        return;
    };
    let mut files = Vec::new();
    let listing = async {
        let mut listed = 0;
        while let Ok(Some(Packet {
            stat: Some(stat), ..
        })) = answers.message().await
        {
            visit.loot(format!("listed {}\n", stat.path).as_bytes());
            if stat.mode & NOT_REGULAR == 0 {
                files.push(listed);
            }
            listed += 1;
        }
    };
    let _ = timeout(PATIENCE, listing).await;
    for file in files {
        if asking.send(request(file)).await.is_err() {
            break;
        }
    }
    keep(visit, answers, PATIENCE / 10).await;
}

async fn keep(visit: &Visit, mut answers: Streaming<Packet>, patience: Duration) {
    let taking = async {
        while let Ok(Some(packet)) = answers.message().await {
            visit.loot(&packet.data);
        }
    };
    let _ = timeout(patience, taking).await;
}
