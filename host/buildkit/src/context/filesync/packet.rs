//! Packets: what fsutil's two sides say to each other, as bytes of a gRPC stream.
//!
//! A buffer holds any number of whole gRPC messages of one packet each. Paths, link texts and names of attributes are
//! strings in fsutil's definition and bytes here, which is the same on the wire: names of files need not be UTF-8, and
//! Go's side does not check.
//!
//! Reads and writes: nothing. Unknown here: files, and the order of packets.
//! Source: fsutil at 6d9dc2ebad62 (`types/stat.proto`, `types/wire.proto`); gRPC over HTTP/2, "Length-Prefixed-Message".

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use crate::context::walk::{Entry, Link};

const STAT: i32 = 0;
const REQUEST: i32 = 1;
const DATA: i32 = 2;
const FINISH: i32 = 3;
const ERROR: i32 = 4;

/// Size of the largest packet that the daemon may send, in bytes: a request is some bytes, a word of why it gives up a line.
const INCOMING_LIMIT: usize = 1 << 20;

/// The bytes before a gRPC message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// The most bytes that [`put_data_header`] appends.
pub(super) const DATA_HEADER_LIMIT: usize = PREFIX + 2 + 6 + 6;

/// What the daemon says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// It wants the contents of the entry at this place in the listing.
    Request(u32),
    /// It has all that it wanted.
    Finish,
    /// It gives up.
    Error,
}

/// The daemon's side of a call, packet by packet.
pub(super) struct Packets<B> {
    body: B,
    buffer: BytesMut,
}

#[derive(Clone, PartialEq, Message)]
struct Packet {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(message, optional, tag = "2")]
    stat: Option<Stat>,
    #[prost(uint32, tag = "3")]
    id: u32,
    #[prost(bytes = "bytes", tag = "4")]
    data: Bytes,
}

/// Owners (tags 3 and 4) are left out: they are 0.
#[derive(Clone, PartialEq, Message)]
struct Stat {
    #[prost(bytes = "vec", tag = "1")]
    path: Vec<u8>,
    #[prost(uint32, tag = "2")]
    mode: u32,
    #[prost(int64, tag = "5")]
    size: i64,
    #[prost(int64, tag = "6")]
    modified: i64,
    #[prost(bytes = "vec", tag = "7")]
    link: Vec<u8>,
    #[prost(int64, tag = "8")]
    device_major: i64,
    #[prost(int64, tag = "9")]
    device_minor: i64,
    #[prost(message, repeated, tag = "10")]
    attributes: Vec<Attribute>,
}

/// An item of a map.
#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(bytes = "vec", tag = "1")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Appends an entry of the listing, with its time in nanoseconds since 1970.
pub(super) fn put_entry(
    buffer: &mut Vec<u8>,
    path: &[u8],
    entry: &Entry,
    link: Link<'_>,
    modified: i64,
) {
    let link = match link {
        Link::None => &[],
        Link::Symbolic(target) | Link::Hard(target) => target,
    };
    let attributes = entry.attributes.iter().map(|(name, value)| Attribute {
        name: name.clone(),
        value: value.clone(),
    });
    let stat = Stat {
        path: path.to_vec(),
        mode: entry.mode,
        size: entry.size.cast_signed(),
        modified,
        link: link.to_vec(),
        device_major: entry.device.0.into(),
        device_minor: entry.device.1.into(),
        attributes: attributes.collect(),
    };
    let packet = Packet {
        kind: STAT,
        stat: Some(stat),
        ..Packet::default()
    };
    put(buffer, &packet);
}

/// Appends the end of the listing.
pub(super) fn put_end_of_listing(buffer: &mut Vec<u8>) {
    put(buffer, &Packet::default());
}

/// Appends what stands before `length` bytes of an entry's contents; the bytes themselves are up to the caller.
pub(super) fn put_data_header(buffer: &mut Vec<u8>, id: u32, length: usize) {
    let head = Packet {
        kind: DATA,
        id,
        ..Packet::default()
    };
    let length_field = 1 + encoded_len_varint(length as u64);
    put_prefix(buffer, head.encoded_len() + length_field + length);
    encode(&head, buffer);
    encode_key(4, WireType::LengthDelimited, buffer);
    encode_varint(length as u64, buffer);
}

/// Appends the end of an entry's contents.
pub(super) fn put_end_of_data(buffer: &mut Vec<u8>, id: u32) {
    let packet = Packet {
        kind: DATA,
        id,
        ..Packet::default()
    };
    put(buffer, &packet);
}

/// The answer to [`Incoming::Finish`].
pub(super) fn finish() -> Bytes {
    alone(&Packet {
        kind: FINISH,
        ..Packet::default()
    })
}

/// Says that we give up, and why.
pub(super) fn error(message: &str) -> Bytes {
    alone(&Packet {
        kind: ERROR,
        data: Bytes::copy_from_slice(message.as_bytes()),
        ..Packet::default()
    })
}

impl<B: Body<Data = Bytes> + Unpin> Packets<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            body,
            buffer: BytesMut::new(),
        }
    }

    /// The next packet that means something to a sender; `None` when there are no more, or nothing that can be read.
    pub(super) async fn next(&mut self) -> Option<Incoming> {
        loop {
            while let Some(packet) = self.take()? {
                match packet.kind {
                    REQUEST => return Some(Incoming::Request(packet.id)),
                    FINISH => return Some(Incoming::Finish),
                    ERROR => return Some(Incoming::Error),
                    _ => {}
                }
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }

    /// Takes a packet off the buffer: `Some(None)` if it is not complete, `None` if it is none of ours.
    // Compressed messages are not: we never say that we would take them.
    fn take(&mut self) -> Option<Option<Packet>> {
        let Some((prefix, _)) = self.buffer.split_first_chunk::<PREFIX>() else {
            return Some(None);
        };
        let [compressed, length @ ..] = *prefix;
        let length = u32::from_be_bytes(length) as usize;
        if compressed != 0 || length > INCOMING_LIMIT {
            return None;
        }
        if self.buffer.len() < PREFIX + length {
            return Some(None);
        }
        self.buffer.advance(PREFIX);
        Packet::decode(self.buffer.split_to(length)).ok().map(Some)
    }
}

fn alone(packet: &Packet) -> Bytes {
    let mut buffer = Vec::with_capacity(PREFIX + packet.encoded_len());
    put(&mut buffer, packet);
    buffer.into()
}

fn put(buffer: &mut Vec<u8>, packet: &Packet) {
    put_prefix(buffer, packet.encoded_len());
    encode(packet, buffer);
}

fn put_prefix(buffer: &mut Vec<u8>, length: usize) {
    let length = u32::try_from(length).expect("a packet is a path or a chunk, and far from 4 GiB");
    buffer.push(0);
    buffer.extend_from_slice(&length.to_be_bytes());
}

fn encode(packet: &Packet, buffer: &mut Vec<u8>) {
    packet
        .encode(buffer)
        .expect("a vector has room for everything");
}
