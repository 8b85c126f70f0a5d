//! TLS: whom to believe that it is who it says.
//!
//! As the daemon does: the system's authorities, those that are configured for the registry beside them, its key pair, and
//! any certificate where the registry is declared insecure. A certificate that is itself configured as an authority may also be the
//! server's own, as that of many a registry at home is.
//!
//! Reads: the system's certificates (`$SSL_CERT_FILE`, `$SSL_CERT_DIR`), the files that are configured. Writes: nothing.
//! Unknown here: who asks what.
//! Source: BuildKit, `util/resolver/resolver.go` (`loadTLSConfig`); RFC 5280, RFC 8446.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::registry::registries::RegistryAccess;
use oci_image_boundary::blocking::blocking;
use oci_image_boundary::outside::shown;
use oci_image_boundary::regular_file;

/// The system's authorities, read once.
#[derive(Debug, Default, Clone)]
pub(super) struct Tls(Arc<OnceLock<Vec<CertificateDer<'static>>>>);

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The host is no name that a certificate could be for.
    #[error("`{host}` is no name of a server", host = shown(host))]
    Name {
        /// The host.
        host: String,
    },
    /// What is configured for the registry cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// What is configured for the registry is not what it should be.
    #[error("`{}` holds no certificate or key that can be used", shown(path))]
    Unusable {
        /// The file.
        path: PathBuf,
    },
    /// The library takes none of it.
    #[error("cannot speak TLS")]
    Library {
        /// What it says.
        source: Error,
    },
}

/// What is configured for a registry, read.
#[derive(Default)]
struct Configured {
    authorities: Vec<CertificateDer<'static>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl Tls {
    /// What connects to a server as the registry's `access` says.
    pub(super) async fn connector(
        &self,
        access: &RegistryAccess,
    ) -> Result<TlsConnector, TlsError> {
        let (tls, access) = (self.clone(), access.clone());
        let config = blocking(move || tls.config(&access)).await?;
        Ok(TlsConnector::from(Arc::new(config)))
    }

    fn config(&self, access: &RegistryAccess) -> Result<ClientConfig, TlsError> {
        let library = |source| TlsError::Library { source };
        let configured = Configured::read(access)?;
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(Verifier {
            is_lenient: access.insecure == Some(true),
            by_authority: self.by_authority(&configured, &provider),
            configured: configured.authorities,
            provider: Arc::clone(&provider),
        });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(library)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        match configured.identity {
            Some((chain, key)) => config.with_client_auth_cert(chain, key).map_err(library),
            None => Ok(config.with_no_client_auth()),
        }
    }

    /// `None` where there is no authority at all.
    fn by_authority(
        &self,
        configured: &Configured,
        provider: &Arc<CryptoProvider>,
    ) -> Option<Arc<WebPkiServerVerifier>> {
        // A system without certificates trusts nobody; what is wrong with one of them is no reason to trust less.
        let system = (self.0).get_or_init(|| rustls_native_certs::load_native_certs().certs);
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system.iter().chain(&configured.authorities).cloned());
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        builder.build().ok()
    }
}

/// The name of a server as a certificate has it.
pub(super) fn name(host: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name {
        host: host.to_owned(),
    })
}

impl Configured {
    fn read(access: &RegistryAccess) -> Result<Self, TlsError> {
        let (mut authorities, mut pairs) = (access.ca.clone(), Vec::new());
        for directory in &access.tlsconfigdir {
            for path in listed(directory)? {
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("crt") => authorities.push(path),
                    Some("cert") => pairs.push((path.with_extension("key"), path)),
                    _ => {}
                }
            }
        }
        let named = access.keypair.iter();
        pairs.extend(named.map(|pair| (pair.key.clone(), pair.cert.clone())));
        let mut configured = Self::default();
        for path in authorities {
            configured.authorities.extend(certificates(&path)?);
        }
        if let Some((key, cert)) = pairs.first() {
            let unusable = |_| TlsError::Unusable { path: key.clone() };
            let text = read(key)?;
            let private = PrivateKeyDer::from_pem_slice(&text).map_err(unusable)?;
            configured.identity = Some((certificates(cert)?, private));
        }
        Ok(configured)
    }
}

/// The files of a directory by name. Like the daemon, it does not miss one that is not there.
fn listed(directory: &Path) -> Result<Vec<PathBuf>, TlsError> {
    let failed = |source| TlsError::Read {
        path: directory.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(error)),
    };
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// The certificates of a file; like the daemon, it passes over what is none.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok);
    Ok(found.collect())
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    regular_file::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Judges a server's certificate.
#[derive(Debug)]
struct Verifier {
    is_lenient: bool,
    by_authority: Option<Arc<WebPkiServerVerifier>>,
    configured: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.is_lenient {
            return Ok(ServerCertVerified::assertion());
        }
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let judged = match &self.by_authority {
            Some(verifier) => {
                verifier.verify_server_cert(certificate, intermediates, name, stapled, now)
            }
            None => Err(unknown),
        };
        match judged {
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.configured.iter().any(|known| known == certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
