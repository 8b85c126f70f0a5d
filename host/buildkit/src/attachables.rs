//! The attachables of one solve: what the daemon may call, and what came of it on our side.
//!
//! Nothing is published before the daemon has reported success, and its word is not enough: each exporter with a sink has sent
//! one whole stream, and nothing that it needed has failed here. Then the cache goes first, because a cache without its image
//! is harmless.
//!
//! Reads and writes: through sinks, stores and the cache. Unknown here: the channel (`client`).

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_server::SecretsServer;
use bollard_buildkit_proto::moby::filesync::v1::auth_server::AuthServer;
use bollard_buildkit_proto::moby::filesync::v1::file_send_server::FileSendServer;
use bollard_buildkit_proto::moby::sshforward::v1::ssh_server::SshServer;
use tokio::sync::mpsc;
use tonic::Status;

use crate::content::{
    Access, CacheError, CacheExport, CacheImport, Content, ContentServer, Layout, LayoutStage,
    Lease, LocalCache, METHODS, Offered, ReceivedBytes, Store,
};
use crate::context::FileSync;
use crate::fault::{Fault, Faults};
use crate::filesend::{ExportFault, FileSend, Inbox};
use crate::registry::{Auth, Repositories, UsedLogins};
use crate::secrets::Secrets;
use crate::session::{NAMES_LIMIT, Services};
use crate::sink::Received;
use crate::solve::{Exporter, Solve, SolveError, Solved};
use crate::solve_request;
use crate::ssh::Ssh;
use crate::whole::Whole;

/// Size of the largest message of an exporter's stream, in bytes: BuildKit cuts at 3 MiB.
const CHUNK_LIMIT: usize = 4 << 20;
/// Size of the largest message of a socket's stream, in bytes: the daemon passes pieces of 32 KiB.
const SOCKET_LIMIT: usize = 1 << 20;
/// BuildKit's name of the store that takes an image blob by blob.
const EXPORTED: &str = "export";

/// The attachables of one solve, seen from our side.
pub(crate) struct Attachables {
    received: Inbox,
    received_bytes: ReceivedBytes,
    faults: Faults,
    logins: UsedLogins,
    sinks_ended: mpsc::Receiver<Infallible>,
    layout: Option<LayoutStage>,
    cache: Option<CacheUpdate>,
}

/// The local cache that a solve exports to.
struct CacheUpdate {
    cache: LocalCache,
    tag: String,
    lease: Lease,
}

impl Attachables {
    /// Everything that `solve` offers to the daemon; passwords are for the `repositories` that it names.
    pub(crate) async fn new(
        solve: &Solve,
        repositories: &Repositories,
    ) -> Result<(Self, Services), SolveError> {
        let cache = CacheUpdate::new(&solve.cache_exports).await?;
        let faults = Faults::default();
        let logins = UsedLogins::default();
        let layout = stage(&solve.exporters)?;

        let mut services = Services::with_health();
        if let Some(contexts) = &solve.contexts {
            contexts.tell(&faults);
        }
        let unsent = faults.recorder(|(name, source)| Fault::Local { name, source });
        let filesync = FileSync::new(solve.all_locals(), unsent);
        services.add(&["DiffCopy"], filesync);
        let sinks = solve.exporters.iter().map(Exporter::sink).collect();
        let unkept = faults.recorder(|(exporter, source)| Fault::Sink { exporter, source });
        let received_bytes = ReceivedBytes::default();
        let (filesend, received, sinks_ended) =
            FileSend::new(sinks, received_bytes.clone(), unkept);
        services.add(
            &["DiffCopy"],
            FileSendServer::new(filesend).max_decoding_message_size(CHUNK_LIMIT),
        );
        let unanswered = faults.recorder(|(host, source)| Fault::Credentials { host, source });
        let auth = Auth::new(
            solve.logins.clone(),
            repositories.clone(),
            logins.clone(),
            unanswered,
        );
        services.add(
            &[
                "Credentials",
                "FetchToken",
                "GetTokenAuthority",
                "VerifyTokenAuthority",
            ],
            AuthServer::new(auth).max_decoding_message_size(NAMES_LIMIT),
        );
        lend(solve, &faults, &mut services);
        let stores = stores(solve, layout.as_ref());
        let unheld = faults.recorder(Fault::Content);
        let content = Content::new(stores, received_bytes.clone(), unheld);
        services.add(METHODS, ContentServer::new(content));
        Ok((
            Self {
                received,
                received_bytes,
                faults,
                logins,
                sinks_ended,
                layout,
                cache,
            },
            services,
        ))
    }

    /// Waits for the sinks, then publishes what was received, or gives it up.
    pub(crate) async fn finish(
        mut self,
        response: Result<HashMap<String, String>, Status>,
    ) -> Result<Solved, SolveError> {
        // Sinks end by themselves now that the session is closed; nobody sends into this channel.
        let _ = self.sinks_ended.recv().await;
        let response = match response {
            Ok(response) => response,
            Err(status) => {
                return Err(SolveError::from_status(
                    status,
                    self.faults.take(),
                    self.logins.take(),
                ));
            }
        };
        let fault = self.faults.take();
        if fault.as_ref().is_some_and(|fault| fault.spoils_a_success()) {
            return Err(SolveError::Failed {
                failure: Box::default(),
                cause: fault,
                logins: self.logins.take(),
            });
        }
        let received = self.received.take()?;
        let solved = Solved {
            exporter_response: response.into_iter().collect(),
            received_bytes: self.received_bytes.total(),
            fault,
            cache_error: None,
        };
        tokio::task::spawn_blocking(move || self.publish(received, solved))
            .await
            .unwrap_or_else(|panic| {
                Err(SolveError::Publish {
                    source: panic.into(),
                })
            })
    }

    fn publish(self, received: Vec<Received>, mut solved: Solved) -> Result<Solved, SolveError> {
        if let Some(update) = self.cache {
            solved.cache_error = update.finish(solved.cache_manifest()).err();
        }
        received
            .into_iter()
            .try_for_each(Received::publish)
            .map_err(|source| SolveError::Publish { source })?;
        if let Some(stage) = self.layout {
            stage.publish(solved.descriptor().unwrap_or_default())?;
        }
        Ok(solved)
    }
}

impl From<ExportFault> for SolveError {
    fn from(fault: ExportFault) -> Self {
        match fault {
            ExportFault::NotWhole { exporter } => Self::NotWhole { exporter },
            ExportFault::Doubled { exporter } => Self::Doubled { exporter },
        }
    }
}

impl CacheUpdate {
    async fn new(exports: &[CacheExport]) -> Result<Option<Self>, CacheError> {
        let local = exports.iter().find_map(|export| match export {
            CacheExport::Local { directory, tag, .. } => Some((directory, tag)),
            CacheExport::Blobs { .. } | CacheExport::Remote { .. } => None,
        });
        let Some((directory, tag)) = local else {
            return Ok(None);
        };
        let cache = LocalCache::new(directory.clone());
        let lease = cache.lease().await?;
        Ok(Some(Self {
            cache,
            tag: tag.clone(),
            lease,
        }))
    }

    /// Gives the tag to what the daemon has sent, and tidies; a solve without steps sends nothing.
    fn finish(self, manifest: Option<&str>) -> Result<(), CacheError> {
        if let Some(manifest) = manifest {
            let manifest =
                serde_json::from_str(manifest).map_err(|source| CacheError::Response { source })?;
            self.cache.put(&self.tag, manifest)?;
        }
        drop(self.lease);
        self.cache.prune()
    }
}

/// Adds what steps may mount beyond files of the context.
fn lend(solve: &Solve, faults: &Faults, services: &mut Services) {
    let secrets = Secrets::new(solve.secrets.clone(), faults.recorder(Fault::Secret));
    services.add(
        &["GetSecret"],
        SecretsServer::new(secrets).max_decoding_message_size(NAMES_LIMIT),
    );
    let ssh = Ssh::new(
        solve.ssh.clone(),
        solve.conduits.clone(),
        faults.recorder(Fault::Ssh),
    );
    services.add(
        &["CheckAgent", "ForwardAgent"],
        Whole(SshServer::new(ssh).max_decoding_message_size(SOCKET_LIMIT)),
    );
}

fn stage(exporters: &[Exporter]) -> Result<Option<LayoutStage>, SolveError> {
    let directory = exporters.iter().find_map(|exporter| match exporter {
        Exporter::OciLayout {
            directory, name, ..
        } => Some((directory, name)),
        Exporter::Blobs { .. }
        | Exporter::Docker { .. }
        | Exporter::Oci { .. }
        | Exporter::Tar { .. } => None,
    });
    Ok(directory
        .map(|(directory, name)| LayoutStage::new(directory, name))
        .transpose()?)
}

/// The stores that the daemon may name, by the names that BuildKit gives them.
fn stores(solve: &Solve, layout: Option<&LayoutStage>) -> HashMap<String, Offered> {
    let mut stores = HashMap::new();
    for (index, import) in solve.cache_imports.iter().enumerate() {
        if let CacheImport::Local { directory, .. } = import {
            let name = format!("local:{}", solve_request::import_name(index));
            let store = Store::new(directory.clone(), Access::ReadVerified);
            stores.insert(name, store.into());
        }
    }
    for export in &solve.cache_exports {
        let offered = match export {
            CacheExport::Local { directory, .. } => {
                Store::new(directory.clone(), Access::Write).into()
            }
            CacheExport::Blobs { intake, .. } => Arc::clone(intake).into(),
            CacheExport::Remote { .. } => continue,
        };
        stores.insert(format!("local:{}", solve_request::EXPORT_NAME), offered);
    }
    for offered in &solve.layouts {
        let layout = Layout::new(offered.directory.clone());
        let store = layout.store(Access::Read);
        stores.insert(format!("oci:{}", offered.name), store.into());
    }
    for image in &solve.images {
        stores.insert(image.store(), Arc::clone(&image.blobs).into());
    }
    if let Some(stage) = layout {
        let store = stage.layout().store(Access::Write);
        stores.insert(EXPORTED.to_owned(), store.into());
    }
    for exporter in &solve.exporters {
        if let Exporter::Blobs { intake, .. } = exporter {
            stores.insert(EXPORTED.to_owned(), Arc::clone(intake).into());
        }
    }
    stores
}
