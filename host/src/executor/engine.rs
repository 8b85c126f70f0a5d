//! The engine of a build: a daemon of its own, or one of a fleet that was chosen for it.
//!
//! Reads: programs on PATH, what builders say of themselves. Writes: the daemon's root. Unknown here: solves.

use std::collections::BTreeMap;
use std::pin::pin;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::buildkit::client::Client;
use crate::buildkit::endpoint::Endpoint;
use crate::daemon::{Privileges, Warning, make_root};
use crate::executor::built_on::BuiltOn;
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::own_daemon::OwnDaemon;
use crate::executor::remote::{Part, Remote};
use crate::executor::stop::Stop;
use crate::fleet::Fleet;
use crate::planner::checked_plan::CheckedPlan;

/// Where a build gets its engine.
pub(super) enum EngineSource<'run> {
    /// It starts a daemon, as it may.
    Own(Privileges),
    /// It takes a builder that was not lost.
    Fleet {
        fleet: &'run Fleet,
        lost: BTreeMap<String, String>,
    },
}

/// A daemon that builds for some platforms of a build, or for all.
#[derive(Clone, Copy)]
pub(super) struct Share<'engine> {
    pub(super) client: &'engine Client,
    /// The builder, if it is none of our own.
    pub(super) builder: Option<&'engine Part>,
}

/// The engine of a build. Dropping it ends what was started for it.
pub(super) struct Engine {
    client: Client,
    kind: Kind,
}

enum Kind {
    Own(OwnDaemon),
    Remote(Box<Remote>),
}

impl<'run> EngineSource<'run> {
    /// Where a build on this machine gets its engine, if it may have one.
    ///
    /// # Errors
    /// [`BuildError::Daemon`].
    pub(super) async fn of(host: &'run Host) -> Result<Self, BuildError> {
        match &host.fleet {
            Some(fleet) => Ok(Self::Fleet {
                fleet,
                lost: BTreeMap::new(),
            }),
            None => Ok(Self::Own(blocking(Privileges::check).await?)),
        }
    }

    /// Takes a builder no more that is of no more use to this build; whether that is why it failed, and there is another one.
    pub(super) async fn lose(&mut self, error: &BuildError) -> bool {
        let (Self::Fleet { fleet, lost }, Some((builder, reason))) = (self, error.lost_builder())
        else {
            return false;
        };
        lost.insert(builder.to_owned(), reason.to_owned());
        fleet.has_more_than(lost).await
    }
}

impl Share<'_> {
    /// The platforms for which it builds, if those are not all.
    pub(super) fn platforms(&self) -> Option<&[String]> {
        self.builder?.platforms()
    }
}

impl Engine {
    /// Starts the daemon that a plan asks for, or takes a builder that is not lost; `unread` is called off once nobody may wait for a
    /// reader of its log.
    ///
    /// # Errors
    /// [`BuildError::Program`], [`BuildError::Daemon`], [`BuildError::NoRoomForDaemon`], [`BuildError::Connect`],
    /// [`BuildError::NoBuilder`].
    pub(super) async fn start(
        source: &EngineSource<'_>,
        plan: &CheckedPlan,
        host: &Host,
        unread: &Cancel,
    ) -> Result<Self, BuildError> {
        match source {
            EngineSource::Own(privileges) => {
                let daemon = OwnDaemon::start(plan, host, *privileges, unread).await?;
                match Client::connect(&Endpoint::socket(daemon.socket())).await {
                    Ok(client) => {
                        let kind = Kind::Own(daemon);
                        Ok(Self { client, kind })
                    }
                    Err(error) => {
                        // What is left is nothing beside what ended the build.
                        let _ = daemon.stop().await;
                        Err(error.into())
                    }
                }
            }
            EngineSource::Fleet { fleet, lost } => {
                let root = host.root.clone();
                blocking(move || make_root(&root)).await?;
                let remote = Remote::choose(fleet, plan, host, lost).await?;
                let client = remote.client().clone();
                let kind = Kind::Remote(Box::new(remote));
                Ok(Self { client, kind })
            }
        }
    }

    /// The connection to it, or to the first of several builders.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The daemons among which the platforms of a build are shared: at least one.
    pub(super) fn shares(&self) -> Vec<Share<'_>> {
        match &self.kind {
            Kind::Own(_) => vec![Share {
                client: &self.client,
                builder: None,
            }],
            Kind::Remote(remote) => {
                let share = |part| Share {
                    client: Part::client(part),
                    builder: Some(part),
                };
                remote.parts().iter().map(share).collect()
            }
        }
    }

    /// The builders, if it is none of our own.
    pub(super) fn remote(&self) -> Option<&Remote> {
        match &self.kind {
            Kind::Own(_) => None,
            Kind::Remote(remote) => Some(remote),
        }
    }

    /// The builders, as they are told of at the end.
    pub(super) fn built_on(&self) -> Vec<BuiltOn> {
        let parts = self.remote().into_iter().flat_map(Remote::parts);
        parts.map(Part::built_on).collect()
    }

    /// Whether each daemon may be told logins of this machine.
    pub(super) fn may_know_logins(&self) -> bool {
        let mut parts = self.remote().into_iter().flat_map(Remote::parts);
        parts.all(Part::may_know_secrets)
    }

    /// What comes of work over it, unless that is stopped before, or the daemon ends although nobody has stopped it.
    ///
    /// # Errors
    /// [`BuildError::Stopped`], [`BuildError::DaemonDied`], [`BuildError::BuilderLost`]; those of the work.
    pub(super) async fn during<T>(
        &self,
        stop: impl Future<Output = Stop>,
        work: impl Future<Output = Result<T, BuildError>>,
    ) -> Result<T, BuildError> {
        let died = pin!(async {
            match &self.kind {
                Kind::Own(daemon) => daemon.died().await,
                Kind::Remote(remote) => remote.lost().await,
            }
        });
        let done = tokio::select! {
            biased;
            stop = stop => return Err(BuildError::Stopped(stop)),
            died = died => return Err(died),
            done = work => done,
        };
        match &self.kind {
            Kind::Own(daemon) => daemon.blame(done).await,
            Kind::Remote(remote) => match (done, remote.parts()) {
                (Err(error), [part]) => Err(part.blame(error).await),
                // Whoever asks several builders knows which of them is meant.
                (done, _) => done,
            },
        }
    }

    /// Ends it if it is ours, and returns when nothing of it is left, with what could not be tidied away.
    ///
    /// # Errors
    /// [`BuildError::Daemon`].
    pub(super) async fn stop(self) -> Result<Vec<Warning>, BuildError> {
        match self.kind {
            Kind::Own(daemon) => daemon.stop().await,
            Kind::Remote(_) => Ok(Vec::new()),
        }
    }

    /// The same for a build that was stopped, which has no time.
    ///
    /// # Errors
    /// [`BuildError::Daemon`].
    pub(super) async fn stop_at_once(self) -> Result<Vec<Warning>, BuildError> {
        match self.kind {
            Kind::Own(daemon) => daemon.stop_at_once().await,
            Kind::Remote(_) => Ok(Vec::new()),
        }
    }
}
