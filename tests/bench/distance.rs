//! A distance: a port of loopback behind which a daemon's socket is, as far away as it is said to be.
//!
//! Each byte arrives after the delay, in either direction; the bandwidth is not narrowed. Loopback has no distance of its own that a kernel
//! without `netem` could make.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crate::error::BenchError;

/// How many pieces may be on their way in one direction, of 64 KiB each at most.
const ON_THE_WAY: usize = 1024;
const PIECE: usize = 64 << 10;

/// A daemon that is far away. It is as long as the program runs.
pub(crate) struct Distance {
    port: u16,
    carried: Arc<AtomicU64>,
}

impl Distance {
    /// To the daemon at a socket, one way in so long.
    pub(crate) fn to(socket: &Path, delay: Duration) -> Result<Self, BenchError> {
        let failed = |source| BenchError::Run {
            program: "a distance".to_owned(),
            source,
        };
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let carried = Arc::new(AtomicU64::new(0));
        let (counted, socket) = (Arc::clone(&carried), socket.to_owned());
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // Who cannot be connected finds the connection closed.
                let _ = connect(near, &socket, delay, &counted);
            }
        });
        Ok(Self { port, carried })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// How many bytes went either way since this was asked last.
    pub(crate) fn take_carried(&self) -> u64 {
        self.carried.swap(0, Ordering::Relaxed)
    }
}

fn connect(
    near: TcpStream,
    socket: &PathBuf,
    delay: Duration,
    carried: &Arc<AtomicU64>,
) -> io::Result<()> {
    near.set_nodelay(true)?;
    let far = UnixStream::connect(socket)?;
    let (near_again, far_again) = (near.try_clone()?, far.try_clone()?);
    let (there, back) = (Arc::clone(carried), Arc::clone(carried));
    let end_far = far.try_clone()?;
    let end_near = near.try_clone()?;
    carry(near, far_again, delay, there, move || {
        end_far.shutdown(Shutdown::Write)
    });
    carry(far, near_again, delay, back, move || {
        end_near.shutdown(Shutdown::Write)
    });
    Ok(())
}

/// Carries what comes in one direction, by two threads: one reads, one writes when it is time.
fn carry(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    delay: Duration,
    carried: Arc<AtomicU64>,
    end: impl FnOnce() -> io::Result<()> + Send + 'static,
) {
    let (pieces, arriving) = mpsc::sync_channel::<(Instant, Vec<u8>)>(ON_THE_WAY);
    thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        while let Ok(length) = from.read(&mut piece)
            && length > 0
            && pieces
                .send((Instant::now() + delay, piece[..length].to_vec()))
                .is_ok()
        {}
    });
    thread::spawn(move || {
        for (due, piece) in arriving {
            while let left = due.saturating_duration_since(Instant::now())
                && !left.is_zero()
            {
                thread::park_timeout(left); // nobody wakes it
            }
            if to.write_all(&piece).is_err() {
                break;
            }
            carried.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        let _ = end(); // whoever is gone needs no end
    });
}
