//! Deeds: what ends a call before it answers. An unknown name is no deed.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use crate::bindings::oci_image::planner::workspace;

/// Does what the name says.
pub(crate) fn commit(name: &str) {
    match name {
        "loop" => spin(),
        "allocate" => allocate(),
        "recurse" => {
            recurse(0);
        }
        "recurse with arrays" => {
            recurse_with_arrays(0);
        }
        "panic" => panic!("the planner's own words"),
        "trap" => core::arch::wasm32::unreachable(),
        "exit" => exit(),
        "flood stderr" => flood(),
        "ask without end" => loop {
            let _ = workspace::entry_at("image");
        },
        "ask at length" => loop {
            let _ = workspace::entry_at(&"x".repeat(1 << 20));
        },
        "read without end" => loop {
            let _ = workspace::read_text("labels.txt");
        },
        _ => reach_outside(name),
    }
}

/// Each needs an import that the sandbox does not give.
fn reach_outside(name: &str) {
    match name {
        "sleep" => sleep(),
        "look at the clock" => {
            black_box(Instant::now());
        }
        "look at the calendar" => {
            black_box(SystemTime::now());
        }
        "throw dice" => {
            black_box(HashMap::from([(1, 1)]));
        }
        "read a file" => {
            black_box(std::fs::read("/etc/hostname")).expect("a file");
        }
        "write a file" => std::fs::write("image", "mine").expect("a file"),
        "call home" => {
            std::net::TcpStream::connect("127.0.0.1:1").expect("a peer");
        }
        "read standard input" => {
            std::io::read_to_string(std::io::stdin()).expect("an input");
        }
        _ => {}
    }
}

fn spin() {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

fn allocate() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Fills the engine's stack.
#[allow(unconditional_recursion, reason = "the deed under test")]
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    recurse(depth ^ 1).wrapping_mul(depth).rotate_left(3)
}

/// Fills the stack that the compiler keeps in linear memory, for what has an address.
#[allow(unconditional_recursion, reason = "the deed under test")]
fn recurse_with_arrays(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    black_box(recurse_with_arrays(depth + 1)) + frame[0]
}

#[allow(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the deed under test"
)]
fn exit() {
    std::process::exit(0);
}

#[allow(clippy::disallowed_methods, reason = "the deed under test")]
fn sleep() {
    std::thread::sleep(Duration::from_secs(3600));
}

fn flood() {
    loop {
        eprintln!("{}", "flood ".repeat(500));
    }
}
