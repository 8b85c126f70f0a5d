//! Threads that compress blocks, one a core, for all streams of the process.
//!
//! A block has a place from when it is given until its compressed bytes are written, and there are two places a thread: so
//! memory is bounded by cores, and not by how many streams there are or how long they are. Who finds no place is not made to
//! wait for those of others, whose writers may be waiting for him: he writes what he has given, or does the work himself.
//!
//! Threads start when there is work for them, and end with the last stream that uses the pool.
//!
//! Reads and writes: nothing. Unknown here: the order of blocks, where they go.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::num::NonZero;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use super::kind::Codec;

/// The most blocks that are given and not written, for each thread: one that it works on, and one that it has next, or that
/// waits for its writer.
const PLACES: usize = 2;

/// The pool of the process, while anybody uses it.
static SHARED: Mutex<Weak<Running>> = Mutex::new(Weak::new());

/// Threads that compress.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Running>);

/// What ends with the last who uses it.
#[derive(Debug)]
struct Running(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    threads: usize,
    taken: AtomicUsize,
    work: Mutex<Work>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Work {
    queue: VecDeque<Job>,
    threads: Vec<JoinHandle<()>>,
    idle: usize,
    is_over: bool,
}

/// Leave to hold one block, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<Shared>);

/// Raw bytes, and what is to become of them.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) codec: Codec,
    pub(super) raw: Vec<u8>,
}

/// A block that was given to the pool; nobody compresses it any more once this is dropped.
#[derive(Debug)]
pub(super) struct Pending {
    answer: Receiver<io::Result<Compressed>>,
    _wanted: Arc<()>,
}

/// A block as it is written.
#[derive(Debug)]
pub(super) struct Compressed {
    pub(super) bytes: Vec<u8>,
    _place: Slot,
}

#[derive(Debug)]
struct Job {
    block: Block,
    place: Slot,
    wanted: Weak<()>,
    answer: SyncSender<io::Result<Compressed>>,
}

impl Pool {
    /// That of the process: a thread for each core that this process may use.
    pub fn shared() -> Self {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Self(running);
        }
        let cores = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let pool = Self::of(cores);
        *shared = Arc::downgrade(&pool.0);
        pool
    }

    /// One of its own, of at most this many threads.
    pub fn of(threads: NonZero<usize>) -> Self {
        Self(Arc::new(Running(Arc::new(Shared {
            threads: threads.get(),
            taken: AtomicUsize::new(0),
            work: Mutex::default(),
            changed: Condvar::new(),
        }))))
    }

    /// Leave to give a block; `None` while there are as many as there may be.
    pub(super) fn place(&self) -> Option<Slot> {
        let Running(shared) = &*self.0;
        let limit = shared.threads.saturating_mul(PLACES);
        let one_more = |taken: usize| (taken < limit).then_some(taken + 1);
        let taken = (shared.taken).fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        taken.ok().map(|_| Slot(Arc::clone(shared)))
    }

    /// Gives a block to the threads; it comes back if no thread can be started.
    pub(super) fn give(&self, block: Block, place: Slot) -> Result<Pending, Block> {
        let Running(shared) = &*self.0;
        let mut work = shared.work();
        if work.idle <= work.queue.len() && work.threads.len() < shared.threads {
            let started = start(Arc::clone(shared));
            work.threads.extend(started);
        }
        if work.threads.is_empty() {
            return Err(block);
        }
        let wanted = Arc::new(());
        let (answer, awaited) = mpsc::sync_channel(1);
        work.queue.push_back(Job {
            block,
            place,
            wanted: Arc::downgrade(&wanted),
            answer,
        });
        shared.changed.notify_one();
        Ok(Pending {
            answer: awaited,
            _wanted: wanted,
        })
    }

    /// How many blocks are given and not written.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.0.0.taken.load(Ordering::Acquire)
    }

    /// How many threads were started.
    #[cfg(test)]
    pub(super) fn started(&self) -> usize {
        self.0.0.work().threads.len()
    }

    /// Tells whether the pool, its threads and all that they were given are gone.
    #[cfg(test)]
    pub(super) fn is_gone(&self) -> impl Fn() -> bool + use<> {
        let shared = Arc::downgrade(&self.0.0);
        move || shared.strong_count() == 0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut work = self.0.work();
        work.is_over = true;
        let threads = mem::take(&mut work.threads);
        drop(work);
        self.0.changed.notify_all();
        for thread in threads {
            // What a thread did when it panicked is nobody's any more.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is next; `None` when nothing will be.
    fn next(&self) -> Option<Job> {
        let mut work = self.work();
        loop {
            if let Some(job) = work.queue.pop_front() {
                return Some(job);
            }
            if work.is_over {
                return None;
            }
            work.idle += 1;
            work = (self.changed.wait(work)).unwrap_or_else(PoisonError::into_inner);
            work.idle -= 1;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Block {
    pub(super) fn compress(&self) -> io::Result<Vec<u8>> {
        self.codec.compress(&self.raw)
    }
}

impl Pending {
    /// What became of it, if that is known.
    pub(super) fn ready(&self) -> Option<io::Result<Compressed>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(lost())),
        }
    }

    /// Waits for what becomes of it.
    pub(super) fn wait(self) -> io::Result<Compressed> {
        self.answer.recv().unwrap_or_else(|_| Err(lost()))
    }
}

impl Job {
    fn run(self) {
        if self.wanted.strong_count() == 0 {
            return;
        }
        // A panic is the failure of this block, and not of the blocks that the thread would have had next.
        let Ok(compressed) = panic::catch_unwind(|| self.block.compress()) else {
            return;
        };
        let answer = compressed.map(|bytes| Compressed {
            bytes,
            _place: self.place,
        });
        // Whoever asked may have left meanwhile.
        let _ = self.answer.send(answer);
    }
}

fn start(shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let serve = move || {
        while let Some(job) = shared.next() {
            job.run();
        }
    };
    thread::Builder::new()
        .name("compress".to_owned())
        .spawn(serve)
}

fn lost() -> io::Error {
    io::Error::other("a block was not compressed: its thread panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_comes_back_where_no_thread_can_be_started() {
        let pool = Pool(Arc::new(Running(Arc::new(Shared {
            threads: 0,
            taken: AtomicUsize::new(1),
            work: Mutex::default(),
            changed: Condvar::new(),
        }))));
        let block = Block {
            codec: Codec::gzip(),
            raw: b"raw".to_vec(),
        };
        let place = Slot(Arc::clone(&pool.0.0));

        assert_eq!(pool.give(block, place).unwrap_err().raw, b"raw");
        assert_eq!(pool.taken(), 0);
        assert!(pool.place().is_none());
    }

    #[test]
    fn pool_of_the_process_is_one_while_it_is_used() {
        let pool = Pool::shared();
        assert!(Arc::ptr_eq(&pool.0, &Pool::shared().0));
    }
}
