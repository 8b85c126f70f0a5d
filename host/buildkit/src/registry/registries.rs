//! Registries: how each is reached, as the daemon's configuration says it.
//!
//! Whoever asks a registry, or the realm that it names, beside the daemon trusts neither more nor less than the daemon does.
//!
//! Reads and writes: nothing. Unknown here: logins, and what is in the files that are named.
//! Source: BuildKit, `util/resolver/config`, `util/resolver/resolver.go` (`fillInsecureOpts`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::registry::repositories::{DOCKER_HUB, canonical};

/// What is configured of registries, by the names that images use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registries(BTreeMap<String, RegistryAccess>);

/// How a registry is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RegistryAccess {
    /// Whether it speaks plain http; absent: only on loopback.
    pub http: Option<bool>,
    /// Whether any certificate will do.
    pub insecure: Option<bool>,
    /// Certificates of authorities that count beside the system's.
    pub ca: Vec<PathBuf>,
    /// What is shown to a registry that wants a certificate.
    pub keypair: Vec<KeyPair>,
    /// Directories of both: `*.crt` authorities, `*.cert` and `*.key` pairs.
    pub tlsconfigdir: Vec<PathBuf>,
}

/// A certificate and its key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KeyPair {
    /// The key's file.
    pub key: PathBuf,
    /// The certificate's file.
    pub cert: PathBuf,
}

/// The part of the daemon's configuration that is read here.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Configuration {
    registry: BTreeMap<String, RegistryAccess>,
}

impl Registries {
    /// What a configuration in TOML says; its paths are relative to `directory`. One that is wrong says nothing: the daemon
    /// refuses it.
    #[must_use]
    pub fn of_configuration(toml: &str, directory: &Path) -> Self {
        let mut configuration: Configuration = toml::from_str(toml).unwrap_or_default();
        for access in configuration.registry.values_mut() {
            for path in access.paths() {
                *path = directory.join(&*path);
            }
        }
        Self(configuration.registry)
    }

    /// How a registry is reached that the daemon dials as `host`.
    pub(crate) fn access(&self, host: &str) -> RegistryAccess {
        let configured = self.0.get(host).or_else(|| {
            let name = canonical(host);
            (name == DOCKER_HUB).then(|| self.0.get(&name)).flatten()
        });
        let mut access = configured.cloned().unwrap_or_default();
        access.http = Some(access.http.unwrap_or_else(|| is_loopback(host)));
        access
    }
}

impl RegistryAccess {
    /// Whether what is said to the registry may be read on its way.
    pub(crate) fn is_plain(&self) -> bool {
        self.http == Some(true) || self.insecure == Some(true)
    }

    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let pairs = self.keypair.iter_mut();
        let pairs = pairs.flat_map(|pair| [&mut pair.key, &mut pair.cert]);
        (self.ca.iter_mut())
            .chain(&mut self.tlsconfigdir)
            .chain(pairs)
    }
}

/// A host without its port.
pub(crate) fn without_port(host: &str) -> &str {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    host[..end].trim_matches(['[', ']'])
}

/// Whether a host, with or without a port, is this machine by its name or address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    let address = name.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_reached_as_the_configuration_of_the_daemon_says() {
        let registries = Registries::of_configuration(
            "[worker.oci]\nmax-parallelism = 1\n[registry.\"a.test:5000\"]\nhttp = true\nca = [\"ca.pem\", \"/etc/ca.pem\"]\n\
             [[registry.\"a.test:5000\".keypair]]\nkey = \"k\"\ncert = \"c\"\n[registry.\"docker.io\"]\nmirrors = [\"m\"]\n\
             insecure = true\n",
            Path::new("/w"),
        );

        let access = registries.access("a.test:5000");
        assert_eq!(
            access.ca,
            [Path::new("/w/ca.pem"), Path::new("/etc/ca.pem")]
        );
        let pair = KeyPair {
            key: "/w/k".into(),
            cert: "/w/c".into(),
        };
        assert_eq!((access.http, access.keypair), (Some(true), vec![pair]));
        assert!(registries.access("registry-1.docker.io").is_plain());
        assert!(!registries.access("a.test").is_plain());
        assert!(registries.access("localhost:5000").is_plain());
    }

    #[test]
    fn a_configuration_that_is_wrong_says_nothing() {
        let wrong = Registries::of_configuration("[registry", Path::new("/"));

        assert_eq!(wrong, Registries::default());
    }

    #[test]
    fn loopback_has_names_and_addresses() {
        for host in [
            "localhost",
            "LOCALHOST:5000",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:5000",
            "::1",
        ] {
            assert_eq!(is_loopback(host), host != "::1", "{host}");
        }
        for host in ["localhost.test", "128.0.0.1", "[::2]:1", "a.test:80", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
