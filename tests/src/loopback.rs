//! A port of loopback on which a test serves something, with a thread of its own.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What accepts there, its address, and what it runs on: dropped, nobody listens any more.
///
/// # Panics
/// If there is no port.
#[must_use]
pub fn listen() -> (TcpListener, SocketAddr, Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address, runtime)
}
