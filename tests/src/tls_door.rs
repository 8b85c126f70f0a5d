//! A door: TLS on a port of loopback, with whoever has a certificate of the same authority, before what speaks without it on a socket.

use std::path::{Path, PathBuf};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;
use crate::loopback;

/// A door that stands open until it is dropped.
#[derive(Debug)]
pub struct TlsDoor {
    port: u16,
    _runtime: Runtime,
}

impl TlsDoor {
    /// One before this socket.
    ///
    /// # Panics
    /// If there is no port.
    #[must_use]
    pub fn before(socket: &Path, certificates: &Certificates) -> Self {
        let (listener, address, runtime) = loopback::listen();
        runtime.spawn(open(
            listener,
            certificates.acceptor(true),
            socket.to_owned(),
        ));
        Self {
            port: address.port(),
            _runtime: runtime,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }
}

async fn open(listener: TcpListener, acceptor: TlsAcceptor, socket: PathBuf) {
    while let Ok((client, _)) = listener.accept().await {
        let (acceptor, socket) = (acceptor.clone(), socket.clone());
        tokio::spawn(async move {
            // Who is not let in, or goes, is not its concern.
            let _ = carry(client, acceptor, &socket).await;
        });
    }
}

async fn carry(client: TcpStream, acceptor: TlsAcceptor, socket: &Path) -> std::io::Result<()> {
    let mut client = acceptor.accept(client).await?;
    let mut server = UnixStream::connect(socket).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
