//! OpenSSH's own format of private keys: what stands where in it.
//!
//! Nothing is copied: the parts of a key are places in the buffer that its owner overwrites.
//! Crates have read it wrongly: ssh-key 0.6.7 refuses one ECDSA key in 256, an integer that is shorter than its curve.
//!
//! Reads and writes: nothing. Unknown here: base64, what a key can do.
//! Source: OpenSSH's `PROTOCOL.key`; draft-ietf-sshm-ssh-agent for the private parts.

use crate::ssh::key_error::KeyError;
use crate::ssh::wire::{take_integer, take_number, take_string};

/// What every key begins with.
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// A key's parts, each as its bytes from the highest, without zeros in front.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parts<'k> {
    Ed25519 {
        seed: &'k [u8],
        public: &'k [u8],
    },
    Ecdsa {
        /// `nistp256`.
        curve: &'k [u8],
        /// Uncompressed.
        point: &'k [u8],
        scalar: &'k [u8],
    },
    Rsa {
        n: &'k [u8],
        e: &'k [u8],
        d: &'k [u8],
        /// `q**-1 mod p`.
        iqmp: &'k [u8],
        p: &'k [u8],
        q: &'k [u8],
    },
}

/// The key in `contents`, and its comment.
pub(super) fn read(contents: &[u8]) -> Result<(Parts<'_>, &[u8]), KeyError> {
    let mut private = unencrypted(contents)?;
    let name = checked_name(&mut private).ok_or(KeyError::Format)?;
    let parts = match name {
        b"ssh-ed25519" => ed25519(&mut private),
        b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" => ecdsa(&mut private),
        b"ssh-rsa" => rsa(&mut private),
        name => {
            return Err(KeyError::Type {
                name: name.escape_ascii().to_string(),
            });
        }
    };
    let parts = parts.ok_or(KeyError::Format)?;
    let comment = take_string(&mut private).ok_or(KeyError::Format)?;
    // 1, 2, 3 and so on fill the last block.
    let is_padding = (1_u8..).zip(private).all(|(at, byte)| at == *byte);
    if !is_padding {
        return Err(KeyError::Format);
    }
    Ok((parts, comment))
}

/// The section with the private parts of the one key.
fn unencrypted(contents: &[u8]) -> Result<&[u8], KeyError> {
    let section = |mut rest| {
        let cipher = take_string(&mut rest)?;
        let _derivation = take_string(&mut rest)?;
        let _its_options = take_string(&mut rest)?;
        let count = take_number(&mut rest)?;
        let _public = take_string(&mut rest)?;
        let private = take_string(&mut rest)?;
        (count == 1).then_some((cipher, private))
    };
    let sections = contents.strip_prefix(MAGIC).and_then(section);
    match sections.ok_or(KeyError::Format)? {
        (b"none", private) => Ok(private),
        _ => Err(KeyError::Encrypted),
    }
}

/// The kind of key, behind a number that stands there twice to show that the section was decrypted.
fn checked_name<'k>(private: &mut &'k [u8]) -> Option<&'k [u8]> {
    let check = take_number(private)?;
    (take_number(private)? == check).then_some(())?;
    take_string(private)
}

fn ed25519<'k>(private: &mut &'k [u8]) -> Option<Parts<'k>> {
    let public = take_string(private)?;
    // Once more with the public half behind it.
    let (seed, _) = take_string(private)?.split_at_checked(32)?;
    Some(Parts::Ed25519 { seed, public })
}

fn ecdsa<'k>(private: &mut &'k [u8]) -> Option<Parts<'k>> {
    Some(Parts::Ecdsa {
        curve: take_string(private)?,
        point: take_string(private)?,
        scalar: take_integer(private)?,
    })
}

fn rsa<'k>(private: &mut &'k [u8]) -> Option<Parts<'k>> {
    Some(Parts::Rsa {
        n: take_integer(private)?,
        e: take_integer(private)?,
        d: take_integer(private)?,
        iqmp: take_integer(private)?,
        p: take_integer(private)?,
        q: take_integer(private)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::wire::put_string;

    fn file(cipher: &[u8], checks: [u32; 2], parts: &[&[u8]], padding: &[u8]) -> Vec<u8> {
        let mut private = checks.map(u32::to_be_bytes).concat();
        parts.iter().for_each(|part| put_string(&mut private, part));
        private.extend(padding);
        let mut file = MAGIC.to_vec();
        for string in [cipher, b"none", b""] {
            put_string(&mut file, string);
        }
        file.extend(1_u32.to_be_bytes());
        put_string(&mut file, b"the public half");
        put_string(&mut file, &private);
        file
    }

    const KEY: &[&[u8]] = &[b"ssh-ed25519", &[7; 32], &[8; 64], b"a comment"];

    #[test]
    fn parts_are_found_where_they_stand() {
        let whole = file(b"none", [5, 5], KEY, &[1, 2, 3]);

        let (parts, comment) = read(&whole).unwrap();

        let (seed, public) = (&[8; 32][..], &[7; 32][..]);
        assert_eq!(parts, Parts::Ed25519 { seed, public });
        assert_eq!(comment, b"a comment");
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), Err(KeyError::Format), "{length}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        let odd_check = file(b"none", [5, 6], KEY, &[]);
        let odd_padding = file(b"none", [5, 5], KEY, &[1, 3]);
        let negative = file(
            b"none",
            [5, 5],
            &[b"ecdsa-sha2-nistp256", b"nistp256", &[4], &[0x80], b""],
            &[],
        );
        for contents in [odd_check, odd_padding, negative] {
            assert_eq!(read(&contents), Err(KeyError::Format));
        }
        assert_eq!(
            read(&file(b"aes256-ctr", [5, 6], &[], &[])),
            Err(KeyError::Encrypted)
        );
        let name = "ssh-\\x1b".to_owned();
        assert_eq!(
            read(&file(b"none", [5, 5], &[b"ssh-\x1b"], &[])),
            Err(KeyError::Type { name })
        );
    }
}
