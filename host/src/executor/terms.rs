//! The terms of a plan's solves: what all of them have in common, and each as the client's.
//!
//! Reads and writes: nothing. Unknown here: what becomes of a solve.

use std::sync::Arc;

use oci_image_schema::plan::{self, AttributeValue};

use crate::boundary::outside::shown;
use crate::buildkit::content::{CacheExport, Intake};
use crate::buildkit::contexts::Contexts;
use crate::buildkit::registry::Logins;
use crate::buildkit::registry::Registries;
use crate::buildkit::solve::Solve;
use crate::executor::bases::Bases;
use crate::executor::cache::Imports;
use crate::executor::engine::Share;
use crate::executor::layer_caches::{Beside, LayerCaches};
use crate::executor::remote::Remote;
use crate::executor::site::Site;
use crate::executor::{dockerfile, exports};
use crate::planner::checked_plan::CheckedPlan;

/// The name of the solve of the image, which no target has.
const IMAGE: &str = "image";

/// Attributes of the cache's exporter: all steps; in the form that `assembly` knows; and without it a build is as good.
const CACHE: [(&str, &str); 4] = [
    ("mode", "max"),
    ("image-manifest", "true"),
    ("oci-mediatypes", "true"),
    ("ignore-error", "true"),
];

/// What all solves of a plan have in common.
pub(super) struct Terms<'run> {
    /// What can be imported of the build's cache.
    pub(super) imports: Imports,
    /// What the daemon reads and writes itself.
    pub(super) layer_caches: LayerCaches,
    /// What the solves read, in a session that they share, with each daemon.
    contexts: Vec<Option<Arc<Contexts>>>,
    bases: &'run Bases,
    intake: Arc<dyn Intake>,
    site: Site<'run>,
    logins: Arc<Logins>,
}

impl<'run> Terms<'run> {
    /// Those of a plan whose base images are `bases`; `intake` takes what is exported. A build's cache that is damaged is
    /// cleared.
    pub(super) async fn of(
        plan: &CheckedPlan,
        bases: &'run Bases,
        intake: Arc<dyn Intake>,
        contexts: Vec<Option<Arc<Contexts>>>,
        site: Site<'run>,
    ) -> Self {
        Self {
            imports: Imports::of(plan, site).await,
            layer_caches: LayerCaches::of(plan, site),
            contexts,
            bases,
            intake,
            site,
            logins: Arc::new(logins(plan, site)),
        }
    }

    /// How many bytes of files daemons have taken.
    pub(super) fn sent(&self) -> u64 {
        let contexts = self.contexts.iter().flatten();
        contexts.map(|contexts| contexts.sent().bytes).sum()
    }

    /// A solve of the plan for the daemon that has this share, which exports nothing.
    pub(super) fn solve(&self, solve: &plan::Solve, share: usize) -> Solve {
        let opened = self.site.opened;
        let contexts = self.contexts.get(share).cloned().flatten();
        let shares = self.site.engine.shares();
        let platforms = shares.get(share).and_then(Share::platforms);
        let beside = beside(share, platforms);
        let platforms = platforms.map(|list| ("platform".to_owned(), list.join(",")));
        let attribute = |attribute: &plan::FrontendAttribute| {
            let value = match &opened.dockerfile {
                Some(dockerfile) if attribute.key == dockerfile::ATTRIBUTE => {
                    dockerfile.name.clone()
                }
                _ => self.value(&attribute.value),
            };
            (attribute.key.clone(), value)
        };
        Solve {
            frontend: "dockerfile.v0".to_owned(),
            frontend_attributes: (solve.attributes.iter().map(attribute))
                .chain(platforms)
                .collect(),
            locals: match contexts {
                Some(_) => Vec::new(),
                None => opened.locals(solve),
            },
            contexts,
            images: self.bases.beside_a_solve(),
            secrets: opened.lent.secrets.clone(),
            ssh: opened.lent.agents.clone(),
            logins: Arc::clone(&self.logins),
            cache_imports: (self.imports.list.iter().cloned())
                .chain(self.layer_caches.read_by(beside))
                .collect(),
            cache_exports: (opened.cache.iter()).map(|_| self.cache_export()).collect(),
            ..Solve::default()
        }
    }

    /// The same, which exports what the plan says.
    pub(super) fn exporting(&self, solve: &plan::Solve, share: usize) -> Solve {
        let exports = solve.export.iter();
        let exporters = exports.map(|_| exports::exporter(&self.intake));
        let mut asked = self.solve(solve, share);
        asked.exporters = exporters.collect();
        // Two solves that write one cache would each leave its own steps alone.
        if solve.name == IMAGE {
            let shares = self.site.engine.shares();
            let beside = beside(share, shares.get(share).and_then(Share::platforms));
            (asked.cache_exports).extend(self.layer_caches.written_by(beside));
        }
        asked
    }

    /// With the layers of the image, in the same form: asked for another one, the daemon would make it, and BuildKit would list every
    /// combination of a chain's layers in both (`getAvailableBlobs`), of which there is no end for thirty.
    fn cache_export(&self) -> CacheExport {
        let mut attributes = exports::uncompressed();
        for (key, value) in CACHE {
            attributes.insert(key.to_owned(), value.to_owned());
        }
        CacheExport::Blobs {
            attributes,
            intake: Arc::clone(&self.intake),
        }
    }

    fn value(&self, value: &AttributeValue) -> String {
        match value {
            AttributeValue::Text(text) => text.clone(),
            AttributeValue::BaseImage(argument) => self
                .bases
                .reference(argument)
                .expect("a checked plan names only base images that it loads")
                .to_owned(),
        }
    }
}

/// The machine's logins, for registries that are reached as the plan's daemon reaches them. Whoever poses as a builder gets none.
fn logins(plan: &CheckedPlan, site: Site<'_>) -> Logins {
    let host = site.host;
    let mut parts = site.engine.remote().into_iter().flat_map(Remote::parts);
    if let Some(part) = parts.find(|part| !part.may_know_secrets()) {
        host.audience.notice(&format!(
            "no logins for registries are told to `{}`, which has no certificate",
            shown(part.name())
        ));
        return Logins::default();
    }
    let audience = Arc::clone(&host.audience);
    Logins::new(Arc::clone(&host.credentials))
        .with_registries(Registries::of_configuration(
            plan.daemon_config(),
            host.directory.path(),
        ))
        .telling(move |login| audience.notice(&login.to_string()))
}

/// The daemon that has this share, if its layer caches are beside those of the first.
fn beside(share: usize, platforms: Option<&[String]>) -> Option<Beside<'_>> {
    let platforms = platforms.filter(|_| share > 0)?;
    Some(Beside { platforms })
}
