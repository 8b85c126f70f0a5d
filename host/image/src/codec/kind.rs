//! Which codec, at which level.
//!
//! Reads and writes: nothing. Unknown here: threads.

use std::io;

use oci_spec::image::MediaType;

use super::gzip::{self, GzipLevel};
use super::zstd::{self, ZstdLevel};
use crate::layer::Compression;

/// How a layer is compressed, down to the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// What every reader of images knows.
    Gzip {
        /// How hard it tries.
        level: GzipLevel,
    },
    /// Faster and smaller, for those who say that they can read it.
    Zstd {
        /// How hard it tries.
        level: ZstdLevel,
    },
}

impl Codec {
    /// Gzip at its usual level.
    pub fn gzip() -> Self {
        Self::Gzip {
            level: GzipLevel::default(),
        }
    }

    /// Zstd at its usual level.
    pub fn zstd() -> Self {
        Self::Zstd {
            level: ZstdLevel::default(),
        }
    }

    /// Names all that the bytes depend on: the same name, the same bytes. It may be a part of a file's name.
    pub fn id(&self) -> String {
        let block = self.block();
        match self {
            Self::Gzip { level } => format!("gzip-{}-level{level}-block{block}", gzip::LIBRARY),
            Self::Zstd { level } => {
                format!("zstd-libzstd{}-level{level}-block{block}", zstd::version())
            }
        }
    }

    /// OCI's media type of a layer that is compressed so.
    pub fn media_type(&self) -> MediaType {
        let compression = match self {
            Self::Gzip { .. } => Compression::Gzip,
            Self::Zstd { .. } => Compression::Zstd,
        };
        compression.media_type()
    }

    /// How many bytes make a block.
    pub(super) fn block(&self) -> usize {
        match self {
            Self::Gzip { .. } => gzip::BLOCK,
            Self::Zstd { .. } => zstd::BLOCK,
        }
    }

    /// One block, as a stream that needs no other.
    pub(super) fn compress(&self, block: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip { level } => gzip::member(*level, block),
            Self::Zstd { level } => zstd::frame(*level, block),
        }
    }
}
