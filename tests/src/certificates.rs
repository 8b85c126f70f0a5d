//! Certificates of a registry behind TLS, made anew for each test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The name that the certificates are for. It is not loopback's own, which BuildKit treats differently.
pub const HOST_NAME: &str = "registry.test";
/// A certificate authority, and what it has signed for a server and a client; all as PEM.
#[derive(Debug)]
pub struct Certificates {
    /// The authority.
    pub ca: String,
    /// The client's certificate.
    pub client: String,
    /// The client's key.
    pub client_key: String,
    server: ServerIdentity,
}

#[derive(Debug)]
struct ServerIdentity {
    roots: RootCertStore,
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Certificates {
    /// A new authority for [`HOST_NAME`].
    ///
    /// # Panics
    /// If the certificates cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let key = || KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = key();
        let ca = authority.self_signed(&authority_key).expect("an authority");
        let issuer = Issuer::new(authority, authority_key);
        let mut server = CertificateParams::new(vec![HOST_NAME.to_owned()]).expect("parameters");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server_key = key();
        let mut client =
            CertificateParams::new(vec!["client.test".to_owned()]).expect("parameters");
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = key();
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).expect("an authority");
        Self {
            ca: ca.pem(),
            client: client
                .signed_by(&client_key, &issuer)
                .expect("a certificate")
                .pem(),
            client_key: client_key.serialize_pem(),
            server: ServerIdentity {
                roots,
                certificate: server
                    .signed_by(&server_key, &issuer)
                    .expect("a certificate"),
                key: server_key,
            },
        }
    }

    /// The server's certificate, as PEM.
    #[must_use]
    pub fn server(&self) -> String {
        self.server.certificate.pem()
    }

    /// The server's key, as PEM.
    #[must_use]
    pub fn server_key(&self) -> String {
        self.server.key.serialize_pem()
    }

    pub(crate) fn acceptor(&self, wants_client: bool) -> TlsAcceptor {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3");
        let builder = if wants_client {
            let roots = Arc::new(self.server.roots.clone());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(verifier.expect("an authority"))
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.server.key.serialize_der()));
        let config = builder.with_single_cert(vec![self.server.certificate.der().clone()], key);
        TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")))
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}
