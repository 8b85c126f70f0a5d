//! What is said with a step, from this side: who keeps the archive.
//!
//! All of it blocks. Reads and writes: the streams, archives. Unknown here: how the streams lead to the step (`carrier`).

use std::io::{self, Read, Write};

use oci_image_courier::frame::{FrameError, FrameReader, FrameWriter, write_text};
use oci_image_courier::identity::Identity;
use oci_image_courier::message::{Amount, Holding, Order, Report};

use crate::archive::{Archive, GrowingArchive, WholeArchive};
use crate::archives::Archives;
use crate::error::MountError;
use crate::key::Key;
use crate::record::Record;

/// How many bytes a tar stream may have for each byte that archives may have: files of zeroes are compressed to nothing.
const EXPANSION: u64 = 64;

/// What the step holds, after it was asked.
pub(crate) enum Taken {
    /// Nothing.
    Nothing,
    /// What is known.
    Unchanged(Amount),
    /// Less than what was kept, in another cache than the one that was filled with that.
    Poorer(Amount),
    /// Another thing than what was known, all of it.
    Whole(WholeArchive, Amount),
}

/// What is known of a cache before it is saved.
pub(crate) struct Known {
    /// That of what was kept of it.
    pub(crate) record: Record,
    /// The one that held that before the build, if one did.
    pub(crate) identity: Option<Identity>,
}

impl Known {
    /// Whether what is found is another cache with less in it: then the steps have missed the one that they were to have, and the next
    /// build is better served by that.
    fn is_missed(&self, found: Identity, amount: Amount) -> bool {
        self.identity.is_some_and(|identity| identity != found) && amount.bytes < self.record.bytes
    }

    /// What there is to say of what is found, if that is not to be taken.
    fn spares(&self, found: &Holding) -> Option<Taken> {
        if self.record.fingerprint().as_ref() == Some(&found.fingerprint) {
            return Some(Taken::Unchanged(found.amount));
        }
        let is_missed = self.is_missed(found.identity, found.amount);
        is_missed.then_some(Taken::Poorer(found.amount))
    }
}

/// Takes what the step holds, if that is not what is known, and not a poor stand-in for it.
pub(crate) fn take(
    key: &Key,
    known: Option<&Known>,
    limit: u64,
    archives: &Archives,
    (from, to): (&mut impl Read, &mut impl Write),
) -> Result<Taken, MountError> {
    let holding = match Report::read(from)? {
        Report::Holds(holding) => holding,
        Report::Empty(found) => {
            let nothing = Amount::default();
            let is_missed = known.is_some_and(|known| known.is_missed(found, nothing));
            return Ok(if is_missed {
                Taken::Poorer(nothing)
            } else {
                Taken::Nothing
            });
        }
        other => return Err(unexpected(other)),
    };
    if let Some(spared) = known.and_then(|known| known.spares(&holding)) {
        order(Order::Enough, to)?;
        return Ok(spared);
    }
    let Holding {
        fingerprint,
        amount,
        stream,
        ..
    } = holding;
    if stream > limit.saturating_mul(EXPANSION) {
        return Err(MountError::TooLarge(stream / EXPANSION));
    }
    order(Order::Send, to)?;
    let name = key.name();
    let record = Record::new(key.clone(), &fingerprint, amount, stream);
    let growing = archives
        .partial()
        .and_then(|file| GrowingArchive::new(record, file));
    let mut growing = growing.map_err(MountError::keeping("write", &name))?;
    let mut frames = FrameReader::new(from);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = frames.read(&mut buffer).map_err(FrameError::Stream)?;
        if read == 0 {
            break;
        }
        let written = growing.write_all(&buffer[..read]);
        written.map_err(MountError::keeping("write", &name))?;
        if growing.size() > limit {
            return Err(MountError::TooLarge(growing.size()));
        }
    }
    let whole = growing
        .finish()
        .map_err(MountError::keeping("write", &name))?;
    Ok(Taken::Whole(whole, amount))
}

/// Gives the step what an archive holds, unless the cache holds something; which cache it is, and how much it was given.
pub(crate) fn give(
    archive: &mut Archive,
    limit: u64,
    (from, to): (&mut impl Read, &mut impl Write),
) -> Result<(Option<Amount>, Identity), MountError> {
    match Report::read(from)? {
        Report::Occupied(identity) => return Ok((None, identity)),
        Report::Empty(_) => {}
        other => return Err(unexpected(other)),
    }
    let limit = (archive.record.stream).min(limit.saturating_mul(EXPANSION));
    order(Order::Restore { limit }, to)?;
    let mut frames = FrameWriter::new(&mut *to);
    let is_sound = archive.send(&mut frames);
    let is_sound = is_sound.map_err(MountError::keeping("send", &archive.name))?;
    if is_sound {
        frames.end().map_err(FrameError::Stream)?;
    } else {
        drop(frames);
        write_text(to, "the archive is damaged").map_err(FrameError::Stream)?;
    }
    match Report::read(from)? {
        Report::Restored(amount, identity) => Ok((Some(amount), identity)),
        _ if !is_sound => Err(MountError::Damaged {
            name: archive.name.clone(),
            how: "damaged",
        }),
        other => Err(unexpected(other)),
    }
}

fn order(order: Order, to: &mut impl Write) -> Result<(), MountError> {
    let given: io::Result<()> = order.write(to);
    Ok(given.map_err(FrameError::Stream)?)
}

fn unexpected(report: Report) -> MountError {
    match report {
        Report::Failed(message) => MountError::Told(message),
        _ => FrameError::Unexpected.into(),
    }
}
