//! The address of a daemon, as `BUILDKIT_HOST` has it.
//!
//! Reads and writes: nothing. Unknown here: whether somebody is there.
//! Source: BuildKit, `client/connrelay` (the schemes and their parameters), `cmd/buildctl/common`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use http::Uri;
use oci_image_boundary::near_miss::distance;
use oci_image_boundary::outside::listed;

use crate::endpoint::address_error::AddressError;
use crate::endpoint::relay::Relay;

/// The schemes, in the order in which they are listed to a person.
const SCHEMES: [&str; 7] = [
    "unix",
    "tcp",
    "docker-container",
    "podman-container",
    "nerdctl-container",
    "kube-pod",
    "ssh",
];

/// Where a daemon is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A socket of this machine: `unix:///run/buildkit/buildkitd.sock`.
    Unix(PathBuf),
    /// A port: `tcp://builders.example:1234`.
    Tcp {
        /// The host: a name, or an address without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Which of the addresses of the name it is; `None`: whichever answers.
        at: Option<SocketAddr>,
    },
    /// What a program reaches, which speaks on its standard input and output.
    Relay(Relay),
}

impl Address {
    /// Whether nobody but the daemon and its machine's administrators can listen, or pose as it: a socket of this machine, a port on
    /// loopback, a program that looks after that itself.
    #[must_use]
    pub fn is_private(&self) -> bool {
        match self {
            Self::Unix(_) | Self::Relay(_) => true,
            Self::Tcp { at: Some(at), .. } => at.ip().is_loopback(),
            Self::Tcp { host, .. } => {
                host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
            }
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(address: &str) -> Result<Self, AddressError> {
        let unknown = |scheme| AddressError::Scheme {
            address: address.to_owned(),
            nearest: nearest(scheme),
        };
        let Some((scheme, rest)) = address.split_once("://") else {
            return Err(unknown(address));
        };
        let Some(scheme) = SCHEMES.into_iter().find(|known| *known == scheme) else {
            return Err(unknown(scheme));
        };
        match scheme {
            "unix" => unix(address, rest),
            "tcp" => tcp(address),
            scheme => Ok(Self::Relay(relay(address, scheme)?)),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, at } => {
                match host.contains(':') {
                    true => write!(f, "tcp://[{host}]:{port}")?,
                    false => write!(f, "tcp://{host}:{port}")?,
                }
                match at {
                    Some(at) if at.ip().to_string() != *host => write!(f, " ({})", at.ip()),
                    _ => Ok(()),
                }
            }
            Self::Relay(relay) => relay.fmt(f),
        }
    }
}

/// The scheme that somebody may have meant.
fn nearest(scheme: &str) -> Option<&'static str> {
    let near = |known: &'static str| Some((distance(scheme, known)?, known));
    let nearest = SCHEMES
        .into_iter()
        .filter_map(near)
        .min_by_key(|(distance, _)| *distance);
    nearest.map(|(_, known)| known)
}

fn unix(address: &str, path: &str) -> Result<Address, AddressError> {
    if !path.starts_with('/') {
        return Err(AddressError::Form {
            address: address.to_owned(),
            lacks: "names no absolute path",
            example: "unix:///run/buildkit/buildkitd.sock",
        });
    }
    Ok(Address::Unix(path.into()))
}

fn tcp(address: &str) -> Result<Address, AddressError> {
    let lacking = |lacks| AddressError::Form {
        address: address.to_owned(),
        lacks,
        example: "tcp://builders.example:1234",
    };
    let uri = Uri::from_str(address).map_err(|_| lacking("is no address"))?;
    let host = uri.host().unwrap_or_default();
    if host.is_empty() {
        return Err(lacking("names no host"));
    }
    let port = uri
        .port_u16()
        .ok_or_else(|| lacking("names no port; that of a buildkitd is usually 1234"))?;
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(lacking("has more than a host and a port"));
    }
    Ok(Address::Tcp {
        host: host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned(),
        port,
        at: None,
    })
}

/// What a program reaches: a name, and parameters.
fn relay(address: &str, scheme: &'static str) -> Result<Relay, AddressError> {
    let example = Relay::example(scheme);
    let lacking = |lacks| AddressError::Form {
        address: address.to_owned(),
        lacks,
        example,
    };
    let uri = Uri::from_str(address).map_err(|_| lacking("is no address"))?;
    let authority = uri.authority().map(|authority| authority.as_str());
    let name = authority.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| lacking("names nothing"))?;
    // To the program it would be an option, and not a name.
    if name.starts_with('-') {
        return Err(lacking("names what begins with `-`"));
    }
    let socket = Some(uri.path()).filter(|path| !matches!(*path, "" | "/"));
    if socket.is_some() && scheme != "ssh" {
        return Err(lacking("has a path"));
    }
    // A shell reads it there.
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if socket.is_some_and(|socket| !socket.chars().all(is_plain)) {
        return Err(lacking(
            "names a socket by other signs than letters, digits, `/`, `.`, `_` and `-`",
        ));
    }
    let mut relay = Relay::new(scheme, name, socket);
    for (parameter, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if !relay.set(&parameter, &value) {
            let known = Relay::parameters(scheme);
            return Err(AddressError::Parameter {
                address: address.to_owned(),
                parameter: parameter.into_owned(),
                scheme,
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    listed(known)
                },
            });
        }
    }
    Ok(relay)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(address: &str) -> String {
        address.parse::<Address>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_shown_again() {
        for address in [
            "unix:///run/buildkit/buildkitd.sock",
            "tcp://builders.example:1234",
            "tcp://127.0.0.1:1234",
            "tcp://[::1]:1234",
            "docker-container://buildkitd",
            "docker-container://buildkitd?context=far",
            "podman-container://buildkitd",
            "nerdctl-container://buildkitd?namespace=k8s.io",
            "kube-pod://buildkitd-0?context=far&namespace=ci&container=buildkitd",
            "ssh://me@builders.example:2222/run/user/1000/buildkit/buildkitd.sock",
        ] {
            assert_eq!(address.parse::<Address>().unwrap().to_string(), address);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        assert!(error("tpc://a:1").ends_with("did you mean `tcp://`?"));
        assert!(error("builders.example:1234").contains("does not say how the builder is reached"));
        assert!(error("tcp://builders.example").contains("names no port"));
        assert!(error("tcp://:1234").contains("names no host"));
        assert!(error("tcp://a:1/b").contains("more than a host and a port"));
        assert!(error("unix://run/a").contains("no absolute path"));
        assert!(error("kube-pod://-o").contains("begins with `-`"));
        assert!(error("docker-container://a/b").contains("has a path"));
        assert!(error("kube-pod://a?name=b").contains("knows `context`, `namespace`, `container`"));
        assert!(error("ssh://a/$(b)").contains("by other signs"));
        assert!(error("podman-container://a?b=c").contains("knows none"));
    }

    #[test]
    fn only_what_nobody_else_hears_is_private() {
        let is_private = |address: &str| address.parse::<Address>().unwrap().is_private();

        assert!(is_private("unix:///a") && is_private("ssh://a") && is_private("kube-pod://a"));
        assert!(is_private("tcp://127.0.0.1:1") && is_private("tcp://[::1]:1"));
        assert!(is_private("tcp://localhost:1"));
        assert!(!is_private("tcp://10.0.0.1:1") && !is_private("tcp://builders.example:1"));
    }
}
