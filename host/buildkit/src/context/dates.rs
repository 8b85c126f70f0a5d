//! Dates: since when each entry of a checkout is what it is, as far as builds here know. They are kept beside the key of identities.
//!
//! A checkout that is fresh dates everything anew: the daemon would be sent all of it again, and a step that goes by times, such as `make`
//! or `cargo` with a cache of its own, would do all of its work again. So what holds what it held at the last build here has the date
//! that it had then, and what changed has a new one, later than every build before it.
//!
//! **Why no step takes a changed file for an old one.** What has an old date here was so in every build since in which there was
//! anything at its path. That is why dates are kept before anything is built from them, why there is one list for all contexts of a
//! daemon, and why a build that does not go by it forgets them all ([`forget`]).
//!
//! Everything here blocks. Reads and writes: the list. Source: git's index, for the idea.

use std::collections::HashMap;
use std::io::{self, BufWriter, Read, Write};

use ring::hmac;
use rustix::fs::{AtFlags, fsync, unlinkat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::context::checkout::{Met, PathHash, Short};
use crate::context::private_file;
use oci_image_boundary::handle::Directory;
use oci_image_boundary::hashing::Hashing;

/// The list's file: [`HEAD`], a key, places with their contents and seconds, a hash of all that.
const NAME: &str = "oci-image.dates";
/// What it begins with: its form.
const HEAD: [u8; 8] = *b"dates\0\0\x01";
/// Bytes of the key.
const KEY: usize = 32;
/// Bytes of an item.
const ITEM: usize = 16 + 16 + 8;
/// Most items that are kept: 40 MB. Beyond that only those of the last build are.
const MOST: usize = 1_000_000;

/// What is kept.
struct DateList {
    /// By which times are made; as long as it is the same, so are they.
    key: [u8; KEY],
    dates: HashMap<PathHash, Date>,
}

/// What was there, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    contents: Short,
    second: i64,
}

/// Gives everything that was met the date that it has here, keeps that, and gives the key by which the rest of a time is made.
///
/// # Errors
/// The system's, if dates can neither be kept nor forgotten.
pub(super) fn settle(
    directory: &Directory,
    met: &mut HashMap<PathHash, Met>,
) -> io::Result<hmac::Key> {
    let mut kept = match read(directory) {
        Some(kept) => kept,
        None => DateList::new()?,
    };
    let mut is_new = false;
    for (place, met) in met.iter_mut() {
        let contents = met.contents;
        let second = match kept.dates.get(place) {
            Some(date) if date.contents == contents => date.second,
            Some(_) => met.later,
            None => met.modified,
        };
        met.modified = second;
        let date = Date { contents, second };
        is_new |= kept.dates.insert(*place, date) != Some(date);
    }
    if kept.dates.len() > MOST {
        kept.dates.retain(|place, _| met.contains_key(place));
    }
    if is_new && write(directory, &kept).is_err() {
        forget(directory)?;
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &kept.key))
}

impl DateList {
    fn new() -> io::Result<Self> {
        let mut key = [0; KEY];
        getrandom::fill(&mut key)?;
        let dates = HashMap::new();
        Ok(Self { key, dates })
    }
}

/// Forgets all dates: before a build that does not go by them.
///
/// # Errors
/// The system's.
pub fn forget(directory: &Directory) -> io::Result<()> {
    match unlinkat(directory, NAME, AtFlags::empty()) {
        Ok(()) => Ok(fsync(directory.reopened()?)?),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The list; none if it is not whole.
fn read(directory: &Directory) -> Option<DateList> {
    let file = private_file::open(directory, NAME).ok()?;
    let mut bytes = Vec::new();
    let most = HEAD.len() + 2 * MOST * ITEM;
    file.take(most as u64).read_to_end(&mut bytes).ok()?;
    let (items, hash) = bytes.split_last_chunk::<32>()?;
    if Sha256::digest(items)[..] != hash[..] {
        return None;
    }
    let (key, items) = items.strip_prefix(&HEAD)?.split_first_chunk::<KEY>()?;
    let (items, rest) = items.as_chunks::<ITEM>();
    rest.is_empty().then(|| DateList {
        key: *key,
        dates: items.iter().map(item).collect(),
    })
}

fn item(bytes: &[u8; ITEM]) -> (PathHash, Date) {
    let mut parts = (Short::default(), Short::default(), [0; 8]);
    parts.0.copy_from_slice(&bytes[..16]);
    parts.1.copy_from_slice(&bytes[16..32]);
    parts.2.copy_from_slice(&bytes[32..]);
    let (place, contents, second) = parts;
    let second = i64::from_le_bytes(second);
    (PathHash(place), Date { contents, second })
}

// A list of before must not come back with a disk that lost its power, and the key in it is nobody else's.
fn write(directory: &Directory, kept: &DateList) -> io::Result<()> {
    private_file::put(directory, NAME, |file| {
        let mut out = Hashing::new(BufWriter::new(file));
        out.write_all(&HEAD)?;
        out.write_all(&kept.key)?;
        for (place, date) in &kept.dates {
            out.write_all(&place.0)?;
            out.write_all(&date.contents)?;
            out.write_all(&date.second.to_le_bytes())?;
        }
        let (mut out, hash, _) = out.finish();
        out.write_all(&hash.finalize())?;
        out.flush()
    })
}

#[cfg(test)]
mod tests;
