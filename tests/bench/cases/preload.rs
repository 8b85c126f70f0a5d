//! `image_args` with a base image of 1 GB: how soon it is there, against a daemon that pulls it from a registry.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use oci_image::image::Image;
use oci_image::image::registry::Registry;
use serde_json::json;
use tokio::runtime::Runtime;

use super::BY_HAND;
use crate::{
    error::BenchError,
    measure::{self, Sample},
    pair::{Comparison, Goal, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const BYTES: usize = 1_000_000_000;
const FILE: usize = 1_000_000;
const ROUNDS: usize = 5;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let archive = archive(setting)?;
    let runtime = Runtime::new().map_err(|source| BenchError::Run {
        program: "the registry".to_owned(),
        source,
    })?;
    let served = serve(&runtime, &archive)?;
    let log = setting.log("sha256sum");
    let first_byte = Pair::in_turn(
        ROUNDS,
        || open_to_first_byte(&runtime, &archive),
        || measure::run(Command::new("sha256sum").arg(&archive), &log),
    )?;
    Ok(vec![
        Comparison {
            what: "a base of 1 GB, from its archive to its first byte served",
            against: "`sha256sum` of the archive",
            pair: first_byte,
            goal: Goal::Within(Duration::from_millis(100)),
        },
        Comparison {
            what: "a build on a preloaded base of 1 GB, cold root",
            against: "the same base in a registry",
            pair: builds(setting, &archive, &served)?,
            goal: Goal::Ratio(1.0),
        },
    ])
}

/// The base as an OCI archive with a layer that is not compressed; made by the other side, and kept.
fn archive(setting: &Setting) -> Result<PathBuf, BenchError> {
    let archive = setting.dir.join(format!("base-{BYTES}.tar"));
    if archive.is_file() {
        return Ok(archive);
    }
    let new = archive.with_extension("new");
    let output = format!(
        "type=oci,dest={},compression=uncompressed,force-compression=true",
        new.display()
    );
    let context = tree::base(setting, BYTES, FILE)?;
    let solve = vec!["--output".to_owned(), output];
    eprintln!("bench: making the base image with {BY_HAND}");
    Rival::solving(setting, &context, vec![solve], None)?.build()?;
    fs::rename(&new, &archive).map_err(BenchError::file("rename", new))?;
    Ok(archive)
}

fn serve(runtime: &Runtime, archive: &Path) -> Result<Registry, BenchError> {
    let image = Image::open(archive).map_err(BenchError::image(archive))?;
    runtime
        .block_on(Registry::serve(vec![("base".to_owned(), image)]))
        .map_err(BenchError::image(archive))
}

/// From nothing to the first byte of the layer in a client's hands.
fn open_to_first_byte(runtime: &Runtime, archive: &Path) -> Result<Sample, BenchError> {
    let started = Instant::now();
    let image = Image::open(archive).map_err(BenchError::image(archive))?;
    let layer = image
        .blobs()
        .max_by_key(|(_, blob)| blob.size())
        .map(|(digest, _)| digest.to_string())
        .unwrap_or_default();
    let registry = runtime
        .block_on(Registry::serve(vec![("base".to_owned(), image)]))
        .map_err(BenchError::image(archive))?;
    let answer = first_byte(&registry, &layer).map_err(BenchError::file("pull", archive))?;
    let wall = started.elapsed();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "a blob is served");
    Ok(Sample {
        wall,
        cpu: Duration::ZERO,
        peak: 0,
    })
}

/// The answer's head and the first byte of its body.
fn first_byte(registry: &Registry, digest: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(registry.address())?;
    write!(
        stream,
        "GET /v2/base/blobs/{digest} HTTP/1.1\r\nHost: base\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        answer.extend_from_slice(&buffer[..count]);
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n");
        if count == 0 || head.is_some_and(|head| answer.len() > head + 4) {
            return Ok(answer);
        }
    }
}

/// Neither side exports: what is measured is how the base reaches the daemon.
fn builds(setting: &Setting, archive: &Path, served: &Registry) -> Result<Pair, BenchError> {
    let context = tree::on_base(setting)?;
    setting.remove_dir("image")?;
    let preloaded = archive.strip_prefix(&setting.dir).unwrap_or(archive);
    let object =
        json!({"output": "image", "image_args": [format!("BASE={}", preloaded.display())]});
    let product = Product::asking(setting, &context, object)?;
    let reference = served.reference("base").unwrap_or_default();
    let base = format!("build-arg:BASE={reference}");
    let solve = vec!["--opt".to_owned(), base];
    let rival = Rival::solving(setting, &context, vec![solve], None)?;
    let pair = Pair::in_turn(
        ROUNDS,
        || product.forget().and_then(|()| product.build()),
        || rival.forget().and_then(|()| rival.build()),
    )?;
    setting.remove_dir("root-ours")?;
    setting.remove_dir("root-by-hand")?;
    Ok(pair)
}
