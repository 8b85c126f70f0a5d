//! A fault: what went wrong on our side of the session while the daemon was solving.
//!
//! The daemon learns of it in one line and fails the solve with an echo of it. The typed error stays here, so that the
//! solve can name it as the cause.
//!
//! Reads and writes: nothing.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tonic::Status;

use crate::content::ContentError;
use crate::context::FileSyncError;
use crate::recorder::Recorder;
use crate::registry::CredentialsError;
use crate::secrets::SecretError;
use crate::sink::SinkError;
use crate::ssh::SshError;
use oci_image_boundary::chain::chain;
use oci_image_boundary::outside::shown;

/// What an attachable could not do for the daemon.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A sink failed.
    #[error("cannot keep what the `{exporter}` exporter sends")]
    Sink {
        /// BuildKit's name of the exporter.
        exporter: &'static str,
        /// The sink's own error.
        source: SinkError,
    },
    /// A local could not be sent.
    #[error("cannot send the local `{name}`", name = shown(name))]
    Local {
        /// The name by which the daemon asked for it.
        name: String,
        /// What went wrong.
        source: FileSyncError,
    },
    /// A registry wanted a login, and whether there is one cannot be told.
    #[error("cannot look up a login for registry `{host}`", host = shown(host))]
    Credentials {
        /// The registry, by host and port.
        host: String,
        /// The error of whoever looked it up.
        source: CredentialsError,
    },
    /// A secret cannot be handed over.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// An agent cannot be reached.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// A store cannot be read or written.
    #[error(transparent)]
    Content(#[from] ContentError),
}

impl Fault {
    /// Whether a solve cannot have succeeded with it, whatever the daemon says: it has no whole export, or not all of a local. What
    /// else fails may be done without (a login, an agent that a step only tries).
    pub(crate) fn spoils_a_success(&self) -> bool {
        matches!(self, Self::Sink { .. } | Self::Local { .. })
    }
}

/// The first fault of a solve; those that follow are its consequences.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<First>);

/// The faults of what several solves share: each that is under way has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedFaults(Arc<Mutex<Vec<Weak<First>>>>);

type First = Mutex<Option<Arc<Fault>>>;

impl Faults {
    /// Records what goes wrong in one attachable; `fault` says which fault that is.
    pub(crate) fn recorder<E>(
        &self,
        fault: impl Fn(E) -> Fault + Send + Sync + 'static,
    ) -> Recorder<E> {
        let faults = self.clone();
        Recorder::new(move |error| {
            let fault = Arc::new(fault(error));
            keep(&faults.0, &fault);
            told(&fault)
        })
    }

    /// The fault, if there was one.
    pub(crate) fn take(&self) -> Option<Arc<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl SharedFaults {
    /// Has a solve told of what goes wrong from now on, for as long as it is under way.
    pub(crate) fn tell(&self, solve: &Faults) {
        let mut solves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        solves.retain(|solve| solve.strong_count() > 0);
        solves.push(Arc::downgrade(&solve.0));
    }

    /// Records what goes wrong, as [`Faults::recorder`] does.
    pub(crate) fn recorder<E>(
        &self,
        fault: impl Fn(E) -> Fault + Send + Sync + 'static,
    ) -> Recorder<E> {
        let solves = Arc::clone(&self.0);
        Recorder::new(move |error| {
            let fault = Arc::new(fault(error));
            let solves = solves.lock().unwrap_or_else(PoisonError::into_inner);
            let under_way = solves.iter().filter_map(Weak::upgrade);
            under_way.for_each(|solve| keep(&solve, &fault));
            told(&fault)
        })
    }
}

fn keep(first: &First, fault: &Arc<Fault>) {
    first
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(|| Arc::clone(fault));
}

/// A fault in one line, for the daemon.
fn told(fault: &Fault) -> Status {
    Status::aborted(chain(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_of_a_session_is_kept_whoever_records_it_and_each_is_told() {
        let faults = Faults::default();
        let locals = faults.recorder(|(name, source)| Fault::Local { name, source });
        let secrets = faults.recorder(Fault::Secret);

        let first = secrets.record(SecretError::TooLarge { id: "key".into() });
        let second = locals.record(("context".to_owned(), FileSyncError::NotOffered { id: 7 }));

        assert_eq!(first.message(), "secret `key` is larger than 512000 bytes");
        assert_eq!(
            second.message(),
            "cannot send the local `context`: the daemon asks for entry 7, which was not offered"
        );
        assert!(matches!(
            faults.take().as_deref(),
            Some(Fault::Secret(SecretError::TooLarge { id })) if id == "key"
        ));
    }

    #[test]
    fn a_fault_of_what_solves_share_reaches_each_that_is_under_way_and_no_later_one() {
        let (shared, first, second) = <(SharedFaults, Faults, Faults)>::default();
        let locals = shared.recorder(|(name, source)| Fault::Local { name, source });
        shared.tell(&first);
        shared.tell(&second);

        locals.record(("context".to_owned(), FileSyncError::NotOffered { id: 7 }));
        let later = Faults::default();
        shared.tell(&later);

        for solve in [first, second] {
            let fault = solve.take();
            assert!(matches!(fault.as_deref(), Some(Fault::Local { .. })));
        }
        assert!(later.take().is_none());
    }
}
