//! SSH: forwards an agent of this machine to `RUN --mount=type=ssh`.
//!
//! A step may list the agent's keys and have data signed, and nothing else: it cannot add, remove or lock keys of whoever
//! runs the build.
//!
//! Reads and writes: the agent's socket. Unknown here: keys.
//! Source: BuildKit v0.32.2, `session/sshforward`; draft-ietf-sshm-ssh-agent for the agent's protocol.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard_buildkit_proto::moby::sshforward::v1::{
    BytesMessage, CheckAgentRequest, CheckAgentResponse, ssh_server,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::buildkit::fault::Faults;

/// How long an agent may take to accept a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// Size of the largest message of an agent, in bytes; OpenSSH's own limit.
const MESSAGE_LIMIT: usize = 256 * 1024;
/// `SSH_AGENTC_REQUEST_IDENTITIES`.
const REQUEST_IDENTITIES: u8 = 11;
/// `SSH_AGENTC_SIGN_REQUEST`.
const SIGN_REQUEST: u8 = 13;
/// `SSH_AGENT_FAILURE`, as a whole message.
const FAILURE: [u8; 5] = [0, 0, 0, 1, 5];

/// An agent offered to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAgent {
    /// The name by which a step asks for it; a step that gives none asks for `default`.
    pub id: String,
    /// The agent's socket; `None` means `$SSH_AUTH_SOCK`.
    pub socket: Option<PathBuf>,
}

/// Why an agent cannot be offered or used.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// The environment names no agent.
    #[error("`$SSH_AUTH_SOCK` is not set, and ssh agent `{id}` names no socket")]
    NoAgent {
        /// The agent's name.
        id: String,
    },
    /// There is nothing at the socket's path, or it is out of reach.
    #[error("cannot find ssh agent `{id}` at `{}`", path.display())]
    Find {
        /// The agent's name.
        id: String,
        /// The path given.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The path is a file, most likely a private key.
    #[error("ssh agent `{id}` is given as `{}`, which is not a socket; start `ssh-agent`, `ssh-add` the key, and name the agent's socket", path.display())]
    NotASocket {
        /// The agent's name.
        id: String,
        /// The path given.
        path: PathBuf,
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
    agents: Vec<(String, PathBuf)>,
    faults: Faults,
}

impl Ssh {
    /// Serves `agents`, after a look at each socket.
    ///
    /// # Errors
    /// [`SshError`], before the daemon hears of any.
    pub(crate) fn new(agents: &[SshAgent], faults: Faults) -> Result<Self, SshError> {
        let agents = agents
            .iter()
            .map(SshAgent::resolve)
            .collect::<Result<_, _>>()?;
        Ok(Self { agents, faults })
    }

    fn find(&self, id: &str) -> Result<&(String, PathBuf), Status> {
        let id = if id.is_empty() { "default" } else { id };
        self.agents
            .iter()
            .find(|(name, _)| name == id)
            .ok_or_else(|| Status::not_found(format!("no ssh agent `{id}` is offered")))
    }
}

impl SshAgent {
    /// Looks whether the agent's socket is there.
    ///
    /// # Errors
    /// [`SshError`], as a solve that offers this agent would fail with.
    pub fn check(&self) -> Result<(), SshError> {
        self.resolve().map(drop)
    }

    fn resolve(&self) -> Result<(String, PathBuf), SshError> {
        self.resolve_in(std::env::var_os("SSH_AUTH_SOCK"))
    }

    fn resolve_in(&self, default: Option<OsString>) -> Result<(String, PathBuf), SshError> {
        let id = self.id.clone();
        let default = default.filter(|path| !path.is_empty()).map(PathBuf::from);
        let Some(path) = self.socket.clone().or(default) else {
            return Err(SshError::NoAgent { id });
        };
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.file_type().is_socket() => Ok((id, path)),
            Ok(_) => Err(SshError::NotASocket { id, path }),
            Err(source) => Err(SshError::Find { id, path, source }),
        }
    }
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
        let (id, path) = self.find(id.unwrap_or_default())?;
        let agent = connect(path).await.map_err(|source| {
            self.faults.record(SshError::Connect {
                id: id.clone(),
                path: path.clone(),
                source,
            })
        })?;
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
    mut agent: UnixStream,
    answers: &mpsc::Sender<Result<BytesMessage, Status>>,
) -> io::Result<()> {
    while let Some(request) = requests.next().await? {
        let data = if is_allowed(&request) {
            agent.write_all(&request).await?;
            read_answer(&mut agent).await?
        } else {
            FAILURE.to_vec()
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

    #[test]
    fn an_agent_is_found_by_its_path_or_by_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let named = SshAgent {
            id: "a".into(),
            socket: Some(path.clone()),
        };
        let default = SshAgent {
            id: "default".into(),
            socket: None,
        };

        assert_eq!(named.resolve_in(None).unwrap(), ("a".into(), path.clone()));
        let found = default.resolve_in(Some(path.clone().into())).unwrap();
        assert_eq!(found, ("default".into(), path));
        assert_eq!(
            default.resolve_in(Some("".into())).unwrap_err().to_string(),
            "`$SSH_AUTH_SOCK` is not set, and ssh agent `default` names no socket"
        );
    }

    #[test]
    fn a_private_key_is_refused_with_what_to_do() {
        let agent = SshAgent {
            id: "key".into(),
            socket: Some("/etc/hostname".into()),
        };

        assert_eq!(
            agent.resolve_in(None).unwrap_err().to_string(),
            "ssh agent `key` is given as `/etc/hostname`, which is not a socket; start `ssh-agent`, `ssh-add` the \
             key, and name the agent's socket"
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
