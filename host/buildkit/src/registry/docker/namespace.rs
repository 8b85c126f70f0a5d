//! A namespace: the part of a registry for which a login is kept, as a key of `config.json` names it.
//!
//! Keys are hosts (`registry.test:5000`), URLs (`https://registry.test/v2/`), or a host with the beginning of a
//! repository's path (`registry.test/team`). Docker's own registry has several names, which are one here.
//!
//! Reads and writes: nothing. Unknown here: logins.
//! Source: docker/cli v29.6.2, `cli/config/credentials` (`ConvertToHostname`); containers-auth.json(5) for paths.

use crate::registry::repositories::{DOCKER_HUB, canonical};

/// What `docker login` calls Docker Hub.
pub(super) const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// A registry, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Namespace {
    /// Host and port, by the name that images use.
    host: String,
    /// The beginning of a repository's path; empty for the whole registry.
    path: Vec<String>,
}

impl Namespace {
    /// The namespace that a key means.
    pub(super) fn of_key(key: &str) -> Self {
        let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // A URL may hold a user, who is not part of the host.
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let mut parts: Vec<String> = (path.split('/'))
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        // The version of the API that `docker login` once wrote, and no part of a repository.
        if parts
            .first()
            .is_some_and(|first| first == "v1" || first == "v2")
        {
            parts.remove(0);
        }
        Self {
            host: canonical(host),
            path: parts,
        }
    }

    /// Whether it is the registry `host` as the daemon dials it, or a part of that.
    pub(super) fn is_of(&self, host: &str) -> bool {
        self.host == canonical(host)
    }

    /// Whether it is the whole registry.
    pub(super) fn is_whole(&self) -> bool {
        self.path.is_empty()
    }

    /// How many parts of the repository's path it names; `None` if the repository is not in it.
    pub(super) fn fit(&self, repository: &str) -> Option<usize> {
        let mut parts = repository.split('/');
        let fits = self.path.iter().all(|part| parts.next() == Some(part));
        fits.then_some(self.path.len())
    }
}

/// The key by which Docker keeps the login of a registry that the daemon dials.
pub(super) fn key_of(host: &str) -> &str {
    if canonical(host) == DOCKER_HUB {
        DOCKER_HUB_KEY
    } else {
        host
    }
}

/// A key as it may be shown: a URL may hold a password.
pub(super) fn without_user(key: &str) -> String {
    let (scheme, rest) = key.split_once("://").unwrap_or(("", key));
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{}", &rest[host..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(key: &str, repository: &str) -> Option<usize> {
        Namespace::of_key(key).fit(repository)
    }

    #[test]
    fn a_key_is_a_host_a_url_or_a_host_with_a_path() {
        for key in [
            "registry.test:5000",
            "registry.test:5000/",
            "http://registry.test:5000",
            "https://registry.test:5000/v1/",
            "https://user@Registry.test:5000/v2",
            "registry.test:5000/v2/?x=y",
        ] {
            let namespace = Namespace::of_key(key);
            assert!(namespace.is_of("registry.test:5000"), "{key}");
            assert!(!namespace.is_of("registry.test"), "{key}");
            assert!(namespace.is_whole(), "{key}");
        }
        let part = Namespace::of_key("https://registry.test/v2/team/app/");
        assert!(part.is_of("registry.test") && !part.is_whole());
        assert_eq!(part.fit("team/app"), Some(2));
    }

    #[test]
    fn docker_hub_has_one_name() {
        for key in [
            DOCKER_HUB_KEY,
            "docker.io",
            "index.docker.io",
            "https://registry-1.docker.io/v2/",
        ] {
            assert!(
                Namespace::of_key(key).is_of("registry-1.docker.io"),
                "{key}"
            );
        }
        assert_eq!(key_of("registry-1.docker.io"), DOCKER_HUB_KEY);
        assert_eq!(key_of("registry.test:5000"), "registry.test:5000");
    }

    #[test]
    fn a_path_fits_by_whole_parts() {
        assert_eq!(fit("r.test", "team/app"), Some(0));
        assert_eq!(fit("r.test/team", "team/app"), Some(1));
        assert_eq!(fit("r.test/team/app", "team/app"), Some(2));
        assert_eq!(fit("r.test/team/app/more", "team/app"), None);
        assert_eq!(fit("r.test/tea", "team/app"), None);
        assert_eq!(fit("r.test/other", "team/app"), None);
    }
}
