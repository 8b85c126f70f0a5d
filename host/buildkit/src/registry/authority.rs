//! Authority: by what the daemon knows again who gave it a token, so that it gives that to nobody else.
//!
//! The key is random and lives as long as the build: a daemon that keeps tokens for later ones keeps them for nobody.
//!
//! Reads: the machine's randomness. Writes: nothing. Unknown here: logins, tokens.
//! Source: BuildKit, `session/auth/auth.go` (`VerifyTokenAuthority`); NaCl, `crypto_sign`.

use std::sync::OnceLock;

use ring::signature::{Ed25519KeyPair, KeyPair};

/// The most that is signed, in bytes; the daemon sends 32.
const PAYLOAD_LIMIT: usize = 1024;

/// A key that is made when it is first needed.
#[derive(Default)]
pub(crate) struct Authority(OnceLock<Option<Ed25519KeyPair>>);

impl Authority {
    /// `None` if the machine has no randomness.
    pub(crate) fn public_key(&self) -> Option<Vec<u8>> {
        let pair = self.0.get_or_init(|| {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).ok()?;
            Ed25519KeyPair::from_seed_unchecked(&seed).ok()
        });
        Some(pair.as_ref()?.public_key().as_ref().to_vec())
    }

    /// The signature with the payload behind it, as NaCl puts them; `None` if nobody was told the key.
    pub(crate) fn signed(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let pair = self.0.get()?.as_ref()?;
        (payload.len() <= PAYLOAD_LIMIT).then(|| [pair.sign(payload).as_ref(), payload].concat())
    }
}
