//! What steps may mount beyond files of the context: secrets and SSH agents.
//!
//! Reads: private keys. Files of secrets are read at solve time. Writes: nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oci_image_schema::plan;

use crate::buildkit::secrets::{self, Secret, SecretSource};
use crate::buildkit::ssh::SshAgent;
use crate::executor::BuildError;
use crate::planner::checked_plan::CheckedPlan;
use crate::planner::inline_secrets::SecretBytes;
use crate::planner::workspace;

// What the planner lets pass, the session hands over.
const _: () = assert!(workspace::SECRET_LIMIT == secrets::SECRET_LIMIT);

/// What steps may mount beyond files of the context.
pub(super) struct Lent {
    pub(super) secrets: Vec<Secret>,
    pub(super) agents: Vec<SshAgent>,
}

impl Lent {
    /// Finds agents and reads their keys in a working directory; `inline` are the texts of secrets that stood in the object. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Ssh`].
    pub(super) fn gather(
        plan: &CheckedPlan,
        inline: BTreeMap<String, SecretBytes>,
        directory: &Path,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            agents: agents(plan, directory)?,
            secrets: secrets(plan, inline, directory),
        })
    }
}

/// With the keys that they hold.
fn agents(plan: &CheckedPlan, directory: &Path) -> Result<Vec<SshAgent>, BuildError> {
    let open = |agent: &plan::Ssh| {
        let paths: Vec<PathBuf> = agent
            .paths
            .iter()
            .map(|path| directory.join(path))
            .collect();
        Ok(SshAgent::open(&agent.id, &paths)?)
    };
    plan.ssh().iter().map(open).collect()
}

fn secrets(
    plan: &CheckedPlan,
    mut inline: BTreeMap<String, SecretBytes>,
    directory: &Path,
) -> Vec<Secret> {
    let secret = |secret: &plan::Secret| Secret {
        id: secret.id.clone(),
        source: match &secret.source {
            plan::SecretSource::File(path) => SecretSource::File(directory.join(path)),
            plan::SecretSource::Inline => {
                let bytes = inline.remove(&secret.id);
                let bytes =
                    bytes.expect("a checked plan has only inline secrets that the object has");
                SecretSource::Bytes(secrets::SecretBytes::new(bytes.into_bytes()))
            }
        },
    };
    plan.secrets().iter().map(secret).collect()
}
