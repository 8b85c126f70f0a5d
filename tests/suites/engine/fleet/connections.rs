//! One connection a build, through what spreads connections over daemons.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::workplace::Workplace;
use serde_json::json;

/// Something that gives each connection to the next daemon, as a balancer does. It ends with the test.
struct Balancer {
    port: u16,
    connections: Arc<AtomicUsize>,
    bytes: Arc<AtomicU64>,
}

impl Balancer {
    fn start(ports: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let balancer = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            bytes: Arc::default(),
        };
        let (connections, bytes) = (
            Arc::clone(&balancer.connections),
            Arc::clone(&balancer.bytes),
        );
        thread::spawn(move || {
            for client in listener.incoming() {
                let next = connections.fetch_add(1, Ordering::SeqCst) % ports.len();
                let (client, server) = (
                    client.unwrap(),
                    TcpStream::connect(("127.0.0.1", ports[next])).unwrap(),
                );
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let bytes = Arc::clone(&bytes);
                    thread::spawn(move || carry(from, to, &bytes));
                }
            }
        });
        balancer
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, bytes: &AtomicU64) {
    let mut piece = [0; 64 << 10];
    while let Ok(length) = from.read(&mut piece)
        && length > 0
        && to.write_all(&piece[..length]).is_ok()
    {
        bytes.fetch_add(length as u64, Ordering::SeqCst);
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_build_has_one_connection_wherever_the_next_would_lead() {
    let builders = [Builder::start(), Builder::start()];
    let balancer = Balancer::start(builders.iter().map(Builder::port).collect());
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nARG TURN\nRUN --mount=type=secret,id=a echo $TURN > /turn\n",
    );
    let address = format!("tcp://127.0.0.1:{}", balancer.port);
    for turn in 0..4 {
        let object = json!({
            "context": "context", "output": "image", "build_args": [format!("TURN={turn}")],
            "buildkit_secrets": {"a": {"text": "b"}}, "cache": true
        });
        place.write("object.json", object.to_string());
        let mut command = place.command(&["build", "object.json", "--builder", &address]);
        command.arg("--root").arg(place.root());

        let _ = place.run_command(command, b"").expect(0);

        assert_eq!(balancer.connections.load(Ordering::SeqCst), turn + 1);
    }
}

#[test]
fn what_a_builder_has_is_not_sent_again() {
    let builder = Builder::start();
    let balancer = Balancer::start(vec![builder.port()]);
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY . /\n");
    let noise: Vec<u8> = (0..4_000_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    place.write("context/noise", &noise);
    let object = json!({"context": "context", "output": "image"});
    place.write("object.json", object.to_string());
    let address = format!("tcp://127.0.0.1:{}", balancer.port);
    let build = || {
        let before = balancer.bytes.load(Ordering::SeqCst);
        let mut command = place.command(&["build", "object.json", "--builder", &address]);
        command.arg("--root").arg(place.root());
        let _ = place.run_command(command, b"").expect(0);
        balancer.bytes.load(Ordering::SeqCst) - before
    };

    let first = build();
    let again = build();

    assert!(first > 2 * noise.len() as u64, "{first}");
    assert!(again < 100_000, "{again}");
}

#[test]
fn builders_that_share_the_platforms_of_a_build_have_one_connection_each() {
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
    let builders = platforms.map(|platform| {
        Builder::with(
            None,
            &format!("[worker.oci]\nplatforms = [\"{platform}\"]\n"),
        )
    });
    let balancers = builders
        .each_ref()
        .map(|builder| Balancer::start(vec![builder.port()]));
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nARG TARGETARCH\nCOPY busybox /$TARGETARCH\n");
    let object = json!({
        "context": "context", "output": "image", "image_platform": platforms.join(",")
    });
    let mut command = build_on(&place, &object, &[]);
    for balancer in &balancers {
        let address = format!("tcp://127.0.0.1:{}", balancer.port);
        command.args(["--builder", &address]);
    }

    let _ = place.run_command(command, b"").expect(0);

    let connections = balancers.each_ref();
    let connections = connections.map(|balancer| balancer.connections.load(Ordering::SeqCst));
    assert_eq!(connections, [1, 1, 1]);
}
