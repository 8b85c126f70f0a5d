//! Pruning: what of a root is to go, and who removes it.
//!
//! Nothing goes while a build uses the root, and no build can use it meanwhile. The daemon's own part is a database and what that
//! refers to: a part of it is removed by a daemon, which is started for that; all of it without one, where its files are ours.
//!
//! Reads: the root. Writes: removes from it. Unknown here: what blobs and results are of.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::boundary::handle::Directory;
use crate::buildkit::client::Client;
use crate::buildkit::endpoint::Endpoint;
use crate::buildkit::prune::Prune;
use crate::daemon::{Daemon, DaemonError, Occupancy, Options, Overrides, Programs, RootLock};
use crate::image::codec::Codec;
use crate::image::contents::{KeptBlobs, Limits};
use crate::storage::error::StorageError;
use crate::storage::place::KEPT;
use crate::storage::usage::Usage;

/// What is to go from a root.
pub struct Pruning {
    /// The root.
    pub root: PathBuf,
    /// How much of it.
    pub scope: Scope,
    /// Programs that are not to be looked up on PATH.
    pub programs: Overrides,
    /// Variables of this process's environment that the daemon is not given.
    pub withheld: Vec<OsString>,
}

/// How much goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Of the blobs that are kept what each build removes at its end. The daemon's own part stays.
    Usual,
    /// Of both what was not used for so long, then what was used least lately, until each has no more than so many bytes.
    Beyond {
        /// How long something stays that nobody uses.
        age: Option<Duration>,
        /// How many bytes stay, of each.
        size: Option<u64>,
    },
    /// Everything.
    Everything,
}

/// What has become of a root. It is printed as JSON: its names are promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Freed {
    /// The root.
    pub root: PathBuf,
    /// How many bytes of its disk it had before.
    pub before: u64,
    /// How many it has now.
    pub after: u64,
    /// How many it has lost.
    pub freed: u64,
}

impl Pruning {
    /// Removes, and tells how much that was. Dropping the future ends the daemon that does it.
    ///
    /// # Errors
    /// [`StorageError`]; some of it may be gone then.
    pub async fn run(self) -> Result<Freed, StorageError> {
        let cancel = Cancel::default();
        let _cancel = cancel.on_drop();
        let before = usage(&self.root, &cancel).await?.total;
        let is_there = self.root.clone();
        if blocking(move || is_there.symlink_metadata().is_ok()).await {
            match self.scope {
                Scope::Usual => {
                    let usual = |lock: &RootLock| prune_kept(lock.path(), Limits::USUAL);
                    self.lock_and(usual).await?;
                }
                Scope::Beyond { age, size } => self.prune_beyond(age, size).await?,
                Scope::Everything => self.prune_everything().await?,
            }
        }
        let after = usage(&self.root, &cancel).await?.total;
        Ok(Freed {
            root: self.root,
            before,
            after,
            freed: before.saturating_sub(after),
        })
    }

    async fn prune_beyond(
        &self,
        age: Option<Duration>,
        size: Option<u64>,
    ) -> Result<(), StorageError> {
        let limits = Limits {
            age: age.unwrap_or(Duration::MAX),
            size: size.unwrap_or(u64::MAX),
        };
        let prunes = [age.map(Prune::Unused), size.map(Prune::Beyond)];
        let prunes = prunes.into_iter().flatten().collect();
        let root = self.root.clone();
        // While the daemon has the root: no build comes between.
        let kept = async move { blocking(move || prune_kept(&root, limits)).await };
        self.by_daemon(prunes, kept).await
    }

    async fn prune_everything(&self) -> Result<(), StorageError> {
        // The files of an ordinary user's steps belong to its subordinate IDs: the daemon can remove them, we cannot.
        if !rustix::process::geteuid().is_root() {
            self.by_daemon(vec![Prune::Everything], async { Ok(()) })
                .await?;
        }
        self.lock_and(clear).await
    }

    /// Locks the root for some work on it.
    async fn lock_and(
        &self,
        work: impl FnOnce(&RootLock) -> Result<(), StorageError> + Send + 'static,
    ) -> Result<(), StorageError> {
        let root = self.root.clone();
        blocking(move || work(&RootLock::acquire_free(&root)?)).await
    }

    /// Starts a daemon, lets it prune, does some other work meanwhile that needs the root for itself, and ends the daemon.
    async fn by_daemon(
        &self,
        prunes: Vec<Prune>,
        work: impl Future<Output = Result<(), StorageError>>,
    ) -> Result<(), StorageError> {
        let programs = Programs::find(&self.programs)?;
        let options = Options {
            withheld: self.withheld.clone(),
            ..Options::new(&self.root, programs)
        };
        let (waits, waited) = oneshot::channel();
        let daemon = tokio::select! {
            biased;
            daemon = Daemon::start(options, move |_| { let _ = waits.send(()); }) => daemon?,
            Ok(()) = waited => return Err(held(&self.root).await),
        };
        let pruned = async {
            let client = Client::connect(&Endpoint::socket(daemon.socket())).await?;
            for prune in prunes {
                client.prune(prune).await?;
            }
            work.await
        };
        let pruned = pruned.await;
        let stopped = daemon.stop().await;
        pruned?;
        stopped?;
        Ok(())
    }
}

async fn usage(root: &Path, cancel: &Cancel) -> Result<Usage, StorageError> {
    let (root, cancel) = (root.to_owned(), cancel.clone());
    blocking(move || Usage::of(&root, &cancel)).await
}

/// That a build uses the root, and who that is.
async fn held(root: &Path) -> StorageError {
    let path = root.to_owned();
    let looked = blocking(move || Occupancy::of(&path)).await;
    let holder = match looked {
        Ok(Occupancy::Build(holder)) => holder,
        _ => None,
    };
    let path = root.to_owned();
    DaemonError::RootHeld { path, holder }.into()
}

/// Removes blobs that are kept no longer; none are where there never were any.
fn prune_kept(root: &Path, limits: Limits) -> Result<(), StorageError> {
    let path = root.join(KEPT);
    let failed = |source| StorageError::Remove {
        path: path.clone(),
        source,
    };
    let directory = Directory::open(root).and_then(|root| root.own_directory(KEPT));
    let directory = match directory {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        directory => directory.map_err(failed)?,
    };
    // It waits for whoever prunes, and nobody does who has not locked the root.
    let kept = KeptBlobs::open(directory, Codec::gzip()).map_err(failed)?;
    if kept.prune(limits).map_err(failed)? {
        return Ok(());
    }
    Err(StorageError::KeptInUse { path })
}

/// Removes all that is in a root.
fn clear(lock: &RootLock) -> Result<(), StorageError> {
    let kept = lock.path().join(KEPT);
    // A build that has no daemon any more may still need these.
    let _alone = match File::open(&kept).map(|directory| (directory.try_lock(), directory)) {
        Ok((Err(TryLockError::WouldBlock), _)) => {
            return Err(StorageError::KeptInUse { path: kept });
        }
        opened => opened.ok(),
    };
    lock.clear().map_err(|source| StorageError::Remove {
        path: lock.path().to_owned(),
        source,
    })
}
