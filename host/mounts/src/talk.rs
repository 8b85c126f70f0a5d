//! What is said with a step, from this side: who keeps the archive.
//!
//! All of it blocks. Reads and writes: the streams, archives. Unknown here: how the streams lead to the step (`carrier`).

use std::io::{self, Read, Write};

use oci_image_courier::fingerprint::Fingerprint;
use oci_image_courier::frame::{FrameError, FrameReader, FrameWriter, write_text};
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
    /// Another thing than what was known, all of it.
    Whole(WholeArchive, Amount),
}

/// Takes what the step holds, if its fingerprint is not the one that is known.
pub(crate) fn take(
    key: &Key,
    known: Option<&Fingerprint>,
    limit: u64,
    archives: &Archives,
    (from, to): (&mut impl Read, &mut impl Write),
) -> Result<Taken, MountError> {
    let Holding {
        fingerprint,
        amount,
        stream,
    } = match Report::read(from)? {
        Report::Empty => return Ok(Taken::Nothing),
        Report::Holds(holding) => holding,
        other => return Err(unexpected(other)),
    };
    if known == Some(&fingerprint) {
        order(Order::Enough, to)?;
        return Ok(Taken::Unchanged(amount));
    }
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

/// Gives the step what an archive holds, unless the cache holds something; how much it holds then.
pub(crate) fn give(
    archive: &mut Archive,
    limit: u64,
    (from, to): (&mut impl Read, &mut impl Write),
) -> Result<Option<Amount>, MountError> {
    match Report::read(from)? {
        Report::Occupied => return Ok(None),
        Report::Empty => {}
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
        Report::Restored(amount) => Ok(Some(amount)),
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
