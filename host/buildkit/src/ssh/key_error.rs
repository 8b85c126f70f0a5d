//! Why a private key cannot be used, in whichever format it is written.
//!
//! Reads and writes: nothing. Unknown here: files, formats.

use oci_image_boundary::outside::shown;

/// Why a file's contents cannot be used as a private key. It never quotes them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no private key in a format that is read.
    #[error("it is no private key of OpenSSH, and none in PEM by PKCS#1, SEC1 or PKCS#8")]
    Format,
    /// The key is behind a passphrase.
    #[error(
        "it is encrypted; `ssh-add` it to an agent and name the agent's socket, or give a copy that \
         `ssh-keygen -p` has freed of its passphrase"
    )]
    Encrypted,
    /// Keys of this kind cannot sign here.
    #[error(
        "it is of type `{name}`, which cannot be used here: use `ssh-ed25519`, `ecdsa-sha2-nistp256`, \
         `ecdsa-sha2-nistp384` or `ssh-rsa`, or name the socket of an agent that holds it", name = shown(name))]
    Type {
        /// OpenSSH's name of the kind: `ecdsa-sha2-nistp521`.
        name: String,
    },
    /// A key of an elliptic curve without what it can be checked against.
    #[error("its public half is left out; `ssh-keygen -p -N '' -f` the file writes it whole")]
    NoPublicHalf,
    /// The parts of the key do not fit together, or it is too weak or too large.
    #[error("it is refused as a key ({reason}); RSA keys have 2048 to 4096 bits")]
    Rejected {
        /// The reason in a word or two: `InconsistentComponents`.
        reason: String,
    },
}

impl KeyError {
    /// Keys of the kind with OpenSSH's `name` cannot sign here.
    pub(super) fn of_type(name: &str) -> Self {
        Self::Type {
            name: name.to_owned(),
        }
    }
}
