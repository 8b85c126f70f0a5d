//! Dials: makes the stream of bytes to a daemon.
//!
//! Reads and writes: sockets, pipes of programs. Unknown here: what is spoken on it.
//! Source: tcp(7).

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use oci_image_boundary::blocking::blocking;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::endpoint::address::Address;
use crate::endpoint::certificates::{CertificateError, Certificates};
use crate::endpoint::pipe::{LastWords, Pipe};
use crate::endpoint::place::Endpoint;

/// After how long a silence the system asks whether the other machine is still there, how often it asks again, and how long what was
/// sent may stay unanswered.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const UNANSWERED: Duration = Duration::from_secs(45);

/// Why no stream to a daemon could be made.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nobody answers.
    #[error("nobody answers there")]
    Unanswered {
        /// What the system answered.
        source: io::Error,
    },
    /// What TLS needs is not there.
    #[error(transparent)]
    Certificates(#[from] Box<CertificateError>),
    /// Whoever answers is not the daemon, or takes us for somebody else.
    #[error("whoever answers there is not believed to be the builder, or does not speak TLS")]
    Handshake {
        /// What the library says.
        source: io::Error,
    },
    /// The program that reaches it cannot be started.
    #[error("cannot start `{program}`, by which it is reached")]
    Program {
        /// The program.
        program: &'static str,
        /// What the system answered.
        source: io::Error,
    },
}

/// What bytes to and from a daemon go through.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A stream that was made.
pub(crate) struct Dialled {
    pub(crate) stream: Box<dyn ByteStream>,
    /// What the program has said that reaches the daemon, if one does.
    pub(crate) last_words: Option<LastWords>,
}

impl Dialled {
    fn new(stream: impl ByteStream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            last_words: None,
        }
    }
}

impl Endpoint {
    /// Makes the stream. It is the only one: nothing is connected again in its place.
    pub(crate) async fn dial(&self) -> Result<Dialled, DialError> {
        match &self.address {
            Address::Unix(path) => unix(path).await.map(Dialled::new),
            Address::Tcp { host, port, at } => {
                let connected = match at {
                    Some(at) => TcpStream::connect(at).await,
                    None => TcpStream::connect((host.as_str(), *port)).await,
                };
                let stream = connected.and_then(kept_alive);
                let stream = stream.map_err(|source| DialError::Unanswered { source })?;
                match &self.certificates {
                    None => Ok(Dialled::new(stream)),
                    Some(certificates) => secured(stream, certificates, host).await,
                }
            }
            Address::Relay(relay) => {
                let (program, arguments) = relay.command();
                let pipe = Pipe::start(program, &arguments, &self.withheld);
                let (pipe, last_words) =
                    pipe.map_err(|source| DialError::Program { program, source })?;
                Ok(Dialled {
                    stream: Box::new(pipe),
                    last_words: Some(last_words),
                })
            }
        }
    }
}

async fn unix(path: &Path) -> Result<UnixStream, DialError> {
    let connected = UnixStream::connect(path).await;
    connected.map_err(|source| DialError::Unanswered { source })
}

/// A machine that is cut off closes nothing: the system finds out.
fn kept_alive(stream: TcpStream) -> io::Result<TcpStream> {
    let socket = stream.as_fd();
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, KEEP_ALIVE)?;
    sockopt::set_tcp_keepintvl(socket, KEEP_ALIVE)?;
    sockopt::set_tcp_keepcnt(socket, 2)?;
    sockopt::set_tcp_user_timeout(socket, UNANSWERED.as_millis() as u32)?;
    Ok(stream)
}

async fn secured(
    stream: TcpStream,
    certificates: &Certificates,
    host: &str,
) -> Result<Dialled, DialError> {
    let (certificates, host) = (certificates.clone(), host.to_owned());
    let (connector, name) =
        blocking(move || certificates.connector(&host).map_err(Box::new)).await?;
    let secured = connector.connect(name, stream).await;
    let secured = secured.map_err(|source| DialError::Handshake { source })?;
    Ok(Dialled::new(secured))
}
