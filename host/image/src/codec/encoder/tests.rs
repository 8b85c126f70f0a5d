use std::num::NonZero;
use std::thread;

use super::*;

/// How many blocks a stream has.
const BLOCKS: usize = 7;

/// Checks at each write that no more blocks are held than may be, and fails where it is told to.
struct Sink {
    pool: Pool,
    limit: usize,
    fails_after: usize,
    bytes: Vec<u8>,
}

impl Sink {
    fn of(pool: &Pool, threads: usize) -> Self {
        Self {
            pool: pool.clone(),
            limit: 2 * threads,
            fails_after: usize::MAX,
            bytes: Vec::new(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(self.pool.taken() <= self.limit);
        if self.bytes.len() + bytes.len() > self.fails_after {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pool(threads: usize) -> Pool {
    Pool::of(NonZero::new(threads).unwrap())
}

/// A block that is unlike those of other streams and places.
fn block(stream: usize, place: usize) -> Vec<u8> {
    let size = Codec::gzip().block();
    let line = format!("{stream} {place}\n");
    let mut block = line.repeat(size / line.len() + 1).into_bytes();
    block.truncate(size);
    block
}

/// What becomes of a stream where each block is compressed by itself.
fn expected(stream: usize) -> Vec<u8> {
    let blocks = (0..BLOCKS).map(|place| Codec::gzip().compress(&block(stream, place)).unwrap());
    blocks.collect::<Vec<_>>().concat()
}

#[test]
fn streams_at_once_hold_no_more_than_the_pool_has_places_for() {
    const THREADS: usize = 2;
    let pool = pool(THREADS);
    thread::scope(|scope| {
        for stream in 0..5 {
            let pool = &pool;
            scope.spawn(move || {
                let sink = Sink::of(pool, THREADS);
                let mut encoder = Encoder::on(pool.clone(), Codec::gzip(), sink);
                for place in 0..BLOCKS {
                    encoder.write_all(&block(stream, place)).unwrap();
                }
                assert!(
                    encoder.finish().unwrap().bytes == expected(stream),
                    "{stream}"
                );
            });
        }
    });

    assert_eq!(pool.taken(), 0);
}

#[test]
fn streams_in_turn_on_one_thread_do_not_wait_for_each_other() {
    let pool = pool(1);
    let encoder = |_| Encoder::on(pool.clone(), Codec::gzip(), Sink::of(&pool, 1));
    let mut encoders: Vec<_> = (0..5).map(encoder).collect();
    for place in 0..BLOCKS {
        for (stream, encoder) in encoders.iter_mut().enumerate() {
            encoder.write_all(&block(stream, place)).unwrap();
        }
    }
    for (stream, encoder) in encoders.into_iter().enumerate() {
        assert!(
            encoder.finish().unwrap().bytes == expected(stream),
            "{stream}"
        );
    }
}

#[test]
fn stream_that_is_dropped_leaves_nothing_behind() {
    for given in 0..BLOCKS {
        let pool = pool(2);
        let is_gone = pool.is_gone();
        let mut encoder = Encoder::on(pool, Codec::gzip(), Vec::new());
        for place in 0..given {
            encoder.write_all(&block(0, place)).unwrap();
        }
        encoder.write_all(b"and a part").unwrap();
        assert!(!is_gone());
        drop(encoder);
        assert!(is_gone(), "after {given} blocks");
    }
}

#[test]
fn failure_of_the_writer_is_told_and_is_final() {
    let whole = expected(0).len();
    for fails_after in [0, 1, whole / 2, whole - 1] {
        let pool = pool(2);
        let is_gone = pool.is_gone();
        let mut sink = Sink::of(&pool, 2);
        sink.fails_after = fails_after;
        let mut encoder = Encoder::on(pool, Codec::gzip(), sink);
        let written = (0..BLOCKS).try_for_each(|place| encoder.write_all(&block(0, place)));
        let flushed = written.and_then(|()| encoder.flush());

        assert_eq!(flushed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(encoder.write_all(b"more").is_err());
        assert!(encoder.flush().is_err());
        assert!(encoder.finish().is_err());
        assert!(is_gone(), "after {fails_after} bytes");
    }
}

#[test]
fn stream_of_less_than_a_block_starts_no_thread() {
    let pool = pool(2);
    let mut encoder = Encoder::on(pool.clone(), Codec::gzip(), Vec::new());
    encoder.write_all(b"little").unwrap();
    encoder.finish().unwrap();

    assert_eq!(pool.started(), 0);
}
