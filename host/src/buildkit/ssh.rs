//! SSH: lends an agent to `RUN --mount=type=ssh`: one of this machine, or one of our own that holds private keys.
//!
//! A step may list the agent's keys and have data signed, and nothing else: it cannot add, remove or lock keys of whoever
//! runs the build. Keys are read before the solve, and leave this process only as signatures.
//!
//! - `keyring`: an agent of our own; `key`: a private key in it.
//! - `openssh`: the format of private keys; `remainder`: what it leaves out of an RSA key; `wire`: SSH's data types.
//!
//! Reads: private key files; reads and writes: the agent's socket.
//! Source: BuildKit v0.32.2, `session/sshforward`; draft-ietf-sshm-ssh-agent for the agent's protocol.

mod key;
mod keyring;
mod openssh;
mod remainder;
mod wire;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard_buildkit_proto::moby::sshforward::v1::{
    BytesMessage, CheckAgentRequest, CheckAgentResponse, ssh_server,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use zeroize::Zeroizing;

use crate::buildkit::fault::Faults;
use crate::buildkit::ssh::key::SigningKey;
use crate::buildkit::ssh::keyring::Keyring;

pub use crate::buildkit::ssh::key::KeyError;

/// How long an agent may take to accept a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// Size of the largest message of an agent, in bytes; OpenSSH's own limit.
const MESSAGE_LIMIT: usize = 256 * 1024;
/// Size of the largest private key file, in bytes; an RSA key of 4096 bits has 3.4 KB.
const KEY_LIMIT: usize = 100 * 1024;
/// `SSH_AGENTC_REQUEST_IDENTITIES`.
const REQUEST_IDENTITIES: u8 = 11;
/// `SSH_AGENTC_SIGN_REQUEST`.
const SIGN_REQUEST: u8 = 13;
/// `SSH_AGENT_FAILURE`.
const FAILURE: u8 = 5;

/// An agent offered to the daemon, found and read: nothing about it can be missing any more.
#[derive(Debug, Clone)]
pub struct SshAgent {
    id: String,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    /// An agent of this machine.
    Socket(PathBuf),
    /// Ours.
    Keys(Arc<Keyring>),
}

/// Why an agent cannot be offered or used.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// The environment names no agent.
    #[error("`$SSH_AUTH_SOCK` is not set, and ssh agent `{id}` names neither a socket nor a key")]
    NoAgent {
        /// The agent's name.
        id: String,
    },
    /// There is nothing at a path, or it is out of reach.
    #[error("cannot find `{}` of ssh agent `{id}`", path.display())]
    Find {
        /// The agent's name.
        id: String,
        /// The path given.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A path is neither a socket nor a file.
    #[error("ssh agent `{id}` is given `{}`, which is neither a socket nor a private key file", path.display())]
    Kind {
        /// The agent's name.
        id: String,
        /// The path given.
        path: PathBuf,
    },
    /// A socket is given beside other paths.
    #[error("ssh agent `{id}` is given the socket `{}` beside other paths: give one socket alone, or private keys", path.display())]
    SocketBesideOthers {
        /// The agent's name.
        id: String,
        /// The socket.
        path: PathBuf,
    },
    /// A private key file cannot be read.
    #[error("cannot read the private key `{}` of ssh agent `{id}`", path.display())]
    Read {
        /// The agent's name.
        id: String,
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file holds no private key that can be used.
    #[error("cannot use `{}` as a private key of ssh agent `{id}`", path.display())]
    Key {
        /// The agent's name.
        id: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The agent does not accept a connection.
    #[error("cannot connect to ssh agent `{id}` at `{}`", path.display())]
    Connect {
        /// The agent's name.
        id: String,
        /// Its socket.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

/// The attachable that serves agents.
pub(crate) struct Ssh {
    agents: Vec<SshAgent>,
    faults: Faults,
}

impl Ssh {
    /// Serves `agents`.
    pub(crate) fn new(agents: Vec<SshAgent>, faults: Faults) -> Self {
        Self { agents, faults }
    }

    fn find(&self, id: &str) -> Result<&SshAgent, Status> {
        let id = if id.is_empty() { "default" } else { id };
        self.agents
            .iter()
            .find(|agent| agent.id == id)
            .ok_or_else(|| Status::not_found(format!("no ssh agent `{id}` is offered")))
    }
}

impl SshAgent {
    /// The agent that a step asks for as `id`; a step that gives no id asks for `default`. Blocking.
    ///
    /// `paths` are one socket of an agent, or any number of private key files; none at all stand for `$SSH_AUTH_SOCK`.
    /// Keys are unencrypted, in OpenSSH's format or in PEM by PKCS#1 or PKCS#8, and at most 100 KiB long.
    ///
    /// ```no_run
    /// use oci_image::buildkit::{solve::Solve, ssh::SshAgent};
    ///
    /// let keys = SshAgent::open("deploy", &["keys/github".into(), "keys/gitlab".into()])?;
    /// let solve = Solve { ssh: vec![keys], ..Solve::default() };
    /// # Ok::<(), oci_image::buildkit::ssh::SshError>(())
    /// ```
    ///
    /// # Errors
    /// [`SshError`], of the first path that does not serve.
    pub fn open(id: &str, paths: &[PathBuf]) -> Result<Self, SshError> {
        let source = source(id, paths, std::env::var_os("SSH_AUTH_SOCK"))?;
        let id = id.to_owned();
        Ok(Self { id, source })
    }

    async fn connect(&self) -> Result<Agent, SshError> {
        match &self.source {
            Source::Keys(keyring) => Ok(Agent::Keys(Arc::clone(keyring))),
            Source::Socket(path) => {
                connect(path)
                    .await
                    .map(Agent::Socket)
                    .map_err(|source| SshError::Connect {
                        id: self.id.clone(),
                        path: path.clone(),
                        source,
                    })
            }
        }
    }
}

fn source(id: &str, paths: &[PathBuf], default: Option<OsString>) -> Result<Source, SshError> {
    let default = default.filter(|path| !path.is_empty()).map(PathBuf::from);
    let paths = match (paths, &default) {
        ([], Some(default)) => std::slice::from_ref(default),
        ([], None) => return Err(SshError::NoAgent { id: id.to_owned() }),
        (paths, _) => paths,
    };
    let mut keys = Vec::new();
    for path in paths {
        let named = || (id.to_owned(), path.clone());
        let kind = std::fs::metadata(path).map_err(|source| {
            let (id, path) = named();
            SshError::Find { id, path, source }
        })?;
        let (id, path) = named();
        if kind.file_type().is_socket() {
            if paths.len() > 1 {
                return Err(SshError::SocketBesideOthers { id, path });
            }
            return Ok(Source::Socket(path));
        }
        // Whatever else may stand there, a pipe say, might keep its reader waiting.
        if !kind.is_file() {
            return Err(SshError::Kind { id, path });
        }
        let text = match read_key(&path) {
            Ok(text) => text,
            Err(source) => return Err(SshError::Read { id, path, source }),
        };
        match SigningKey::parse(&text) {
            Ok(key) => keys.push(key),
            Err(source) => return Err(SshError::Key { id, path, source }),
        }
    }
    Ok(Source::Keys(Arc::new(Keyring::new(keys))))
}

/// All of a file up to the limit; what is longer is no key, and shows as cut off.
fn read_key(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Sized in advance: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(vec![0; KEY_LIMIT]);
    let mut file = File::open(path)?;
    let mut length = 0;
    while length < KEY_LIMIT {
        match file.read(&mut text[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    text.truncate(length);
    Ok(text)
}

#[tonic::async_trait]
impl ssh_server::Ssh for Ssh {
    async fn check_agent(
        &self,
        request: Request<CheckAgentRequest>,
    ) -> Result<Response<CheckAgentResponse>, Status> {
        self.find(&request.into_inner().id)?;
        Ok(Response::new(CheckAgentResponse {}))
    }

    type ForwardAgentStream = ReceiverStream<Result<BytesMessage, Status>>;

    async fn forward_agent(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Self::ForwardAgentStream>, Status> {
        let id = request
            .metadata()
            .get("buildkit.ssh.id")
            .and_then(|id| id.to_str().ok());
        let agent = self.find(id.unwrap_or_default())?;
        let agent = agent
            .connect()
            .await
            .map_err(|error| self.faults.record(error))?;
        let (answers, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            let requests = Requests {
                messages: request.into_inner(),
                bytes: Vec::new(),
            };
            tokio::select! {
                () = answers.closed() => {}
                // Either side may hang up; the step's ssh reports that in its own words.
                _ = forward(requests, agent, &answers) => {}
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// What answers a step.
enum Agent {
    Socket(UnixStream),
    Keys(Arc<Keyring>),
}

impl Agent {
    /// The answer to a message that a step may send; both have their length in front.
    async fn answer(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Keys(keyring) => Ok(frame(&keyring.answer(&request[4..]))),
            Self::Socket(agent) => {
                agent.write_all(request).await?;
                read_answer(agent).await
            }
        }
    }
}

/// The agent's messages that a step sends, cut out of the stream of bytes.
struct Requests {
    messages: Streaming<BytesMessage>,
    bytes: Vec<u8>,
}

impl Requests {
    /// The next message with its length, or `None` at the end of the stream.
    async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(length) = frame_length(&self.bytes)? {
                let rest = self.bytes.split_off(length);
                return Ok(Some(std::mem::replace(&mut self.bytes, rest)));
            }
            match self.messages.message().await.map_err(io::Error::other)? {
                Some(message) => self.bytes.extend_from_slice(&message.data),
                None => return Ok(None),
            }
        }
    }
}

/// Answers requests one by one, as the protocol has it, until either side hangs up.
async fn forward(
    mut requests: Requests,
    mut agent: Agent,
    answers: &mpsc::Sender<Result<BytesMessage, Status>>,
) -> io::Result<()> {
    while let Some(request) = requests.next().await? {
        let data = if is_allowed(&request) {
            agent.answer(&request).await?
        } else {
            frame(&[FAILURE])
        };
        if answers.send(Ok(BytesMessage { data })).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn connect(path: &Path) -> io::Result<UnixStream> {
    tokio::time::timeout(CONNECT_DEADLINE, UnixStream::connect(path))
        .await
        .unwrap_or_else(|deadline| Err(deadline.into()))
}

async fn read_answer(agent: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut answer = vec![0; 4];
    agent.read_exact(&mut answer).await?;
    let length = message_length([answer[0], answer[1], answer[2], answer[3]])?;
    answer.resize(length, 0);
    agent.read_exact(&mut answer[4..]).await?;
    Ok(answer)
}

/// A message with its length in front.
fn frame(message: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(4 + message.len());
    wire::put_string(&mut framed, message);
    framed
}

/// Length of the first message in `bytes`, its own four bytes included, if it is there in whole.
fn frame_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(prefix) = bytes.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = message_length(*prefix)?;
    Ok((bytes.len() >= length).then_some(length))
}

fn message_length(prefix: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_be_bytes(prefix) as usize;
    if length == 0 || length > MESSAGE_LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a message of an ssh agent",
        ));
    }
    Ok(4 + length)
}

fn is_allowed(message: &[u8]) -> bool {
    matches!(message.get(4), Some(&(REQUEST_IDENTITIES | SIGN_REQUEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(paths: &[PathBuf], default: Option<OsString>) -> String {
        crate::buildkit::fault::chain(&source("a", paths, default).unwrap_err())
    }

    #[test]
    fn an_agent_is_found_by_its_path_or_by_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let named = source("a", std::slice::from_ref(&path), None).unwrap();
        let default = source("default", &[], Some(path.clone().into())).unwrap();

        for found in [named, default] {
            let Source::Socket(found) = found else {
                panic!("{found:?}")
            };
            assert_eq!(found, path);
        }
        assert_eq!(
            refused(&[], Some("".into())),
            "`$SSH_AUTH_SOCK` is not set, and ssh agent `a` names neither a socket nor a key"
        );
        assert_eq!(
            refused(&["/etc/hostname".into(), path.clone()], None),
            "cannot use `/etc/hostname` as a private key of ssh agent `a`: it is no private key of OpenSSH, and none in \
             PEM by PKCS#1 or PKCS#8"
        );
        assert_eq!(
            refused(&[path.clone(), "/etc/hostname".into()], None),
            format!(
                "ssh agent `a` is given the socket `{}` beside other paths: give one socket alone, or private keys",
                path.display()
            )
        );
        assert!(
            refused(&["/nowhere/agent".into()], None)
                .starts_with("cannot find `/nowhere/agent` of ssh agent `a`: No such file")
        );
        assert_eq!(
            refused(&["/dev/zero".into()], None),
            "ssh agent `a` is given `/dev/zero`, which is neither a socket nor a private key file"
        );
    }

    #[test]
    fn messages_are_cut_at_their_length() {
        assert_eq!(frame_length(&[0, 0, 0]).unwrap(), None);
        assert_eq!(frame_length(&[0, 0, 0, 2, 11]).unwrap(), None);
        assert_eq!(frame_length(&[0, 0, 0, 2, 11, 1, 0]).unwrap(), Some(6));
        assert!(frame_length(&[0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(frame_length(&[0, 0, 0, 0]).is_err());
    }

    #[test]
    fn only_listing_and_signing_are_allowed() {
        let allowed: Vec<u8> = (0..=255)
            .filter(|kind| is_allowed(&[0, 0, 0, 1, *kind]))
            .collect();

        assert_eq!(allowed, [REQUEST_IDENTITIES, SIGN_REQUEST]);
    }
}
