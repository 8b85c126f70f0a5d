//! One block as a member of gzip, by libdeflate.
//!
//! Beside Go's `compress/gzip` at its default, which is what a daemon makes of a layer, over 300 MB taken evenly from a tar of
//! a Debian's `/usr` (CPU time of one core; above 1 is better):
//!
//! | in blocks of 1 MiB | speed | size |
//! | --- | ---: | ---: |
//! | libdeflate 1, 3 | 4.8, 3.5 | 0.955, 0.994 |
//! | libdeflate 4 | 3.3 | 0.9994 |
//! | **libdeflate 5** | **2.8** | **1.015** |
//! | libdeflate 6 | 2.5 | 1.021 |
//! | zlib-rs 1, 4, 6 | 4.8, 2.2, 1.7 | 0.80, 0.98, 0.999 |
//! | ISA-L 1, 3, as one stream | 14, 9.5 | 0.91, 0.94 |
//!
//! A layer must not be larger than it is elsewhere, for it is sent and stored more often than it is made; 5 is the fastest
//! level that keeps to it. ISA-L never does, and what binds it needs autotools and an assembler. Larger blocks gain nothing
//! (4 MiB: 0.1 %), smaller ones lose little (256 KiB: 0.5 %).
//!
//! The header is the same in every member: no name, no time, operating system 255 ("unknown").
//!
//! Source: RFC 1952; `libdeflate.h`.

use std::fmt::{self, Display, Formatter};
use std::io;

use libdeflater::{CompressionLvl, Compressor};

/// How many bytes make a member.
pub(super) const BLOCK: usize = 1 << 20;

/// What compresses, and its version: another one may find other matches.
pub(super) const LIBRARY: &str = "libdeflate1.26.1";

/// How hard gzip tries: from 1, the fastest, to 12, the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GzipLevel(CompressionLvl);

impl GzipLevel {
    /// A level from 1 to 12; `None` if it is another.
    pub fn new(level: u8) -> Option<Self> {
        let level = (level > 0).then(|| CompressionLvl::new(i32::from(level)))?;
        level.ok().map(Self)
    }
}

impl Default for GzipLevel {
    fn default() -> Self {
        Self::new(5).expect("5 lies between 1 and 12")
    }
}

impl Display for GzipLevel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        i32::from(self.0).fmt(f)
    }
}

/// A member that holds `block`.
pub(super) fn member(GzipLevel(level): GzipLevel, block: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(level);
    let mut member = vec![0; compressor.gzip_compress_bound(block.len())];
    let size = compressor
        .gzip_compress(block, &mut member)
        .map_err(io::Error::other)?;
    member.truncate(size);
    member.shrink_to_fit();
    Ok(member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_is_the_one_that_is_linked() {
        let lock = include_str!("../../../../Cargo.lock");
        let version = LIBRARY.strip_prefix("libdeflate").unwrap();
        let locked = format!("name = \"libdeflate-sys\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&locked), "{locked}");
    }

    #[test]
    fn levels_are_those_of_the_library() {
        let known: Vec<u8> = (0..=u8::MAX)
            .filter(|level| GzipLevel::new(*level).is_some())
            .collect();
        assert_eq!(known, (1..=12).collect::<Vec<u8>>());
    }

    #[test]
    fn member_of_nothing_has_the_header_of_all_members() {
        let header = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";
        for block in [&b""[..], &[7; BLOCK]] {
            let member = member(GzipLevel::default(), block).unwrap();
            assert!(member.starts_with(header), "{:x?}", &member[..10]);
        }
    }
}
