//! Repositories: which ones a solve has named so far.
//!
//! The daemon asks for a password by the host alone. Where the logins of a host are for parts of it, the repository counts,
//! and what the daemon reports of the solve names it: an image is looked up under its name before its registry is asked. For a token it
//! says what that is to allow, and nothing is waited for.
//!
//! Reads and writes: nothing. Unknown here: logins.
//! Source: BuildKit, `frontend/dockerfile/dockerfile2llb`, `frontend/dockerui`, `solver/llbsolver`: the names.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::status::Status;

/// How long the first name of a host is waited for: the daemon's report and its question come by different ways.
// Measured: the report is there first, because the question follows an answer of the registry.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long further names of the host are waited for: images of several stages are looked up at the same time.
const SETTLING: Duration = Duration::from_millis(200);
/// How a vertex begins, or goes on after its `[...]`, that looks an image up.
const LOOKUPS: [&str; 2] = [
    "load metadata for ",
    "resolve image config for docker-image://",
];

/// What images call Docker Hub.
pub(crate) const DOCKER_HUB: &str = "docker.io";
/// What the daemon dials, and what older programs wrote.
const DOCKER_HUB_ALIASES: [&str; 2] = ["registry-1.docker.io", "index.docker.io"];

/// The images that a solve has named so far. Clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Repositories {
    images: Arc<watch::Sender<BTreeSet<String>>>,
    /// Whether no more will be named.
    is_settled: bool,
}

impl Repositories {
    /// Those that the scopes of a token are for: `repository:team/app:pull`.
    pub(crate) fn of_scopes(host: &str, scopes: &[String]) -> Self {
        let mut images = BTreeSet::new();
        for scope in scopes.iter().flat_map(|scopes| scopes.split(' ')) {
            let name = scope.strip_prefix("repository:");
            if let Some((name, _actions)) = name.and_then(|name| name.rsplit_once(':')) {
                images.insert(format!("{}/{name}", canonical(host)));
            }
        }
        Self {
            images: Arc::new(watch::Sender::new(images)),
            is_settled: true,
        }
    }

    /// Those of images that are known before the daemon names them, and what it does.
    pub(crate) fn named<'i>(references: impl Iterator<Item = &'i str>) -> Self {
        Self {
            images: Arc::new(watch::Sender::new(references.map(normalised).collect())),
            is_settled: false,
        }
    }

    /// Takes the images that a report names.
    pub(crate) fn note(&self, report: &Status) {
        for vertex in &report.vertices {
            if let Some(image) = looked_up(&vertex.name) {
                self.images
                    .send_if_modified(|images| images.insert(image.to_owned()));
            }
        }
    }

    /// The repositories of a host: `team/app`. Waits a moment for what the daemon is
    /// about to report, if it is; empty if it names none.
    pub async fn of(&self, host: &str) -> BTreeSet<String> {
        let host = &canonical(host);
        if !self.is_settled && !self.settle(host).await {
            return BTreeSet::new();
        }
        let images = self.images.borrow();
        let repositories = images.iter().filter_map(|image| repository(image, host));
        repositories.map(str::to_owned).collect()
    }

    /// Waits until no more names of the host are to be expected; whether there is one.
    async fn settle(&self, host: &str) -> bool {
        let mut images = self.images.subscribe();
        let is_named = |images: &BTreeSet<String>| {
            images.iter().any(|image| repository(image, host).is_some())
        };
        let named = images.wait_for(is_named);
        if tokio::time::timeout(DEADLINE, named).await.is_err() {
            return false;
        }
        tokio::time::sleep(SETTLING).await;
        true
    }
}

/// A host by the name that images use.
pub(crate) fn canonical(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    if DOCKER_HUB_ALIASES.contains(&host.as_str()) {
        DOCKER_HUB.to_owned()
    } else {
        host
    }
}

/// A reference with the host that it stands for, as the daemon names images.
fn normalised(reference: &str) -> String {
    let is_host = |first: &str| first.contains(['.', ':']) || first == "localhost";
    match reference.split_once('/') {
        Some((host, rest)) if is_host(host) => format!("{}/{rest}", canonical(host)),
        Some(_) => format!("{DOCKER_HUB}/{reference}"),
        None => format!("{DOCKER_HUB}/library/{reference}"),
    }
}

/// The image that a vertex of that name looks up.
fn looked_up(name: &str) -> Option<&str> {
    let act = match name.strip_prefix('[') {
        Some(tagged) => tagged.split_once("] ")?.1,
        None => name,
    };
    LOOKUPS.iter().find_map(|lookup| act.strip_prefix(lookup))
}

/// The repository of an image of that host: without tag and digest.
fn repository<'i>(image: &'i str, host: &str) -> Option<&'i str> {
    let path = image.strip_prefix(host)?.strip_prefix('/')?;
    let path = path.split('@').next().unwrap_or(path);
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    let end = path[last..]
        .find(':')
        .map_or(path.len(), |colon| last + colon);
    Some(&path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Vertex;

    fn report(name: &str) -> Status {
        let vertex = Vertex {
            digest: "sha256:a".into(),
            inputs: Vec::new(),
            name: name.into(),
            cached: false,
            started: None,
            completed: None,
            error: String::new(),
        };
        Status {
            vertices: vec![vertex],
            ..Status::default()
        }
    }

    #[tokio::test]
    async fn images_that_are_looked_up_are_named_by_repository() {
        let repositories = Repositories::default();
        for name in [
            "[internal] load metadata for r.test:5000/team/app:1@sha256:00",
            "[context base] load metadata for r.test:5000/other",
            "resolve image config for docker-image://r.test:5000/syntax/frontend:1",
            "[internal] load metadata for docker.io/library/alpine:3",
            "[build 2/3] RUN curl r.test:5000/never/this",
            "[internal] load build context",
        ] {
            repositories.note(&report(name));
        }

        let named = repositories.of("r.test:5000").await;

        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        assert_eq!(named, ["other", "syntax/frontend", "team/app"]);
        let hub = repositories.of("registry-1.docker.io").await;
        assert_eq!(hub.into_iter().collect::<Vec<_>>(), ["library/alpine"]);
    }

    #[tokio::test]
    async fn a_name_is_waited_for_and_not_for_ever() {
        let repositories = Repositories::default();
        let later = repositories.clone();
        tokio::spawn(async move {
            tokio::time::sleep(DEADLINE / 2).await;
            later.note(&report("[internal] load metadata for r.test/a:1"));
            tokio::time::sleep(SETTLING / 2).await;
            later.note(&report("[internal] load metadata for r.test/b:1"));
        });

        let named = repositories.of("r.test").await;
        let never = repositories.of("mirror.test").await;

        assert_eq!(named.into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert!(never.is_empty());
    }
}
