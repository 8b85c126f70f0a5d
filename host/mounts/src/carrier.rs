//! A carrier: carries what a cache holds out of a daemon or into it, by a step.
//!
//! Reads and writes: through the client, archives. Unknown here: which caches a build uses.

use oci_image_boundary::blocking::blocking;
use oci_image_boundary::handle::Directory;
use oci_image_boundary::outside::shown;
use oci_image_buildkit::cache_mount::Sharing;
use oci_image_buildkit::client::Client;
use oci_image_buildkit::conduit::{Conduit, ConduitReader, ConduitWriter};
use oci_image_buildkit::context::Local;
use oci_image_buildkit::llb::{ExecMount, ExecOp};
use oci_image_buildkit::solve::Solve;
use oci_image_courier::errand::{RESTORE, SAVE};
use oci_image_courier::identity::Identity;
use oci_image_courier::message::Amount;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio_util::io::SyncIoBridge;

use crate::archive::Archive;
use crate::archives::{Archives, Grown};
use crate::error::MountError;
use crate::key::Key;
use crate::program;
use crate::talk::{self, Known, Taken};

/// Where a step has its program, the cache, and the socket by which it is spoken to.
const PROGRAM: &str = "/program";
const CACHE: &str = "/cache";
const SOCKET: &str = "/socket";

/// What became of a cache before a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// It holds what was kept of it.
    Filled(Amount, Identity),
    /// The daemon has it still, and it is as it was.
    Occupied(Identity),
    /// Nothing was kept of it.
    Nothing,
}

/// What became of a cache after a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It holds nothing.
    Nothing,
    /// It holds what is kept already.
    Unchanged(Amount),
    /// It is another one than before the build, and holds less than what is kept, which stays.
    Poorer(Amount),
    /// What it holds has grown, and has no name yet.
    Grown(Amount),
    /// It is larger than may be kept: so many bytes at least.
    TooLarge(u64),
}

/// Carries what caches hold by steps of one daemon.
#[derive(Clone)]
pub struct Carrier {
    client: Client,
    program: Directory,
    archives: Archives,
    /// How many bytes archives may have.
    limit: u64,
}

/// The ends of a conduit on this side, for those who block.
type Ends<'a> = (
    &'a mut SyncIoBridge<ConduitReader>,
    &'a mut SyncIoBridge<ConduitWriter>,
);

impl Carrier {
    /// Between a daemon and a directory of archives, of which none may have more than `limit` bytes. The steps' program is left below
    /// `programs`.
    ///
    /// # Errors
    /// [`MountError::Keep`].
    pub async fn new(
        client: Client,
        programs: Directory,
        archives: Archives,
        limit: u64,
    ) -> Result<Self, MountError> {
        let name = programs.path().display().to_string();
        let program = blocking(move || program::directory(&programs)).await;
        let program = program.map_err(MountError::keeping("write", name))?;
        Ok(Self {
            client,
            program,
            archives,
            limit,
        })
    }

    /// The archives.
    pub fn archives(&self) -> &Archives {
        &self.archives
    }

    /// Fills a cache with what was kept of it, unless it holds something.
    ///
    /// # Errors
    /// [`MountError`]; the cache holds nothing then.
    pub async fn restore(&self, key: &Key) -> Result<Restored, MountError> {
        let Some(mut archive) = self.find(key).await? else {
            return Ok(Restored::Nothing);
        };
        let limit = self.limit;
        let given = self
            .carry(key, RESTORE, move |(from, to): Ends<'_>| {
                talk::give(&mut archive, limit, (from, to))
            })
            .await?;
        Ok(match given {
            (Some(amount), identity) => Restored::Filled(amount, identity),
            (None, identity) => Restored::Occupied(identity),
        })
    }

    /// Takes what a cache holds, unless that is what was kept. `restored` is which cache held that before the build: a daemon that gave
    /// its steps another one has it still, but perhaps not for long, and of the two that with more in it is worth more.
    ///
    /// # Errors
    /// [`MountError`]; what was kept is as it was.
    pub async fn save(
        &self,
        key: &Key,
        restored: Option<Identity>,
    ) -> Result<(Saved, Grown), MountError> {
        // What cannot be read is replaced.
        let known = self.find(key).await.ok().flatten();
        let known = known.map(|archive| Known {
            record: archive.record,
            identity: restored,
        });
        let (taken, archives, limit) = (key.clone(), self.archives.clone(), self.limit);
        let taken = self
            .carry(key, SAVE, move |(from, to): Ends<'_>| {
                talk::take(&taken, known.as_ref(), limit, &archives, (from, to))
            })
            .await;
        let nothing = Grown::default;
        Ok(match taken {
            Ok(Taken::Nothing) => (Saved::Nothing, nothing()),
            Ok(Taken::Unchanged(amount)) => (Saved::Unchanged(amount), nothing()),
            Ok(Taken::Poorer(amount)) => (Saved::Poorer(amount), nothing()),
            Ok(Taken::Whole(whole, amount)) => (Saved::Grown(amount), Grown::of(whole)),
            Err(MountError::TooLarge(size)) => (Saved::TooLarge(size), nothing()),
            Err(error) => return Err(error),
        })
    }

    async fn find(&self, key: &Key) -> Result<Option<Archive>, MountError> {
        let (archives, key) = (self.archives.clone(), key.clone());
        blocking(move || archives.find(&key)).await
    }

    /// Runs the step, and speaks with it. After an error it is left where it is, and ends by that.
    async fn carry<T: Send + 'static>(
        &self,
        key: &Key,
        errand: &str,
        talk: impl FnOnce(Ends<'_>) -> Result<T, MountError> + Send + 'static,
    ) -> Result<T, MountError> {
        let (conduit, reader, writer) = Conduit::new()?;
        let solve = self.solve(key, errand, conduit);
        let (status, _) = mpsc::channel(1); // nobody is told what steps of our own report
        let talking = async {
            let mut reader = SyncIoBridge::new(reader);
            let mut writer = SyncIoBridge::new(writer);
            let (said, reader, writer) = blocking(move || {
                let said = talk((&mut reader, &mut writer));
                (said, reader, writer)
            })
            .await;
            // The step waits until it was heard. What this side ends is no more heard by it, so that is the last.
            if said.is_ok() {
                let (mut reader, mut writer) = (reader.into_inner(), writer.into_inner());
                let _ = tokio::io::copy(&mut reader, &mut tokio::io::sink()).await;
                let _ = writer.shutdown().await;
            }
            said
        };
        let solving = self.client.solve(solve, status);
        let (solved, said) = tokio::join!(solving, talking);
        match (said, solved) {
            // A step that was told enough may end as it likes.
            (Ok(said), _) => Ok(said),
            (Err(MountError::Conversation(_)), Err(failed)) => Err(failed.into()),
            (Err(error), _) => Err(error),
        }
    }

    fn solve(&self, key: &Key, errand: &str, conduit: Conduit) -> Solve {
        let local = "program";
        let step = ExecOp {
            name: format!("{errand} cache {}", shown(&key.id)),
            arguments: [
                &format!("{PROGRAM}/{}", program::NAME),
                errand,
                CACHE,
                SOCKET,
            ]
            .map(str::to_owned)
            .to_vec(),
            mounts: vec![
                ExecMount::Local {
                    name: local.to_owned(),
                    target: PROGRAM.to_owned(),
                },
                ExecMount::Cache {
                    id: key.id.clone(),
                    target: CACHE.to_owned(),
                    sharing: Sharing::Locked,
                    origin: key.origin,
                },
                ExecMount::Socket {
                    id: conduit.id().to_owned(),
                    target: SOCKET.to_owned(),
                    uid: 0,
                    gid: 0,
                    mode: 0o600,
                },
            ],
        };
        Solve {
            exec: Some(step),
            locals: vec![Local {
                name: local.to_owned(),
                directory: self.program.clone(),
            }],
            conduits: vec![conduit],
            ..Solve::default()
        }
    }
}
