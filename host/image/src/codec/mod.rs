//! Compression of layers on all cores, into bytes that do not depend on how many there are.
//!
//! What is written is cut into blocks of one size; each becomes a stream of its own (a member of gzip, a frame of zstd), and
//! their sequence is what the formats say a reader must take for one stream. A block is compressed by a function of its
//! bytes alone, so that neither threads, nor how a writer cuts, nor what came before show in the result.
//!
//! - `kind`: a codec, its level, and its name in the key of a cache. `gzip`, `zstd`: one block, and why so.
//! - `encoder`: the blocks of one stream, in order. `pool`: who compresses them, for all streams of the process.
//! - `decoder`: the bytes of a layer, however it is compressed.
//!
//! Reads and writes: what it is given. Unknown here: images, digests, files.
//! Source: RFC 1952, 2.2 (members); RFC 8878, 3.1 (frames).

mod decoder;
mod encoder;
mod gzip;
mod kind;
mod pool;
mod zstd;

pub use self::zstd::ZstdLevel;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use gzip::GzipLevel;
pub use kind::Codec;
pub use pool::Pool;
