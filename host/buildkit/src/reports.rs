//! Reports: the stream of `Control.Status`, of which each message is bounded in what it takes in memory.
//!
//! A message has a largest size, but an entry of two bytes becomes one of a hundred. What a message holds is counted before it
//! is read.
//!
//! Reads: the channel. Writes: nothing. Unknown here: what reports mean (`status`).
//! Source: BuildKit, `api/services/control/control.proto` (`StatusResponse`); Protocol Buffers, "Encoding".

use bollard_buildkit_proto::moby::buildkit::v1::{StatusRequest, StatusResponse};
use bytes::{Buf, Bytes};
use http::uri::PathAndQuery;
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic::transport::Channel;
use tonic::{Request, Streaming};
use tonic_prost::{ProstCodec, ProstEncoder};

use crate::session::MESSAGE_LIMIT;
use crate::status::Status;

/// How many fields the entries of a message may have together; one with more is left out. BuildKit cuts its messages at a
/// mebibyte of logs; ten thousand vertices that all change at once have a hundred thousand.
const MOST_FIELDS: usize = 400_000;

/// What a daemon reports of one solve.
pub(crate) struct Reports(Streaming<Status>);

impl Reports {
    /// Asks for the reports of the solve of that name.
    pub(crate) async fn open(channel: Channel, reference: String) -> Result<Self, tonic::Status> {
        let mut client = Grpc::new(channel).max_decoding_message_size(MESSAGE_LIMIT);
        let ready = client.ready().await;
        ready.map_err(|error| tonic::Status::from_error(error.into()))?;
        let request = Request::new(StatusRequest { r#ref: reference });
        let path = PathAndQuery::from_static("/moby.buildkit.v1.Control/Status");
        let opened = client.server_streaming(request, path, ReportCodec).await?;
        Ok(Self(opened.into_inner()))
    }

    /// The next report; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Status>, tonic::Status> {
        self.0.message().await
    }
}

/// Requests as they are, answers as ours.
struct ReportCodec;

struct ReportDecoder;

impl Codec for ReportCodec {
    type Encode = StatusRequest;
    type Decode = Status;
    type Encoder = ProstEncoder<StatusRequest>;
    type Decoder = ReportDecoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<StatusRequest, StatusRequest>::raw_encoder(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        ReportDecoder
    }
}

impl Decoder for ReportDecoder {
    type Item = Status;
    type Error = tonic::Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Status>, tonic::Status> {
        let message = buffer.copy_to_bytes(buffer.remaining());
        report(message).map(Some)
    }
}

fn report(message: Bytes) -> Result<Status, tonic::Status> {
    if fields(&message) > MOST_FIELDS {
        return Ok(Status::default());
    }
    let malformed = |error: prost::DecodeError| tonic::Status::internal(error.to_string());
    Ok(StatusResponse::decode(message).map_err(malformed)?.into())
}

/// How many fields a message and its entries have, as far as they can be read.
fn fields(message: &[u8]) -> usize {
    let mut rest = message;
    let mut count = 0;
    while let Some(entry) = next(&mut rest) {
        count += 1;
        let mut entry = entry;
        while next(&mut entry).is_some() {
            count += 1;
        }
    }
    count
}

/// Passes over a field, and returns what it holds if that has a length.
fn next<'message>(rest: &mut &'message [u8]) -> Option<&'message [u8]> {
    let (tag, kind) = decode_key(rest).ok()?;
    if kind != WireType::LengthDelimited {
        skip_field(kind, tag, rest, DecodeContext::default()).ok()?;
        return Some(&[]);
    }
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let (held, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(held)
}

#[cfg(test)]
mod tests {
    use bollard_buildkit_proto::moby::buildkit::v1::{Vertex, VertexLog};

    use super::*;

    fn message(logs: usize, inputs: usize) -> Bytes {
        let vertex = Vertex {
            inputs: vec![String::new(); inputs],
            ..Vertex::default()
        };
        let response = StatusResponse {
            vertexes: vec![vertex],
            logs: vec![VertexLog::default(); logs],
            ..StatusResponse::default()
        };
        response.encode_to_vec().into()
    }

    #[test]
    fn a_message_of_too_many_entries_or_fields_is_left_out() {
        assert_eq!(fields(&message(3, 5)), 9);
        assert_eq!(report(message(3, 5)).unwrap().logs.len(), 3);
        for (logs, inputs) in [(MOST_FIELDS, 0), (0, MOST_FIELDS)] {
            assert_eq!(report(message(logs, inputs)).unwrap(), Status::default());
        }
    }

    #[test]
    fn a_message_that_is_none_is_an_error() {
        for noise in [
            &b"\xff"[..],
            b"\x0a\x05x",
            b"\x0b",
            b"\x0a\xff\xff\xff\xff\x0f",
        ] {
            assert!(report(Bytes::copy_from_slice(noise)).is_err(), "{noise:?}");
        }
    }
}
