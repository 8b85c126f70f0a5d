//! The chain of an error and its causes, in one line.
//!
//! Reads and writes: nothing. Unknown here: what went wrong, and who is told.

use std::error::Error;
use std::iter;

/// An error and its causes, each after a colon.
///
/// ```
/// use std::io;
/// use oci_image_boundary::chain::chain;
///
/// let cause = io::Error::other("the disk is full");
/// assert_eq!(chain(&io::Error::other(cause)), "the disk is full");
/// ```
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(Some(error), |&error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
