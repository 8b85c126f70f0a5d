//! A fault: what went wrong on our side of the session while the daemon was solving.
//!
//! The daemon learns of it in one line and fails the solve with an echo of it. The typed error stays here, so that the
//! solve can name it as the cause.
//!
//! Reads and writes: nothing.

use std::sync::{Arc, Mutex, PoisonError};

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

/// The first fault of a session; those that follow are its consequences.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Option<Fault>>>);

impl Faults {
    /// Records what goes wrong in one attachable; `fault` says which fault that is.
    pub(crate) fn recorder<E>(
        &self,
        fault: impl Fn(E) -> Fault + Send + Sync + 'static,
    ) -> Recorder<E> {
        let faults = self.clone();
        Recorder::new(move |error| faults.keep(fault(error)))
    }

    /// Keeps the fault, and says it in one line to the daemon.
    fn keep(&self, fault: Fault) -> Status {
        let status = Status::aborted(chain(&fault));
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(fault);
        status
    }

    /// The fault, if there was one.
    pub(crate) fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
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
            faults.take(),
            Some(Fault::Secret(SecretError::TooLarge { id })) if id == "key"
        ));
    }
}
