//! Secrets: what `RUN --mount=type=secret` may read.
//!
//! A secret is read when the daemon asks for it, and kept nowhere. One that was not offered does not exist: the daemon
//! decides by the Dockerfile whether that fails the step.
//!
//! Reads: the files that the solve holds. Writes: nothing. Unknown here: where a secret came from before.
//! Source: BuildKit, `session/secrets`.

use std::io;
use std::path::PathBuf;

use bollard_buildkit_proto::moby::buildkit::secrets::v1::{
    GetSecretRequest, GetSecretResponse, secrets_server,
};
use tonic::{Request, Response, Status};

use crate::recorder::Recorder;
use oci_image_boundary::blocking::blocking;
use oci_image_boundary::outside::shown;
use oci_image_boundary::regular_file::RegularFile;

pub use oci_image_boundary::secret_bytes::SecretBytes;

/// Size of the largest secret, in bytes; the daemon takes no larger one.
pub const SECRET_LIMIT: u64 = 500 * 1024;

/// A secret offered to the daemon.
#[derive(Debug, Clone)]
pub struct Secret {
    /// The name by which a step asks for it.
    pub id: String,
    /// Where its bytes are.
    pub source: SecretSource,
}

/// Where a secret's bytes are.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// In a file that is held open, read when a step asks for it.
    File(RegularFile),
    /// In memory.
    Bytes(SecretBytes),
}

/// Why a secret that was offered cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read.
    #[error("cannot read secret `{id}` from `{}`", shown(path), id = shown(id))]
    Read {
        /// The secret's name.
        id: String,
        /// Its file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// It is larger than the daemon takes.
    #[error("secret `{id}` is larger than {SECRET_LIMIT} bytes", id = shown(id))]
    TooLarge {
        /// The secret's name.
        id: String,
    },
}

/// The attachable that serves secrets.
pub(crate) struct Secrets {
    secrets: Vec<Secret>,
    faults: Recorder<SecretError>,
}

impl Secret {
    /// The secret's bytes.
    ///
    /// # Errors
    /// [`SecretError`], also for a file that grew past the limit since it was checked.
    pub async fn read(&self) -> Result<SecretBytes, SecretError> {
        let bytes = match &self.source {
            SecretSource::Bytes(bytes) => bytes.clone(),
            SecretSource::File(file) => {
                read_limited(file)
                    .await
                    .map_err(|source| SecretError::Read {
                        id: self.id.clone(),
                        path: file.path().to_owned(),
                        source,
                    })?
            }
        };
        if bytes.reveal().len() as u64 > SECRET_LIMIT {
            return Err(SecretError::TooLarge {
                id: self.id.clone(),
            });
        }
        Ok(bytes)
    }
}

impl Secrets {
    /// Serves `secrets`.
    pub(crate) fn new(secrets: Vec<Secret>, faults: Recorder<SecretError>) -> Self {
        Self { secrets, faults }
    }
}

#[tonic::async_trait]
impl secrets_server::Secrets for Secrets {
    async fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> Result<Response<GetSecretResponse>, Status> {
        let id = request.into_inner().id;
        let Some(secret) = self.secrets.iter().find(|secret| secret.id == id) else {
            return Err(Status::not_found(format!("secret {id}: not found")));
        };
        let bytes = secret
            .read()
            .await
            .map_err(|error| self.faults.record(error))?;
        Ok(Response::new(GetSecretResponse {
            data: bytes.into_bytes(),
        }))
    }
}

/// One byte more than allowed, at most, so that the size can be judged.
async fn read_limited(file: &RegularFile) -> io::Result<SecretBytes> {
    let file = file.clone();
    blocking(move || file.start(SECRET_LIMIT as usize + 1).map(SecretBytes::new)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(source: SecretSource) -> Secret {
        Secret {
            id: "token".into(),
            source,
        }
    }

    #[test]
    fn debug_shows_no_byte_of_a_secret() {
        let secret = secret(SecretSource::Bytes(SecretBytes::new("hunter2")));

        assert_eq!(
            format!("{secret:?}"),
            r#"Secret { id: "token", source: Bytes(SecretBytes(..)) }"#
        );
    }

    #[tokio::test]
    async fn a_secret_of_the_limit_is_read_and_one_byte_more_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let secret = secret(SecretSource::File(RegularFile::open(file.path()).unwrap()));

        file.as_file().set_len(SECRET_LIMIT).unwrap();
        let largest = secret.read().await.unwrap();
        file.as_file().set_len(SECRET_LIMIT + 1).unwrap();
        let error = secret.read().await.unwrap_err();

        assert_eq!(largest.reveal().len() as u64, SECRET_LIMIT);
        assert_eq!(
            error.to_string(),
            "secret `token` is larger than 512000 bytes"
        );
    }

    #[tokio::test]
    async fn what_takes_the_name_of_a_file_is_not_the_secret() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "sesame").unwrap();
        let secret = secret(SecretSource::File(RegularFile::open(&path).unwrap()));

        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();

        // Of several steps each reads it whole.
        for _ in 0..2 {
            assert_eq!(secret.read().await.unwrap().reveal(), b"sesame");
        }
    }
}
