//! Certificates: who is believed to be the daemon, and who we say that we are.
//!
//! As `buildctl` does: where an authority is named, it alone is believed; else the system's are.
//!
//! Reads: the files that are named, the system's certificates (`$SSL_CERT_FILE`, `$SSL_CERT_DIR`). Writes: nothing.
//! Source: BuildKit, `cmd/buildctl/common` (names of files in a directory), `client` (`WithServerConfig`); RFC 8446.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oci_image_boundary::outside::shown;
use oci_image_boundary::regular_file;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// What a directory of certificates has: as `buildctl` wants it, and as a Secret of Kubernetes has it.
const NAMES: [[&str; 3]; 2] = [
    ["ca.pem", "cert.pem", "key.pem"],
    ["ca.crt", "tls.crt", "tls.key"],
];

/// Files by which a daemon and its client know each other. They are read when a connection is made: they may be renewed meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// The authorities that are believed; `None`: the system's.
    pub authority: Option<PathBuf>,
    /// Our certificate, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name in the daemon's certificate; `None`: the host of its address.
    pub server_name: Option<String>,
}

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A directory has none of the names that are looked for.
    #[error(
        "`{}` has neither `ca.pem`, `cert.pem` and `key.pem` nor `ca.crt`, `tls.crt` and `tls.key`",
        shown(directory)
    )]
    Directory {
        /// The directory.
        directory: PathBuf,
    },
    /// A directory has a certificate without its key, or the other way round.
    #[error("`{}` has `{there}`, and no `{missing}` beside it", shown(directory))]
    Half {
        /// The directory.
        directory: PathBuf,
        /// What is there.
        there: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("`{}` holds no {what} in PEM", shown(path))]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The key is not that of the certificate, or of a kind that is not known.
    #[error(
        "`{}` and `{}` cannot be used together",
        shown(certificate),
        shown(key)
    )]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// What the library says.
        source: rustls::Error,
    },
    /// The name is none that a certificate could be for.
    #[error("`{}` is no name of a server", shown(name))]
    Name {
        /// The name.
        name: String,
    },
    /// The library takes none of it.
    #[error("cannot speak TLS")]
    Library {
        /// What it says.
        source: rustls::Error,
    },
}

impl Certificates {
    /// Those of a directory, by their usual names. A certificate of ours need not be there. Blocking.
    ///
    /// # Errors
    /// [`CertificateError::Directory`], [`CertificateError::Half`].
    pub fn of_directory(directory: &Path) -> Result<Self, CertificateError> {
        let has = |name: &str| directory.join(name).is_file();
        let found = NAMES
            .into_iter()
            .find(|names| names.iter().any(|name| has(name)));
        let Some([authority, certificate, key]) = found else {
            return Err(CertificateError::Directory {
                directory: directory.to_owned(),
            });
        };
        let half = |there, missing| CertificateError::Half {
            directory: directory.to_owned(),
            there,
            missing,
        };
        let identity = match (has(certificate), has(key)) {
            (true, true) => Some((directory.join(certificate), directory.join(key))),
            (true, false) => return Err(half(certificate, key)),
            (false, true) => return Err(half(key, certificate)),
            (false, false) => None,
        };
        Ok(Self {
            authority: has(authority).then(|| directory.join(authority)),
            identity,
            server_name: None,
        })
    }

    /// What connects to a daemon at a host, and the name by which it must show itself. Blocking.
    pub(super) fn connector(
        &self,
        host: &str,
    ) -> Result<(TlsConnector, ServerName<'static>), CertificateError> {
        let name = self.server_name.as_deref().unwrap_or(host);
        let server = ServerName::try_from(name.to_owned()).map_err(|_| CertificateError::Name {
            name: name.to_owned(),
        })?;
        let library = |source| CertificateError::Library { source };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(library)?
            .with_root_certificates(self.believed()?);
        let mut config = match &self.identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let pair = |source| CertificateError::Pair {
                    certificate: certificate.clone(),
                    key: key.clone(),
                    source,
                };
                let chain = certificates(certificate)?;
                config
                    .with_client_auth_cert(chain, private_key(key)?)
                    .map_err(pair)?
            }
        };
        // The daemon's library ends connections that do not agree on it.
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok((TlsConnector::from(Arc::new(config)), server))
    }

    fn believed(&self) -> Result<RootCertStore, CertificateError> {
        let mut believed = RootCertStore::empty();
        let authorities = match &self.authority {
            Some(path) => certificates(path)?,
            // What is wrong with one of them is no reason to trust less.
            None => rustls_native_certs::load_native_certs().certs,
        };
        believed.add_parsable_certificates(authorities);
        Ok(believed)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| CertificateError::Unusable {
            path: path.to_owned(),
            what: "certificate",
        })
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let text = read(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| CertificateError::Unusable {
        path: path.to_owned(),
        what: "private key",
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    regular_file::read(path).map_err(|source| CertificateError::Read {
        path: path.to_owned(),
        source,
    })
}
