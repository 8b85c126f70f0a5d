//! A session of contexts: serves locals to the daemon, and nothing else, for any number of solves.
//!
//! Under a name of its own the daemon has one transfer of a local for all solves that share it. Under an [`Identity`] that is known
//! it has none, if an earlier session of that name has sent the same. Secrets, logins and agents are lent by the solve's own session,
//! which has a random name always.
//!
//! Reads: the locals. Writes: as an identity does. Unknown here: what is solved.
//! Source: BuildKit, `frontend/dockerui` (`local-sessionid:`), `source/local`.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use tonic::transport::Channel;

use crate::context::{FileSync, Identity, Local, Sent, Tally, shared_key};
use crate::fault::{Fault, Faults, SharedFaults};
use crate::session::{self, Services, Session, SessionError};

/// An open session of contexts. Dropping it ends it.
pub struct Contexts {
    id: String,
    locals: Vec<Local>,
    faults: SharedFaults,
    tally: Tally,
    session: Session,
    _claim: Option<Claim>,
}

/// The known identities under which a client has sessions open. Of two sessions of one name the daemon would forget the first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<HashSet<String>>>);

/// The right to a name, for as long as it lives.
struct Claim {
    claims: Claims,
    id: String,
}

impl Contexts {
    pub(crate) async fn open(
        control: ControlClient<Channel>,
        claims: &Claims,
        locals: Vec<Local>,
        identity: Identity,
    ) -> Result<Self, SessionError> {
        let (known, dated) = match identity {
            Identity::Random => (None, None),
            Identity::Known(known) => (Some(known), None),
            Identity::Checkout { known, dated } => (known, Some(dated)),
        };
        let claimed = known.and_then(|known| Some((claims.claim(&known.id)?, known)));
        let (claim, known) = claimed.unzip();
        let id = match &known {
            Some(known) => known.id.clone(),
            None => session::identity()?,
        };
        let key = match &dated {
            Some(dated) => dated.shared_key(),
            None => shared_key(&locals),
        };
        let (faults, tally) = (SharedFaults::default(), Tally::default());
        let unsent = faults.recorder(|(name, source)| Fault::Local { name, source });
        let filesync = FileSync::new(locals.clone(), unsent)
            .known_by(known, tally.clone())
            .dated_by(dated);
        let services = services(filesync);
        let session = Session::open(control, &id, &key, services).await?;
        Ok(Self {
            id,
            locals,
            faults,
            tally,
            session,
            _claim: claim,
        })
    }

    /// How much the daemon has taken so far.
    pub fn sent(&self) -> Sent {
        self.tally.sent()
    }

    /// Whether the daemon has ended it, or does so in a moment.
    pub(crate) async fn is_given_up(&self) -> bool {
        self.session.is_given_up().await
    }

    /// What is served.
    pub(crate) fn locals(&self) -> &[Local] {
        &self.locals
    }

    /// The attributes by which a frontend finds it, with their values.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (String, String)> {
        let key = |local: &Local| format!("local-sessionid:{}", local.name);
        self.locals
            .iter()
            .map(move |local| (key(local), self.id.clone()))
    }

    /// Has a solve told of what cannot be sent.
    pub(crate) fn tell(&self, solve: &Faults) {
        self.faults.tell(solve);
    }
}

/// All that the daemon may call on such a session.
fn services(filesync: FileSync) -> Services {
    let mut services = Services::with_health();
    services.add(&["DiffCopy"], filesync);
    services
}

// Without the name: whoever has it may open a session in its place.
impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contexts")
            .field("locals", &self.locals)
            .field("sent", &self.sent())
            .finish_non_exhaustive()
    }
}

impl Claims {
    /// `None` if it is taken.
    fn claim(&self, id: &str) -> Option<Claim> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(id.to_owned()).then(|| Claim {
            claims: self.clone(),
            id: id.to_owned(),
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut taken = self.claims.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lent_but_files() {
        let faults = SharedFaults::default();
        let unsent = faults.recorder(|(name, source)| Fault::Local { name, source });

        let services = services(FileSync::new(Vec::new(), unsent));

        assert_eq!(
            services.methods(),
            [
                "/grpc.health.v1.Health/Check",
                "/grpc.health.v1.Health/Watch",
                "/moby.filesync.v1.FileSync/DiffCopy",
            ]
        );
    }

    #[test]
    fn a_name_is_taken_until_its_session_ends() {
        let claims = Claims::default();
        let first = claims.claim("one");

        assert!(first.is_some() && claims.claim("two").is_some());
        assert!(claims.claim("one").is_none());
        drop(first);
        assert!(claims.claim("one").is_some());
    }
}
