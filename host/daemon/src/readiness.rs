//! Waits for the daemon's `READY=1`.
//!
//! The daemon's socket accepts before anything is served, so that a connection proves nothing.
//!
//! Reads: the notification socket. Writes: makes it. Source: sd_notify(3).

use std::io;
use std::os::unix::net;
use std::path::PathBuf;

use tokio::net::UnixDatagram;

use crate::error::DaemonError;
use crate::runtime::RuntimeDir;

/// Where the daemon says that it is ready.
#[derive(Debug)]
pub(super) struct ReadySocket {
    socket: net::UnixDatagram,
    path: PathBuf,
}

impl ReadySocket {
    /// Binds the socket that `NOTIFY_SOCKET` names.
    pub(super) fn bind(runtime: &RuntimeDir) -> Result<Self, DaemonError> {
        let path = runtime.notify_socket();
        let bound = net::UnixDatagram::bind(&path).and_then(|socket| {
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        match bound {
            Ok(socket) => Ok(Self { socket, path }),
            Err(source) => Err(DaemonError::Socket { path, source }),
        }
    }

    /// Resolves when the daemon is ready, and not otherwise.
    pub(super) async fn ready(self) -> Result<(), DaemonError> {
        let Self { socket, path } = self;
        receive(socket)
            .await
            .map_err(|source| DaemonError::Socket { path, source })
    }
}

async fn receive(socket: net::UnixDatagram) -> io::Result<()> {
    let socket = UnixDatagram::from_std(socket)?;
    let mut message = [0; 1024];
    loop {
        let length = socket.recv(&mut message).await?;
        if message[..length]
            .split(|&byte| byte == b'\n')
            .any(|line| line == b"READY=1")
        {
            return Ok(());
        }
    }
}
