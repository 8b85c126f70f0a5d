//! No builder: why none of a fleet is taken.
//!
//! Reads and writes: nothing.

use std::error::Error;
use std::fmt;

use oci_image_boundary::outside::shown;

use crate::refusal::Refusal;

/// Why no builder was taken.
#[derive(Debug)]
pub struct NoBuilder {
    /// Each builder, and why it was not taken.
    pub refusals: Vec<(String, Refusal)>,
}

impl fmt::Display for NoBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusals.as_slice() {
            [(name, refusal)] => {
                write!(
                    f,
                    "the builder `{}` cannot be used: {}",
                    shown(name),
                    refusal.reason()
                )
            }
            refusals => {
                f.write_str("no builder can be used")?;
                for (name, refusal) in refusals {
                    write!(f, "\n`{}`: {}", shown(name), refusal.reason())?;
                }
                Ok(())
            }
        }
    }
}

impl Error for NoBuilder {}
