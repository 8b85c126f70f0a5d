//! The attachable behind the sockets of steps: it lends agents, and leads to conduits.
//!
//! Of what a step sends to an agent it passes on the requests that are allowed; what goes through a conduit is the step's own affair.
//!
//! Reads and writes: the agent's socket.
//! Source: BuildKit, `session/sshforward`; draft-ietf-sshm-ssh-agent for the agent's protocol.

use std::io;
use std::path::Path;
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

use crate::conduit::Conduit;
use crate::recorder::Recorder;
use crate::ssh::agent::{KeySource, SshAgent};
use crate::ssh::error::SshError;
use crate::ssh::keyring::Keyring;
use crate::ssh::message::{FAILURE, REQUEST_IDENTITIES, SIGN_REQUEST};
use crate::ssh::{passage, wire};

/// How long an agent may take to accept a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// Size of the largest message of an agent, in bytes; OpenSSH's own limit.
const MESSAGE_LIMIT: usize = 256 * 1024;
/// The attachable that serves agents and conduits.
pub(crate) struct Ssh {
    agents: Vec<SshAgent>,
    conduits: Vec<Conduit>,
    faults: Recorder<SshError>,
}

impl Ssh {
    /// Serves `agents` and `conduits`.
    pub(crate) fn new(
        agents: Vec<SshAgent>,
        conduits: Vec<Conduit>,
        faults: Recorder<SshError>,
    ) -> Self {
        Self {
            agents,
            conduits,
            faults,
        }
    }

    fn conduit(&self, id: &str) -> Option<&Conduit> {
        self.conduits.iter().find(|conduit| conduit.id() == id)
    }

    fn find(&self, id: &str) -> Result<&SshAgent, Status> {
        let id = if id.is_empty() { "default" } else { id };
        self.agents
            .iter()
            .find(|agent| agent.id == id)
            .ok_or_else(|| Status::not_found(format!("no ssh agent `{id}` is offered")))
    }
}

#[tonic::async_trait]
impl ssh_server::Ssh for Ssh {
    async fn check_agent(
        &self,
        request: Request<CheckAgentRequest>,
    ) -> Result<Response<CheckAgentResponse>, Status> {
        let id = request.into_inner().id;
        if self.conduit(&id).is_none() {
            self.find(&id)?;
        }
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
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default();
        if let Some(conduit) = self.conduit(id) {
            let taken = Status::resource_exhausted("a conduit takes one connection");
            let ends = conduit.take().ok_or(taken)?;
            return Ok(Response::new(passage::open(ends, request.into_inner())));
        }
        let agent = self.find(id)?;
        let agent = Agent::connect(agent)
            .await
            .map_err(|error| self.faults.record(error))?;
        let (answers, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            let requests = AgentRequests {
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
    async fn connect(offered: &SshAgent) -> Result<Self, SshError> {
        match &offered.source {
            KeySource::Keys(keyring) => Ok(Self::Keys(Arc::clone(keyring))),
            KeySource::Socket(socket) => connect(&socket.address())
                .await
                .map(Self::Socket)
                .map_err(|source| SshError::Connect {
                    id: offered.id.clone(),
                    path: socket.path().to_owned(),
                    source,
                }),
        }
    }

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
struct AgentRequests {
    messages: Streaming<BytesMessage>,
    bytes: Vec<u8>,
}

impl AgentRequests {
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
    mut requests: AgentRequests,
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
