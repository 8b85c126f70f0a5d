//! What steps may mount beyond files of the context: secrets and SSH agents.
//!
//! Reads: private keys. Files of secrets are opened, and read at solve time. Writes: nothing.

use std::io;
use std::path::PathBuf;

use oci_image_schema::plan;

use crate::boundary::handle::Found;
use crate::boundary::regular_file::RegularFile;
use crate::buildkit::secrets::{self, Secret, SecretSource};
use crate::buildkit::ssh::SshAgent;
use crate::executor::error::BuildError;
use crate::executor::work::{Work, unopened};
use crate::planner::checked_plan::CheckedPlan;
use crate::planner::workspace;

// What the planner lets pass, the session hands over.
const _: () = assert!(workspace::SECRET_LIMIT == secrets::SECRET_LIMIT);

/// What steps may mount beyond files of the context.
pub(super) struct Lent {
    pub(super) secrets: Vec<Secret>,
    pub(super) agents: Vec<SshAgent>,
}

impl Lent {
    /// Finds agents and reads their keys in a working directory, and opens the files of secrets. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Ssh`], [`BuildError::Open`].
    pub(super) fn gather(plan: &CheckedPlan, work: &mut Work) -> Result<Self, BuildError> {
        Ok(Self {
            agents: agents(plan, work)?,
            secrets: secrets(plan, work)?,
        })
    }
}

/// With the keys that they hold.
fn agents(plan: &CheckedPlan, work: &mut Work) -> Result<Vec<SshAgent>, BuildError> {
    let mut agents = Vec::new();
    for agent in plan.ssh() {
        let paths: Vec<PathBuf> = agent.paths.iter().map(PathBuf::from).collect();
        let opened = SshAgent::open(&agent.id, work.handle(), &paths)?;
        // Without a path it is that of the environment, which may be anywhere.
        for (path, real) in opened.places().iter().filter(|_| !paths.is_empty()) {
            work.warn(&path.to_string_lossy(), real.clone());
        }
        agents.push(opened);
    }
    Ok(agents)
}

fn secrets(plan: &CheckedPlan, work: &mut Work) -> Result<Vec<Secret>, BuildError> {
    let mut secrets = Vec::new();
    for secret in plan.secrets() {
        let source = match &secret.source {
            plan::SecretSource::File(path) => SecretSource::File(file(path, work)?),
            plan::SecretSource::Inline => {
                let bytes = plan.secret_texts().get(&secret.id);
                let bytes =
                    bytes.expect("a checked plan has only inline secrets that the object has");
                SecretSource::Bytes(bytes.clone())
            }
        };
        let id = secret.id.clone();
        secrets.push(Secret { id, source });
    }
    Ok(secrets)
}

fn file(path: &str, work: &mut Work) -> Result<RegularFile, BuildError> {
    let found = match work.find(path) {
        Ok(Found::File(file)) => return Ok(file),
        Ok(Found::Directory(_)) => io::ErrorKind::IsADirectory.into(),
        Ok(Found::Socket(_)) => io::ErrorKind::InvalidInput.into(),
        Ok(Found::Other(refusal)) => refusal.into(),
        Err(error) => error,
    };
    Err(unopened("file of a secret", path.as_ref(), found))
}
