//! A private key: read from what a file holds, and able to sign.
//!
//! Read are unencrypted keys as `ssh-keygen` writes them, and PKCS#1, SEC1 and PKCS#8 in PEM. RSA signs with SHA-2 alone: servers
//! have refused its SHA-1 signatures since OpenSSH 8.8, so who asks for no kind of SHA-2 gets the lesser. What the file held is overwritten when it is dropped; no error and
//! no `Debug` shows more of a key than its public half.
//!
//! Reads and writes: nothing. Unknown here: files, agents.
//! Source: OpenSSH's `PROTOCOL.key`; RFC 4253, 5656, 8332, 8709 for public keys and signatures; RFC 7468 for PEM.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
    RsaEncoding, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::ssh::der::{self, EcKey};
use crate::ssh::key_error::KeyError;
use crate::ssh::openssh::{self, Parts};
use crate::ssh::remainder::remainder_by_less_one;
use crate::ssh::wire::{put_integer, put_string};

/// `SSH_AGENT_RSA_SHA2_512`.
const RSA_SHA2_512: u32 = 4;

/// A private key with its public half.
pub(super) struct SigningKey {
    pair: Pair,
    /// As it stands in `authorized_keys`, before base64.
    public: Vec<u8>,
    comment: String,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(Curve, EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

#[derive(Clone, Copy)]
enum Curve {
    P256,
    P384,
}

impl SigningKey {
    /// The key in the text of a file.
    pub(super) fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let text = std::str::from_utf8(text).map_err(|_| KeyError::Format)?;
        let (label, contents) = pem(text).ok_or(KeyError::Format)?;
        let (pair, comment) = match label {
            "OPENSSH PRIVATE KEY" => of_openssh(&contents?)?,
            "RSA PRIVATE KEY" => (rsa(RsaKeyPair::from_der(&contents?))?, String::new()),
            "EC PRIVATE KEY" => (sec1(&contents?)?, String::new()),
            "PRIVATE KEY" => (pkcs8(&contents?)?, String::new()),
            "DSA PRIVATE KEY" => return Err(KeyError::of_type("ssh-dss")),
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            _ => return Err(KeyError::Format),
        };
        let public = pair.public();
        Ok(Self {
            pair,
            public,
            comment,
        })
    }

    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    pub(super) fn comment(&self) -> &str {
        &self.comment
    }

    /// Signs `data`, which is hashed here; `flags` choose the hash of an RSA key. `None` if the
    /// machine has no randomness.
    pub(super) fn sign(&self, data: &[u8], flags: u32) -> Option<Vec<u8>> {
        let (name, signature) = match &self.pair {
            Pair::Ed25519(pair) => ("ssh-ed25519", pair.sign(data).as_ref().to_vec()),
            Pair::Ecdsa(curve, pair) => (curve.name(), ecdsa_signature(pair, data)?),
            Pair::Rsa(pair) if flags & RSA_SHA2_512 != 0 => {
                let signature = rsa_signature(pair, &RSA_PKCS1_SHA512, data)?;
                ("rsa-sha2-512", signature)
            }
            Pair::Rsa(pair) => {
                let signature = rsa_signature(pair, &RSA_PKCS1_SHA256, data)?;
                ("rsa-sha2-256", signature)
            }
        };
        let mut blob = Vec::new();
        put_string(&mut blob, name.as_bytes());
        put_string(&mut blob, &signature);
        Some(blob)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", STANDARD.encode(&self.public))
    }
}

impl Pair {
    fn public(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        match self {
            Self::Ed25519(pair) => {
                put_string(&mut blob, b"ssh-ed25519");
                put_string(&mut blob, pair.public_key().as_ref());
            }
            Self::Ecdsa(curve, pair) => {
                put_string(&mut blob, curve.name().as_bytes());
                put_string(&mut blob, curve.name_of_itself().as_bytes());
                put_string(&mut blob, pair.public_key().as_ref());
            }
            Self::Rsa(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                put_string(&mut blob, b"ssh-rsa");
                put_integer(&mut blob, &public.e);
                put_integer(&mut blob, &public.n);
            }
        }
        blob
    }
}

impl Curve {
    const ALL: [Self; 2] = [Self::P256, Self::P384];

    fn named(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|curve| curve.name_of_itself().as_bytes() == name)
    }

    /// In bytes.
    fn scalar_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::P256 => "ecdsa-sha2-nistp256",
            Self::P384 => "ecdsa-sha2-nistp384",
        }
    }

    fn name_of_itself(self) -> &'static str {
        self.name().trim_start_matches("ecdsa-sha2-")
    }

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }
}

/// The label of the first block of PEM that is a private key, and the bytes in it.
type Block<'t> = (&'t str, Result<Zeroizing<Vec<u8>>, KeyError>);

/// Lines of any length are taken: keys come out of credential managers in all widths.
fn pem(text: &str) -> Option<Block<'_>> {
    // `openssl ecparam -genkey` puts the parameters of the curve before the key.
    let (label, body) = text.split("-----BEGIN ").skip(1).find_map(|block| {
        let (label, rest) = block.split_once("-----")?;
        let (body, _) = rest.split_once("-----END ")?;
        label.ends_with("PRIVATE KEY").then_some((label, body))
    })?;
    if body.contains("Proc-Type: 4,ENCRYPTED") {
        return Some((label, Err(KeyError::Encrypted)));
    }
    let mut packed = Zeroizing::new(String::with_capacity(body.len()));
    packed.extend(body.split_ascii_whitespace());
    // Sized in advance: a buffer that grows leaves copies behind.
    let mut contents = Zeroizing::new(vec![0; packed.len()]);
    let decoded = STANDARD.decode_slice(packed.as_bytes(), &mut contents);
    let contents = decoded
        .map(|length| {
            contents.truncate(length);
            contents
        })
        .map_err(|_| KeyError::Format);
    Some((label, contents))
}

fn of_openssh(contents: &[u8]) -> Result<(Pair, String), KeyError> {
    let (parts, comment) = openssh::read(contents)?;
    let pair = match parts {
        Parts::Ed25519 { seed, public } => {
            let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public);
            Pair::Ed25519(pair.map_err(rejected)?)
        }
        Parts::Ecdsa {
            curve,
            point,
            scalar,
        } => {
            let curve = Curve::named(curve).ok_or(KeyError::Format)?;
            ecdsa(curve, scalar, point)?
        }
        Parts::Rsa {
            n,
            e,
            d,
            iqmp,
            p,
            q,
        } => {
            // OpenSSH leaves out the exponents for the two primes, which ring wants.
            let dp = remainder_by_less_one(d, p).ok_or(KeyError::Format)?;
            let dq = remainder_by_less_one(d, q).ok_or(KeyError::Format)?;
            rsa(RsaKeyPair::from_components(&KeyPairComponents {
                public_key: PublicKeyComponents { n, e },
                d,
                p,
                q,
                dP: &dp,
                dQ: &dq,
                qInv: iqmp,
            }))?
        }
    };
    Ok((pair, String::from_utf8_lossy(comment).into_owned()))
}

fn ecdsa(curve: Curve, scalar: &[u8], point: &[u8]) -> Result<Pair, KeyError> {
    let scalar = padded(scalar, curve.scalar_length()).ok_or(KeyError::Format)?;
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        curve.signing(),
        &scalar,
        point,
        &SystemRandom::new(),
    );
    Ok(Pair::Ecdsa(curve, pair.map_err(rejected)?))
}

/// `EC PRIVATE KEY`: `ssh-keygen -m PEM` and `openssl ecparam -genkey`.
fn sec1(contents: &[u8]) -> Result<Pair, KeyError> {
    of_ec(&der::ec_key(contents).ok_or(KeyError::Format)?)
}

fn of_ec(key: &EcKey<'_>) -> Result<Pair, KeyError> {
    let curve = match key.curve {
        Some(name) => Curve::named(name.as_bytes())
            .ok_or_else(|| KeyError::of_type(&format!("ecdsa-sha2-{name}")))?,
        // Only the lengths differ then.
        None => Curve::ALL
            .into_iter()
            .find(|curve| curve.scalar_length() == key.scalar.len())
            .ok_or(KeyError::Format)?,
    };
    let point = key.point.ok_or(KeyError::NoPublicHalf)?;
    ecdsa(curve, key.scalar, point)
}

/// `number` with zeros in front, up to `length` bytes.
fn padded(number: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut padded = Zeroizing::new(vec![0; length]);
    let start = length.checked_sub(number.len())?;
    padded[start..].copy_from_slice(number);
    Some(padded)
}

/// The kind of a PKCS#8 key is known by who can read it.
fn pkcs8(contents: &[u8]) -> Result<Pair, KeyError> {
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(contents) {
        return Ok(Pair::Ed25519(pair));
    }
    if let Some(key) = der::ec_in_pkcs8(contents) {
        return of_ec(&key);
    }
    rsa(RsaKeyPair::from_pkcs8(contents))
}

/// A key whose parts contradict each other would show it only when it signs.
fn rsa(pair: Result<RsaKeyPair, KeyRejected>) -> Result<Pair, KeyError> {
    let pair = pair.map_err(rejected)?;
    rsa_signature(&pair, &RSA_PKCS1_SHA256, b"").ok_or_else(|| KeyError::Rejected {
        reason: "InconsistentComponents".to_owned(),
    })?;
    Ok(Pair::Rsa(Box::new(pair)))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
fn rejected(reason: KeyRejected) -> KeyError {
    KeyError::Rejected {
        reason: reason.to_string(),
    }
}

/// Two integers of equal size, as ring puts them side by side.
fn ecdsa_signature(pair: &EcdsaKeyPair, data: &[u8]) -> Option<Vec<u8>> {
    let signature = pair.sign(&SystemRandom::new(), data).ok()?;
    let (r, s) = signature.as_ref().split_at(signature.as_ref().len() / 2);
    let mut blob = Vec::new();
    put_integer(&mut blob, r);
    put_integer(&mut blob, s);
    Some(blob)
}

fn rsa_signature(
    pair: &RsaKeyPair,
    encoding: &'static dyn RsaEncoding,
    data: &[u8],
) -> Option<Vec<u8>> {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), data, &mut signature)
        .ok()?;
    Some(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_without_quoting_it() {
        for text in [
            "",
            "hunter2",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2=\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        ] {
            assert_eq!(
                SigningKey::parse(text.as_bytes()).unwrap_err(),
                KeyError::Format,
                "{text}"
            );
        }
        let damaged = "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n";
        let error = SigningKey::parse(damaged.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it is refused as a key (InvalidEncoding); RSA keys have 2048 to 4096 bits"
        );
    }

    /// The key 1: 31 of the 32 bytes are zeros, which the format leaves out. Its public half is the curve's generator.
    #[test]
    fn a_short_ecdsa_key_is_padded() {
        let text = "-----BEGIN OPENSSH PRIVATE KEY-----\n\
            b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS1zaGEyLW5pc3RwMjU2AAAACG5pc3Rw\n\
            MjU2AAAAQQRrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1AAAA\n\
            gAAAAAcAAAAHAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPSh\n\
            OUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfUAAAABAQAAAANvbmUBAgME\n\
            -----END OPENSSH PRIVATE KEY-----\n";

        let key = SigningKey::parse(text.as_bytes()).unwrap();

        let generator = "BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=";
        assert!(key.public().ends_with(&STANDARD.decode(generator).unwrap()));
        assert_eq!(key.comment(), "one");
    }

    #[test]
    fn a_key_shows_its_public_half_alone() {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let text = format!(
            "-----BEGIN PRIVATE KEY-----\r\n{}\r\n-----END PRIVATE KEY-----\r\n",
            STANDARD.encode(document.as_ref())
        );

        let key = SigningKey::parse(text.as_bytes()).unwrap();

        let public = STANDARD.encode(key.public());
        assert!(public.starts_with("AAAAC3NzaC1lZDI1NTE5"), "{public}");
        assert_eq!(format!("{key:?}"), format!("SigningKey({public})"));
    }
}
