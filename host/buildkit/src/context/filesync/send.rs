//! The sending of one local: the listing, and the contents that the daemon asks for meanwhile.
//!
//! A file is sent as it is when it is opened: of one that grows, as many bytes as it had then; of one that was replaced,
//! the new one. One that shrinks, vanishes or becomes something else ends the transfer with its path, because half a
//! file is none.
//!
//! Everything here blocks: the caller gives it a thread. Reads: the local. Writes: nothing.
//! Unknown here: the transport.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tonic::Status;

use crate::context::dated::DatedLocal;
use crate::context::filesync::error::FileSyncError;
use crate::context::filesync::packet::{
    DATA_HEADER_LIMIT, put_data_header, put_end_of_data, put_end_of_listing, put_entry,
};
use crate::context::filesync::requests::Requests;
use crate::context::filesync::tally::Tally;
use crate::context::local::LocalQuestion;
use crate::context::walk::{Entry, Filter, Inode, Kind, Link, Root, Visitor, walk};

/// Threads that read files.
const READERS: usize = 4;
/// Bytes of a file that travel in one packet.
// The daemon takes 16 MiB; more than this was no faster and costs memory.
const CHUNK: usize = 1 << 20;
/// Size at which a buffer of small packets leaves, in bytes.
const BATCH: usize = 64 << 10;

/// Sends the listing and what is requested of it, until `requests` is closed or the receiver of `buffers` is gone. What is `dated` has
/// the times of that, and is held against it.
///
/// # Errors
/// The first [`FileSyncError`]; nothing is sent after it.
pub(super) fn send(
    question: &LocalQuestion,
    requests: &Requests,
    buffers: &mpsc::Sender<Result<Bytes, Status>>,
    tally: &Tally,
    dated: Option<DatedLocal<'_>>,
) -> Result<(), FileSyncError> {
    let LocalQuestion { local, patterns } = question;
    let root = Root::new(local.directory.clone());
    let filter = Filter::new(&root, patterns)?;
    let sending = Sending {
        root: &root,
        dated,
        requests,
        buffers,
        tally,
        offers: Mutex::default(),
        error: Mutex::default(),
    };
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| sending.stop_on_error(Sending::read));
        }
        sending.stop_on_error(|sending| sending.list(&filter));
    });
    let error = sending.error.into_inner();
    error
        .unwrap_or_else(PoisonError::into_inner)
        .map_or(Ok(()), Err)
}

/// What the threads of one transfer share.
struct Sending<'a> {
    root: &'a Root,
    dated: Option<DatedLocal<'a>>,
    requests: &'a Requests,
    buffers: &'a mpsc::Sender<Result<Bytes, Status>>,
    tally: &'a Tally,
    offers: Mutex<Offers>,
    error: Mutex<Option<FileSyncError>>,
}

/// The paths that the daemon may ask for, by their place in the listing.
#[derive(Default)]
struct Offers {
    /// All paths, one after the other.
    paths: Vec<u8>,
    entries: Vec<Offer>,
}

#[derive(Clone, Copy)]
enum Offer {
    /// Nothing to ask for.
    Nothing,
    /// A file whose path ends here; it begins where the one before it ended.
    File {
        start: usize,
        end: usize,
        /// Whether its time is that of what it held when it was met.
        dated: bool,
    },
    /// A file without contents.
    Empty,
}

/// Why a thread leaves its work unfinished.
enum End {
    /// For a reason that is known elsewhere: nobody listens any more.
    Stopped,
    Failed(FileSyncError),
}

impl<E: Into<FileSyncError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Sending<'_> {
    fn stop_on_error(&self, work: impl FnOnce(&Self) -> Result<(), End>) {
        if let Err(End::Failed(error)) = work(self) {
            let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(error);
            self.requests.close();
        }
    }

    fn list(&self, filter: &Filter) -> Result<(), End> {
        self.enter_top()?;
        let mut buffer = Vec::with_capacity(BATCH);
        let mut ended = None;
        let listing = Listing {
            sending: self,
            buffer: &mut buffer,
            ended: &mut ended,
        };
        walk(self.root, filter, listing)?;
        if let Some(end) = ended {
            return Err(end);
        }
        put_end_of_listing(&mut buffer);
        self.flush(&mut buffer)
    }

    /// Has a checkout know of what the local is now.
    fn enter_top(&self) -> Result<(), End> {
        let Some(dated) = self.dated else {
            return Ok(());
        };
        let top = Inode::of_root(self.root).map_err(|source| FileSyncError::Open {
            path: self.root.full_path(b""),
            source,
        })?;
        dated.enter_top(top).map_err(stays_known)
    }

    /// The time of an entry by what was met of it.
    fn time(&self, path: &[u8], entry: &Entry, link: Link<'_>) -> Result<Option<i64>, End> {
        match self.dated {
            None => Ok(None),
            Some(dated) => dated.time(path, entry, link).map_err(stays_known),
        }
    }

    /// Answers requests until there are no more.
    fn read(&self) -> Result<(), End> {
        let mut buffer = Vec::with_capacity(BATCH);
        let mut flushed = Ok(());
        while let Some(id) = self.requests.next(|| flushed = self.flush(&mut buffer)) {
            std::mem::replace(&mut flushed, Ok(()))?;
            self.answer(id, &mut buffer)?;
        }
        flushed
    }

    fn answer(&self, id: u32, buffer: &mut Vec<u8>) -> Result<(), End> {
        if let Some((path, is_dated)) = self.take_offer(id)? {
            let contents = Contents::open(self.root, &path)?;
            let dated = self.dated.filter(|_| is_dated);
            let mut hash = dated.map(|dated| (dated, Sha256::new()));
            let mut sent = 0;
            while sent < contents.size {
                let left = usize::try_from(contents.size - sent).unwrap_or(usize::MAX);
                let length = left.min(CHUNK);
                self.make_room(buffer, length)?;
                put_data_header(buffer, id, length);
                let start = buffer.len();
                contents.read(buffer, sent, length)?;
                if let Some((_, hash)) = &mut hash {
                    hash.update(&buffer[start..]);
                }
                sent += length as u64;
            }
            // Before the end: until then the daemon takes it for half a file.
            if let Some((dated, hash)) = hash
                && !dated.holds(&path, hash)
            {
                let path = self.root.full_path(&path);
                return Err(FileSyncError::Changed { path }.into());
            }
            self.tally.file(sent);
        }
        put_end_of_data(buffer, id);
        Ok(())
    }

    /// Makes sure that a packet of data fits into the buffer, by sending the buffer if need be.
    fn make_room(&self, buffer: &mut Vec<u8>, length: usize) -> Result<(), End> {
        // The end of one file and the header of the next go along.
        let needed = length + 2 * DATA_HEADER_LIMIT;
        if buffer.capacity() - buffer.len() < needed {
            self.flush(buffer)?;
            *buffer = Vec::with_capacity(needed.max(BATCH));
        }
        Ok(())
    }

    /// Sends what is in the buffer.
    fn flush(&self, buffer: &mut Vec<u8>) -> Result<(), End> {
        if buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::take(buffer);
        self.buffers
            .blocking_send(Ok(full.into()))
            .map_err(|_| End::Stopped)
    }

    fn offer(&self, path: &[u8], kind: Kind, dated: bool) {
        self.requests.offer();
        self.tally.entry();
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        let offer = match kind {
            Kind::File => {
                let start = offers.paths.len();
                offers.paths.extend_from_slice(path);
                let end = offers.paths.len();
                Offer::File { start, end, dated }
            }
            Kind::Socket => Offer::Empty,
            Kind::Directory | Kind::Other => Offer::Nothing,
        };
        offers.entries.push(offer);
    }

    /// The path of an entry that was offered, once, and whether it is dated; `None` if it has no contents to open.
    fn take_offer(&self, id: u32) -> Result<Option<(Vec<u8>, bool)>, FileSyncError> {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        let Offers { paths, entries } = &mut *offers;
        let offer = entries
            .get_mut(id as usize)
            .map(|offer| std::mem::replace(offer, Offer::Nothing));
        match offer {
            Some(Offer::File { start, end, dated }) => {
                Ok(Some((paths[start..end].to_vec(), dated)))
            }
            Some(Offer::Empty) => Ok(None),
            Some(Offer::Nothing) | None => Err(FileSyncError::NotOffered { id }),
        }
    }
}

/// What becomes of a walk: the listing.
struct Listing<'a> {
    sending: &'a Sending<'a>,
    buffer: &'a mut Vec<u8>,
    ended: &'a mut Option<End>,
}

impl Listing<'_> {
    fn put(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> Result<(), End> {
        let sending = self.sending;
        let time = sending.time(path, entry, link)?;
        put_entry(
            self.buffer,
            path,
            entry,
            link,
            time.unwrap_or(entry.modified),
        );
        sending.offer(path, entry.kind, time.is_some());
        if self.buffer.len() >= BATCH / 2 {
            if sending.requests.is_closed() {
                return Err(End::Stopped);
            }
            sending.flush(self.buffer)?;
            self.buffer.reserve(BATCH);
        }
        Ok(())
    }

    fn go_on(&mut self, done: Result<(), End>) -> ControlFlow<()> {
        match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(end) => {
                *self.ended = Some(end);
                ControlFlow::Break(())
            }
        }
    }
}

impl Visitor for Listing<'_> {
    fn visit(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> ControlFlow<()> {
        let put = self.put(path, entry, link);
        self.go_on(put)
    }

    fn enter(&mut self, path: &[u8], directory: &Entry) -> ControlFlow<()> {
        let entered = match self.sending.dated {
            None => Ok(()),
            Some(dated) => dated.enter(path, directory).map_err(stays_known),
        };
        self.go_on(entered)
    }
}

fn stays_known(source: io::Error) -> End {
    End::Failed(FileSyncError::Identity { source })
}

/// A file that is open, with the size that it had then.
struct Contents<'a> {
    file: File,
    size: u64,
    root: &'a Root,
    path: &'a [u8],
}

impl<'a> Contents<'a> {
    fn open(root: &'a Root, path: &'a [u8]) -> Result<Self, FileSyncError> {
        let opened = root.open_file(path).and_then(|file| {
            let metadata = file.metadata()?;
            Ok((file, metadata))
        });
        let (file, metadata) = opened.map_err(|source| {
            let path = root.full_path(path);
            match Errno::from_io_error(&source) {
                // A link stands there now, or on the way; or a directory on it was moved away.
                Some(Errno::LOOP | Errno::NOTDIR | Errno::XDEV) => FileSyncError::Replaced { path },
                _ => FileSyncError::Open { path, source },
            }
        })?;
        if !metadata.is_file() {
            return Err(FileSyncError::Replaced {
                path: root.full_path(path),
            });
        }
        Ok(Self {
            file,
            size: metadata.len(),
            root,
            path,
        })
    }

    /// Appends `length` bytes from `offset` on.
    fn read(&self, buffer: &mut Vec<u8>, offset: u64, length: usize) -> Result<(), FileSyncError> {
        let start = buffer.len();
        while buffer.len() - start < length {
            let at = offset + (buffer.len() - start) as u64;
            // This may read more than was asked for, if the file has grown; that is cut off below.
            match rustix::io::pread(&self.file, spare_capacity(buffer), at) {
                Ok(0) => {
                    return Err(FileSyncError::Shrank {
                        path: self.root.full_path(self.path),
                        expected: self.size,
                        actual: at,
                    });
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    return Err(FileSyncError::Read {
                        path: self.root.full_path(self.path),
                        source: io::Error::from(error),
                    });
                }
            }
        }
        buffer.truncate(start + length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use oci_image_boundary::handle::Directory;

    use super::*;

    #[test]
    fn a_file_is_read_to_the_size_that_it_had_and_an_earlier_end_is_an_error() {
        let tree = tempfile::tempdir().unwrap();
        let path = tree.path().join("a");
        fs::write(&path, "before").unwrap();
        let root = Root::new(Directory::open(tree.path()).unwrap());
        let contents = Contents::open(&root, b"a").unwrap();
        let mut buffer = Vec::with_capacity(100);

        fs::write(&path, "before and after").unwrap();
        contents.read(&mut buffer, 0, 6).unwrap();
        fs::write(&path, "less").unwrap();
        let error = contents.read(&mut buffer, 0, 6).unwrap_err();

        assert!(buffer.starts_with(b"before") && contents.size == 6);
        let path = path.display();
        let expected = format!("`{path}` shrank from 6 to 4 bytes while it was read");
        assert_eq!(error.to_string(), expected);
    }
}
