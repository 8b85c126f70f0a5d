//! An endpoint: an address, and what else is needed to reach a daemon there.
//!
//! Reads: what the name of a host says. Writes: nothing. Unknown here: daemons.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;

use crate::endpoint::address::Address;
use crate::endpoint::certificates::Certificates;

/// Where a daemon is, and how it is known to be the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address.
    pub address: Address,
    /// What TLS is spoken with on a port; `None`: none is.
    pub certificates: Option<Certificates>,
    /// Variables of this process's environment that a program which reaches the daemon is not given.
    pub withheld: Vec<OsString>,
}

impl Endpoint {
    /// An address, without TLS.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            address,
            certificates: None,
            withheld: Vec::new(),
        }
    }

    /// A socket of this machine.
    #[must_use]
    pub fn socket(path: &Path) -> Self {
        Self::new(Address::Unix(path.to_owned()))
    }

    /// Whether what is said to it is heard by that daemon alone.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.certificates.is_some() || self.address.is_private()
    }

    /// Each daemon that stands behind the address: a name of a host may have several addresses.
    ///
    /// # Errors
    /// The system's, if the name says nothing.
    pub async fn each(&self) -> io::Result<Vec<Self>> {
        let Address::Tcp {
            host,
            port,
            at: None,
        } = &self.address
        else {
            return Ok(vec![self.clone()]);
        };
        let mut found: Vec<_> = tokio::net::lookup_host((host.as_str(), *port))
            .await?
            .collect();
        found.sort();
        found.dedup();
        let each = found.into_iter().map(|at| Self {
            address: Address::Tcp {
                host: host.clone(),
                port: *port,
                at: Some(at),
            },
            ..self.clone()
        });
        Ok(each.collect())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}
