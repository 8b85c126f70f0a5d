//! The wall clock over one call of the planner.
//!
//! The planner runs as a future that comes back every so many instructions, and here is where it comes back to. So a call
//! needs no thread that watches it, and no async runtime; it may be made within one.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use oci_image_boundary::cancel::Cancel;

/// How much fuel the planner burns between two looks at the clock: about 10 ms of work.
pub(super) const FUEL_BETWEEN_LOOKS: u64 = 10_000_000;

/// The call's result, or nothing if it takes longer than until `end`, or nobody wants it any more.
pub(super) fn run_until<T>(
    end: Instant,
    cancel: &Cancel,
    call: impl Future<Output = T>,
) -> Option<T> {
    let mut call = pin!(call);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = call.as_mut().poll(&mut context) {
            return Some(result);
        }
        if Instant::now() >= end || cancel.is_cancelled() {
            return None;
        }
    }
}
