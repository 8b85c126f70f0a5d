//! FileSync: sends the locals of a solve to the daemon. (A stand-in: small trees, no patterns.)

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bollard_buildkit_proto::fsutil::types::{Packet, Stat, packet::PacketType};
use bollard_buildkit_proto::moby::filesync::v1::file_sync_server;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::buildkit::local::Local;

/// The attachable that serves locals.
#[derive(Debug)]
pub struct FileSync {
    locals: Vec<Local>,
}

impl FileSync {
    /// Serves these locals.
    pub fn new(locals: Vec<Local>) -> Self {
        Self { locals }
    }
}

fn list(root: &Path, below: &Path, out: &mut Vec<Stat>) {
    let mut names: Vec<_> = fs::read_dir(root.join(below))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    for name in names {
        let path = below.join(&name);
        let meta = fs::symlink_metadata(root.join(&path)).unwrap();
        let dir = if meta.is_dir() { 1 << 31 } else { 0 };
        out.push(Stat {
            path: path.to_str().unwrap().into(),
            mode: (meta.mode() & 0o777) | dir,
            size: if meta.is_dir() { 0 } else { meta.size() as i64 },
            mod_time: meta.mtime() * 1_000_000_000 + meta.mtime_nsec(),
            ..Stat::default()
        });
        if meta.is_dir() {
            list(root, &path, out);
        }
    }
}

fn packet(kind: PacketType, id: u32, stat: Option<Stat>, data: Vec<u8>) -> Packet {
    Packet {
        r#type: kind as i32,
        id,
        stat,
        data,
    }
}

#[tonic::async_trait]
impl file_sync_server::FileSync for FileSync {
    type DiffCopyStream = ReceiverStream<Result<Packet, Status>>;
    type TarStreamStream = ReceiverStream<Result<Packet, Status>>;

    async fn diff_copy(
        &self,
        request: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::DiffCopyStream>, Status> {
        let name = request
            .metadata()
            .get("dir-name")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let only: Vec<String> = request
            .metadata()
            .get_all("followpaths")
            .iter()
            .map(|v| v.to_str().unwrap().to_owned())
            .collect();
        let root = self
            .locals
            .iter()
            .find(|l| l.name == name)
            .ok_or(Status::not_found(name.clone()))?
            .path
            .clone();
        let mut incoming = request.into_inner();
        let (tx, rx) = mpsc::channel(64);
        tokio::spawn(async move {
            let mut stats = Vec::new();
            list(&root, Path::new(""), &mut stats);
            if name == "dockerfile" {
                stats.retain(|s| only.is_empty() || only.contains(&s.path));
            }
            for stat in &stats {
                let _ = tx
                    .send(Ok(packet(
                        PacketType::PacketStat,
                        0,
                        Some(stat.clone()),
                        vec![],
                    )))
                    .await;
            }
            let _ = tx
                .send(Ok(packet(PacketType::PacketStat, 0, None, vec![])))
                .await;
            while let Ok(Some(p)) = incoming.message().await {
                if p.r#type == PacketType::PacketReq as i32 {
                    let data = fs::read(root.join(&stats[p.id as usize].path)).unwrap();
                    for chunk in data.chunks(1 << 20) {
                        let _ = tx
                            .send(Ok(packet(
                                PacketType::PacketData,
                                p.id,
                                None,
                                chunk.to_vec(),
                            )))
                            .await;
                    }
                    let _ = tx
                        .send(Ok(packet(PacketType::PacketData, p.id, None, vec![])))
                        .await;
                } else if p.r#type == PacketType::PacketFin as i32 {
                    let _ = tx
                        .send(Ok(packet(PacketType::PacketFin, 0, None, vec![])))
                        .await;
                    break;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(rx)))
    }

    async fn tar_stream(
        &self,
        _: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::TarStreamStream>, Status> {
        Err(Status::unimplemented("tarstream"))
    }
}
