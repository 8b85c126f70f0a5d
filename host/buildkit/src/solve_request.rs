//! A solve as the daemon is asked for it: on the wire.
//!
//! Reads and writes: nothing. Unknown here: the channel.
//! Source: BuildKit, `api/services/control/control.proto` (`SolveRequest`), `frontend/gateway/pb` (`SolveRequest`).

use std::collections::{BTreeMap, HashMap};

use bollard_buildkit_proto::moby::buildkit::v1 as wire;

use crate::content::{CacheExport, CacheImport};
use crate::context::Local;
use crate::solve::{Exporter, Solve};
use crate::{offered_image, subrequest};

impl Exporter {
    fn to_wire(&self) -> wire::Exporter {
        let attrs = match self {
            Self::Docker { attributes, .. }
            | Self::Oci { attributes, .. }
            | Self::Tar { attributes, .. } => to_map(attributes),
            Self::OciLayout { attributes, .. } | Self::Blobs { attributes, .. } => {
                with(attributes, [("tar", "false")])
            }
        };
        wire::Exporter {
            r#type: self.name().to_owned(),
            attrs,
        }
    }
}

impl Solve {
    /// Every local: a frontend that knows nothing of sessions of contexts asks the solve's own session for theirs.
    pub(crate) fn all_locals(&self) -> Vec<Local> {
        let shared = self.contexts.iter().flat_map(|contexts| contexts.locals());
        self.locals.iter().chain(shared).cloned().collect()
    }

    /// The references of caches in registries, which the daemon does not tell before it asks for a login.
    pub(crate) fn caches_in_registries(&self) -> impl Iterator<Item = &str> {
        let imports = self.cache_imports.iter().filter_map(|import| match import {
            CacheImport::Remote { attributes, .. } => Some(attributes),
            CacheImport::Local { .. } => None,
        });
        let exports = self.cache_exports.iter().filter_map(|export| match export {
            CacheExport::Remote { attributes, .. } => Some(attributes),
            CacheExport::Local { .. } | CacheExport::Blobs { .. } => None,
        });
        let attributes = imports.chain(exports);
        attributes.filter_map(|attributes| attributes.get("ref").map(String::as_str))
    }

    pub(crate) fn request(&self, reference: &str, session: &str) -> wire::SolveRequest {
        let imports = self.imports();
        wire::SolveRequest {
            r#ref: reference.to_owned(),
            session: session.to_owned(),
            definition: self.exec.as_ref().map(|exec| exec.to_wire(session)),
            frontend: self.frontend.clone(),
            frontend_attrs: self.attributes(&imports),
            exporters: self.exporters.iter().map(Exporter::to_wire).collect(),
            cache: Some(wire::CacheOptions {
                exports: self.cache_exports.iter().map(export_to_wire).collect(),
                imports,
                ..wire::CacheOptions::default()
            }),
            entitlements: self.entitlements.clone(),
            source_policy: offered_image::policy(&self.images),
            ..wire::SolveRequest::default()
        }
    }

    /// The same, but for what a client in the place of the frontend asks: [`Self::question`].
    pub(crate) fn request_without_frontend(
        &self,
        reference: &str,
        session: &str,
    ) -> wire::SolveRequest {
        wire::SolveRequest {
            r#ref: reference.to_owned(),
            session: session.to_owned(),
            // BuildKit 0.20 ends, with all of its builds, where a request has none (`control`, `translateLegacySolveRequest`).
            cache: Some(wire::CacheOptions::default()),
            entitlements: self.entitlements.clone(),
            source_policy: offered_image::policy(&self.images),
            ..wire::SolveRequest::default()
        }
    }

    /// What the frontend is asked by such a client, in place of building.
    pub(crate) fn question(&self, id: &str) -> wire::frontend::SolveRequest {
        let mut frontend_opt = self.attributes(&[]);
        frontend_opt.extend(subrequest::attributes(id));
        wire::frontend::SolveRequest {
            frontend: self.frontend.clone(),
            frontend_opt,
            allow_result_return: true,
            allow_result_array_ref: true,
            ..wire::frontend::SolveRequest::default()
        }
    }

    fn imports(&self) -> Vec<wire::CacheOptionsEntry> {
        let imports = self.cache_imports.iter().enumerate();
        imports
            .map(|(index, import)| import_to_wire(index, import))
            .collect()
    }

    fn attributes(&self, imports: &[wire::CacheOptionsEntry]) -> HashMap<String, String> {
        let mut attributes = to_map(&self.frontend_attributes);
        let contexts = self.contexts.iter();
        attributes.extend(contexts.flat_map(|contexts| contexts.attributes()));
        if !imports.is_empty() {
            attributes.insert("cache-imports".to_owned(), imports_as_json(imports));
        }
        attributes
    }
}

/// The name under which a local cache is imported. The path stays here: the daemon has no use for it.
pub(crate) fn import_name(index: usize) -> String {
    format!("import-{index}")
}

/// The name under which the local cache is exported.
pub(crate) const EXPORT_NAME: &str = "export";

fn import_to_wire(index: usize, import: &CacheImport) -> wire::CacheOptionsEntry {
    match import {
        CacheImport::Local { digest, .. } => wire::CacheOptionsEntry {
            r#type: "local".to_owned(),
            attrs: with(
                &BTreeMap::new(),
                [
                    ("src", import_name(index).as_str()),
                    ("digest", digest.to_string().as_str()),
                ],
            ),
        },
        CacheImport::Remote { kind, attributes } => wire::CacheOptionsEntry {
            r#type: kind.clone(),
            attrs: to_map(attributes),
        },
    }
}

fn export_to_wire(export: &CacheExport) -> wire::CacheOptionsEntry {
    match export {
        CacheExport::Local { attributes, .. } | CacheExport::Blobs { attributes, .. } => {
            wire::CacheOptionsEntry {
                r#type: "local".to_owned(),
                attrs: with(attributes, [("dest", EXPORT_NAME)]),
            }
        }
        CacheExport::Remote { kind, attributes } => wire::CacheOptionsEntry {
            r#type: kind.clone(),
            attrs: to_map(attributes),
        },
    }
}

/// The imports once more, for a frontend that starts solves of its own.
fn imports_as_json(imports: &[wire::CacheOptionsEntry]) -> String {
    let entries = imports.iter().map(|entry| {
        let attributes: BTreeMap<_, _> = entry.attrs.iter().collect();
        serde_json::json!({ "Type": entry.r#type, "Attrs": attributes })
    });
    serde_json::Value::from_iter(entries).to_string()
}

fn to_map(attributes: &BTreeMap<String, String>) -> HashMap<String, String> {
    attributes.clone().into_iter().collect()
}

fn with<const N: usize>(
    attributes: &BTreeMap<String, String>,
    more: [(&str, &str); N],
) -> HashMap<String, String> {
    let mut map = to_map(attributes);
    map.extend(more.map(|(key, value)| (key.to_owned(), value.to_owned())));
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_says_its_caches_even_if_there_are_none() {
        let solve = Solve::default();

        assert!(solve.request("r", "s").cache.is_some());
        assert!(solve.request_without_frontend("r", "s").cache.is_some());
    }
}
