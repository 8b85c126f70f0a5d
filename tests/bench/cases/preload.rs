//! `image_args` with a base image of 1 GB: how soon its first byte is there, against hashing the file.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use oci_image::image::Image;
use oci_image::image::registry::Registry;
use tokio::runtime::Runtime;

use super::on_base::{self, Form};
use crate::{
    error::BenchError,
    measure::{self, Sample},
    pair::{Comparison, Goal, Pair},
    setting::Setting,
};

const ROUNDS: usize = 5;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let archive = on_base::archive(setting, Form::Raw)?;
    let runtime = on_base::runtime()?;
    let log = setting.log("sha256sum");
    let first_byte = Pair::in_turn(
        ROUNDS,
        || open_to_first_byte(&runtime, &archive),
        || measure::run(Command::new("sha256sum").arg(&archive), &log),
    )?;
    Ok(vec![Comparison {
        what: "a base of 1 GB, from its archive to its first byte served",
        against: "`sha256sum` of the archive",
        pair: first_byte,
        goal: Goal::Within(Duration::from_millis(100)),
    }])
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
