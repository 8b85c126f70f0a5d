//! Keyring: an agent of our own, for private keys that are given as files.
//!
//! It lists its keys and signs with them. To add, remove or lock keys, to bind a session, and all else that the protocol
//! knows, it answers with failure.
//!
//! Reads: private key files, once. Writes: nothing. Unknown here: who asks.
//! Source: draft-ietf-sshm-ssh-agent.

use std::fmt;

use crate::ssh::key::SigningKey;
use crate::ssh::message::{FAILURE, REQUEST_IDENTITIES, SIGN_REQUEST};
use crate::ssh::wire::{put_string, take_number, take_string};

/// `SSH_AGENT_IDENTITIES_ANSWER`.
const IDENTITIES_ANSWER: u8 = 12;
/// `SSH_AGENT_SIGN_RESPONSE`.
const SIGN_RESPONSE: u8 = 14;

/// Private keys, in the order in which they are offered to a server.
pub(super) struct Keyring(Vec<SigningKey>);

impl Keyring {
    pub(super) fn new(keys: Vec<SigningKey>) -> Self {
        Self(keys)
    }

    /// The answer to a message; both are without their length.
    pub(super) fn answer(&self, message: &[u8]) -> Vec<u8> {
        let answer = match message.split_first() {
            Some((&REQUEST_IDENTITIES, _)) => Some(self.identities()),
            Some((&SIGN_REQUEST, request)) => self.sign(request),
            _ => None,
        };
        answer.unwrap_or_else(|| vec![FAILURE])
    }

    fn identities(&self) -> Vec<u8> {
        let count = u32::try_from(self.0.len()).expect("a request names few keys");
        let mut answer = vec![IDENTITIES_ANSWER];
        answer.extend(count.to_be_bytes());
        for key in &self.0 {
            put_string(&mut answer, key.public());
            put_string(&mut answer, key.comment().as_bytes());
        }
        answer
    }

    /// `None` for a key that is not ours.
    fn sign(&self, mut request: &[u8]) -> Option<Vec<u8>> {
        let public = take_string(&mut request)?;
        let data = take_string(&mut request)?;
        let flags = take_number(&mut request)?;
        let key = self.0.iter().find(|key| key.public() == public)?;
        let mut answer = vec![SIGN_RESPONSE];
        put_string(&mut answer, &key.sign(data, flags)?);
        Some(answer)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Keyring").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_listing_and_signing_fails() {
        let keyring = Keyring::new(Vec::new());

        let answered: Vec<u8> = (0..=255)
            .filter(|kind| keyring.answer(&[*kind, 0, 0, 0, 0]) != [FAILURE])
            .collect();

        assert_eq!(answered, [REQUEST_IDENTITIES]);
        assert_eq!(keyring.answer(&[]), [FAILURE]);
        assert_eq!(keyring.answer(&[SIGN_REQUEST]), [FAILURE]);
    }
}
