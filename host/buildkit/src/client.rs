//! The client: a channel to the daemon, and solves over it.
//!
//! A solve owns everything it starts: dropping its future cancels the solve in the daemon and ends its session.
//!
//! A client has one connection, which is never made again: a session and its solve must reach the same daemon, and behind a name there
//! may be several.
//!
//! Reads and writes: the daemon's stream. Unknown here: what an attachable serves, how a daemon is reached (`endpoint`).
//! Source: BuildKit, `api/services/control`, `session` (`monitorHealth`).

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::SolveRequest;
use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tonic::transport::{self, Channel};

use crate::attachables::Attachables;
use crate::context::{self, Identity, Local};
use crate::contexts::{Claims, Contexts};
use crate::endpoint::{DialError, Dialled, Ended, Endpoint, LastWords, Witnessed};
use crate::gateway::Gateway;
use crate::registry::Repositories;
use crate::reports::Reports;
use crate::session::{self, MESSAGE_LIMIT, Session, SessionError};
use crate::solve::{Solve, SolveError, Solved};
use crate::status::Status;
use crate::subrequest::{self, Subrequest};
use oci_image_boundary::outside::shown;

/// How long the daemon may be silent about a solve that is over before we stop listening.
// The daemon ends the stream by itself within milliseconds, unless the solve failed before it had a build graph.
const STATUS_DEADLINE: Duration = Duration::from_secs(2);

/// What is in the daemon's message if a session that it has given up is why a solve failed: that is said, or the call was called off.
const LOSSES: [&str; 2] = [UNHEARD, "context canceled"];
/// What it says of a session in which it has not heard of us. Source: BuildKit, `session/grpc.go` (`monitorHealth`).
const UNHEARD: &str = "session healthcheck failed";

/// A client of one daemon. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    claims: Claims,
    last_words: Option<LastWords>,
    ended: Ended,
}

/// Why a daemon cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It cannot be reached.
    #[error("cannot reach the daemon at `{}`", shown(endpoint))]
    Dial {
        /// Where it should be.
        endpoint: String,
        /// Why not.
        source: DialError,
    },
    /// What answers does not speak as a daemon does.
    #[error("what answers at `{}` does not speak as a daemon does{}", shown(endpoint), quoted(said.as_deref()))]
    Speech {
        /// Where it should be.
        endpoint: String,
        /// What the program has said that reaches it.
        said: Option<String>,
        /// What the transport says.
        source: transport::Error,
    },
    /// The daemon does not say who it is.
    #[error("the daemon does not tell {what}{}", quoted(said.as_deref()))]
    Info {
        /// What it was asked: `its version`.
        what: &'static str,
        /// What the program has said that reaches it, or why the connection has ended.
        said: Option<String>,
        /// What it answered.
        source: Box<tonic::Status>,
    },
}

/// What a program has said, at the end of a message.
fn quoted(said: Option<&str>) -> String {
    said.map_or_else(String::new, |said| format!(" (`{}`)", shown(said)))
}

async fn said(last_words: Option<&LastWords>) -> Option<String> {
    last_words?.text().await
}

/// Who is told of the reports of one solve.
struct Watching<'solve> {
    repositories: &'solve Repositories,
    status: mpsc::Sender<Status>,
    /// Ends with the solve.
    ended: mpsc::Receiver<Infallible>,
}

impl Watching<'_> {
    /// What comes of a wait for the daemon, unless it is silent for too long after the solve has ended. Only the daemon's silence
    /// counts: whoever takes the reports may be as slow as they like.
    async fn unless_silent<T>(&mut self, wait: impl Future<Output = T>) -> Option<T> {
        let mut wait = pin!(wait);
        tokio::select! {
            biased;
            done = wait.as_mut() => return Some(done),
            _ = self.ended.recv() => {}
        }
        tokio::time::timeout(STATUS_DEADLINE, wait).await.ok()
    }

    async fn pass_on(&self, report: Status) {
        self.repositories.note(&report);
        // Whoever is not interested has dropped the receiver; the stream is read to its end all the same.
        let _ = self.status.send(report).await;
    }
}

/// The names of a solve and of its session, which nobody can guess.
struct Names {
    solve: String,
    session: String,
}

impl Names {
    fn new() -> Result<Self, SessionError> {
        Ok(Self {
            solve: session::identity()?,
            session: session::identity()?,
        })
    }
}

/// Whether a solve failed as one does whose session is gone.
fn is_of_a_lost_session(status: &tonic::Status) -> bool {
    let message = status.message();
    status.code() == tonic::Code::Cancelled || LOSSES.iter().any(|loss| message.contains(loss))
}

/// Whether the daemon says so itself, in words that a step's failure may have too, but not with this code. Where what we send is
/// choked, that is heard long before the session's end, which is not read while answers of ours wait to be written.
fn says_given_up(status: &tonic::Status) -> bool {
    status.code() == tonic::Code::DeadlineExceeded && status.message().starts_with(UNHEARD)
}

/// Whether the daemon has given up one of a solve's sessions.
async fn is_given_up(session: &Session, solve: &Solve) -> bool {
    let of_contexts = async {
        match &solve.contexts {
            Some(contexts) => contexts.is_given_up().await,
            None => false,
        }
    };
    let (of_solve, of_contexts) = tokio::join!(session.is_given_up(), of_contexts);
    of_solve || of_contexts
}

impl Client {
    /// Connects to a daemon.
    ///
    /// # Errors
    /// [`ConnectError::Dial`] if nobody listens. A socket may accept before its daemon serves: ask [`Client::info`].
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, ConnectError> {
        let dialled = endpoint.dial().await.map_err(|source| ConnectError::Dial {
            endpoint: endpoint.to_string(),
            source,
        })?;
        let Dialled { stream, last_words } = dialled;
        let (stream, ended) = Witnessed::new(stream);
        let over = ended.clone();
        let mut stream = Some(TokioIo::new(stream));
        // The transport asks again once the stream has ended.
        let once = tower::service_fn(move |_| ready(stream.take().ok_or_else(|| over.error())));
        // No keepalive pings: the daemon closes a connection that sends them more often than every five minutes.
        let channel = transport::Endpoint::from_static("http://buildkitd")
            .http2_max_header_list_size(MESSAGE_LIMIT as u32)
            .connect_with_connector(once)
            .await;
        match channel {
            Ok(channel) => Ok(Self {
                channel,
                claims: Claims::default(),
                last_words,
                ended,
            }),
            Err(source) => Err(ConnectError::Speech {
                endpoint: endpoint.to_string(),
                said: said(last_words.as_ref()).await,
                source,
            }),
        }
    }

    /// Of a connection that has ended: the end of what the program has said that reaches the daemon, else by which error it ended.
    pub async fn last_words(&self) -> Option<String> {
        let said = said(self.last_words.as_ref()).await;
        said.or_else(|| self.ended.cause())
    }

    /// Opens a session that serves these locals to any number of solves ([`Solve::contexts`]), and nothing else to anybody.
    ///
    /// Under an identity that is known the daemon need not ask for what an earlier session of it has sent, also if it was restarted
    /// meanwhile. While this client has another session of that identity open, this one has a random name.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn offer(
        &self,
        locals: Vec<Local>,
        identity: Identity,
    ) -> Result<Contexts, SessionError> {
        Contexts::open(self.control(), &self.claims, locals, identity).await
    }

    /// Solves, and sends to `status` what the daemon reports meanwhile; the daemon waits while nobody takes it.
    ///
    /// Results have their final names only when this returns `Ok`. Dropping the future cancels the solve.
    ///
    /// ```no_run
    /// use oci_image_buildkit::{client::Client, context::Local, endpoint::Endpoint, solve::Solve};
    /// use oci_image_boundary::handle::Directory;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let directory = Directory::open("src")?;
    /// let local = |name: &str| Local { name: name.into(), directory: directory.clone() };
    /// let solve = Solve {
    ///     frontend: "dockerfile.v0".into(),
    ///     locals: vec![local("context"), local("dockerfile")],
    ///     ..Solve::default()
    /// };
    /// let (status, mut reports) = tokio::sync::mpsc::channel(8);
    /// let client = Client::connect(&Endpoint::new("unix:///run/buildkit/buildkitd.sock".parse()?)).await?;
    /// let shown = async { while let Some(report) = reports.recv().await { println!("{report:?}") } };
    /// let (solved, ()) = tokio::join!(client.solve(solve, status), shown);
    /// println!("{:?}", solved?.exporter_response);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SolveError::Failed`] if the build failed; every other variant if this machine or the daemon did.
    pub async fn solve(
        &self,
        solve: Solve,
        status: mpsc::Sender<Status>,
    ) -> Result<Solved, SolveError> {
        let Names {
            solve: name,
            session,
        } = Names::new()?;
        let request = solve.request(&name, &session);
        let alone = async { Ok(()) };
        let (solved, ()) = self.run(&solve, request, status, alone).await?;
        Ok(solved)
    }

    /// Asks the frontend of a solve for an answer in place of a build; the solve's exporters and caches count for nothing.
    ///
    /// # Errors
    /// As those of [`Client::solve`]: [`SolveError::Failed`] too if the frontend does not know the question. [`SolveError::NoAnswer`],
    /// [`SolveError::OddAnswer`].
    pub async fn ask<A: Subrequest>(
        &self,
        solve: Solve,
        status: mpsc::Sender<Status>,
    ) -> Result<A, SolveError> {
        let request = A::ID;
        let names = Names::new()?;
        let gateway = Gateway::new(self.channel.clone(), &names.solve);
        let question = solve.question(request);
        let asking = async {
            let mut gateway = gateway.ok_or(SolveError::NoAnswer { request })?;
            let connection = |source| SolveError::Connection { source };
            gateway.ready().await.map_err(connection)?;
            Ok(gateway.ask(question).await)
        };
        let without = solve.request_without_frontend(&names.solve, &names.session);
        let (_, metadata) = self.run(&solve, without, status, asking).await?;
        let answer = metadata.and_then(|mut metadata| metadata.remove(subrequest::ANSWER));
        let answer = answer.ok_or(SolveError::NoAnswer { request })?;
        serde_json::from_slice(&answer).map_err(|source| SolveError::OddAnswer { request, source })
    }

    /// Makes a request of a solve with all that the daemon may call meanwhile, and does something beside it, without which it comes to
    /// nothing.
    async fn run<T>(
        &self,
        solve: &Solve,
        request: SolveRequest,
        status: mpsc::Sender<Status>,
        beside: impl Future<Output = Result<T, SolveError>>,
    ) -> Result<(Solved, T), SolveError> {
        let repositories = Repositories::named(solve.caches_in_registries());
        let (attachables, services) = Attachables::new(solve, &repositories).await?;
        let shared_key = context::shared_key(&solve.all_locals());
        let session =
            Session::open(self.control(), &request.session, &shared_key, services).await?;

        let reference = request.r#ref.clone();
        let (over, ended) = mpsc::channel::<Infallible>(1);
        let solving = async {
            let response = self.control().solve(request).await;
            let is_given_up = match &response {
                Err(status) if says_given_up(status) => true,
                Err(status) if is_of_a_lost_session(status) => is_given_up(&session, solve).await,
                _ => false,
            };
            session.close().await;
            drop(over);
            (response, is_given_up)
        };
        let watching = Watching {
            repositories: &repositories,
            status,
            ended,
        };
        let watching = self.watch(reference, watching);
        let reported = async { Ok(tokio::join!(solving, watching)) };
        let (((response, is_given_up), ()), beside) = tokio::try_join!(reported, beside)?;
        let response = response.map(|response| response.into_inner().exporter_response);
        match attachables.finish(response).await {
            Err(SolveError::Failed { cause: None, .. }) if is_given_up => {
                Err(SessionError::GivenUp.into())
            }
            finished => Ok((finished?, beside)),
        }
    }

    /// Passes on the daemon's reports until it has no more, or is silent for too long after the solve has ended.
    async fn watch(&self, reference: String, mut watching: Watching<'_>) {
        let opening = Reports::open(self.channel.clone(), reference);
        // A solve that fails has its own error; reports that cannot be read add nothing to it.
        let Some(Ok(mut reports)) = watching.unless_silent(opening).await else {
            return;
        };
        while let Some(Ok(Some(report))) = watching.unless_silent(reports.next()).await {
            watching.pass_on(report).await;
        }
    }

    pub(crate) fn control(&self) -> ControlClient<Channel> {
        ControlClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_says_it_has_not_heard_of_us_is_told_from_a_step_that_says_so() {
        let said = "session healthcheck failed fatally: context deadline exceeded";
        let step = format!(
            "process \"/bin/sh -c echo {said}\" did not complete successfully: exit code: 1"
        );

        assert!(says_given_up(&tonic::Status::deadline_exceeded(said)));
        for status in [
            tonic::Status::unknown(said),
            tonic::Status::unknown(&step),
            tonic::Status::deadline_exceeded(&step),
            tonic::Status::cancelled("context canceled"),
        ] {
            assert!(!says_given_up(&status), "{status}");
        }
    }
}
