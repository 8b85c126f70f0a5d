//! The response to a request.
//!
//! A response says what it is (`Docker-Content-Digest`, `ETag`, `Content-Type`, `Content-Length`) for HEAD as for GET.
//! Blobs are read in pieces as the client takes them, off the async workers, and no thread waits for a client.
//!
//! Reads: blobs. Unknown here: connections. Source: OCI distribution-spec 1.1, `Endpoints`, `Error Codes`.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    IF_RANGE, RANGE,
};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use oci_spec::image::{Digest, ImageIndex, MediaType};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::ahead::Ahead;
use super::check::{Check, Damage};
use super::pieces::pieces;
use super::range::{Part, part};
use super::route::{Route, is_api, is_tag, route};
use crate::blob::Blob;
use crate::image::Image;

/// The one tag that is listed of a repository. Every tag is answered, with the same image: a Dockerfile may add its own to
/// the name that it is given (`FROM ${base}:${tag}`).
const TAG: &str = "latest";

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const JSON: &str = "application/json";

/// What is served.
#[derive(Debug)]
pub(super) struct Served {
    /// The images, by repository name.
    pub(super) repositories: BTreeMap<String, Arc<Image>>,
    /// What is done before a client is given a manifest.
    pub(super) ahead: Ahead,
    /// Where it is noted that a blob is not the one of its digest; `None` where they are taken for that.
    pub(super) damage: Option<Damage>,
}

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Answers a request.
pub(super) async fn answer<B>(served: &Served, request: &Request<B>) -> Response<Body> {
    match find(&served.repositories, request) {
        Ok(Found::Base) => build(
            Response::builder().header(API_VERSION, "registry/2.0"),
            JSON,
            b"{}".as_slice(),
        ),
        Ok(Found::Tags { name }) => tags(name, request),
        Ok(Found::Referrers { image, subject }) => referrers(image, &subject),
        Ok(Found::Manifest {
            image,
            media_type,
            bytes,
            digest,
        }) => {
            if is_known(request, digest) {
                return not_modified(digest);
            }
            if request.method() == Method::GET {
                served.ahead.of(image, digest).await;
            }
            build(identified(digest), media_type.as_ref(), bytes.clone())
        }
        Ok(Found::Blob { blob, digest }) => {
            blob_answer(blob, &digest, served.damage.as_ref(), request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// What a request asks for, where it exists.
enum Found<'images> {
    Base,
    Tags {
        name: &'images str,
    },
    Manifest {
        image: &'images Arc<Image>,
        media_type: &'images MediaType,
        bytes: &'images Bytes,
        digest: &'images Digest,
    },
    Blob {
        blob: &'images Blob,
        digest: Digest,
    },
    Referrers {
        image: &'images Image,
        subject: Digest,
    },
}

fn find<'images, B>(
    repositories: &'images BTreeMap<String, Arc<Image>>,
    request: &Request<B>,
) -> Result<Found<'images>, Refusal> {
    let path = request.uri().path();
    if !is_api(path) {
        return Err(Refusal::NoSuchPath);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::ReadOnly);
    }
    let repository = |name: &str| repositories.get_key_value(name).ok_or(Refusal::NameUnknown);
    match route(path).ok_or(Refusal::NoSuchPath)? {
        Route::Base => Ok(Found::Base),
        Route::Tags { name } => Ok(Found::Tags {
            name: repository(name)?.0,
        }),
        Route::Manifest { name, reference } => {
            let image = repository(name)?.1;
            let digest = if is_tag(reference) {
                image.digest().clone()
            } else {
                parse_digest(reference)?
            };
            let known = image.manifests().find(|(known, _)| **known == digest);
            let (digest, manifest) = known.ok_or(Refusal::ManifestUnknown)?;
            Ok(Found::Manifest {
                image,
                media_type: &manifest.media_type,
                bytes: &manifest.bytes,
                digest,
            })
        }
        Route::Blob { name, digest } => {
            let image = repository(name)?.1;
            let digest = parse_digest(digest)?;
            Ok(Found::Blob {
                blob: image.blob(&digest).ok_or(Refusal::BlobUnknown)?,
                digest,
            })
        }
        Route::Referrers { name, digest } => Ok(Found::Referrers {
            image: repository(name)?.1,
            subject: parse_digest(digest)?,
        }),
    }
}

fn parse_digest(text: &str) -> Result<Digest, Refusal> {
    Digest::try_from(text).map_err(|_| Refusal::DigestInvalid)
}

/// Why a request gets an error, in the words of the specification.
enum Refusal {
    NoSuchPath,
    ReadOnly,
    NameUnknown,
    ManifestUnknown,
    BlobUnknown,
    DigestInvalid,
    /// The file of a blob cannot be opened any more.
    Unreadable(io::Error),
}

impl Refusal {
    fn into_response(self) -> Response<Body> {
        let (status, code, message) = match self {
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "UNSUPPORTED", "no such path"),
            Self::ReadOnly => (
                StatusCode::METHOD_NOT_ALLOWED,
                "UNSUPPORTED",
                "this registry is read-only",
            ),
            Self::NameUnknown => (StatusCode::NOT_FOUND, "NAME_UNKNOWN", "no such repository"),
            Self::ManifestUnknown => (
                StatusCode::NOT_FOUND,
                "MANIFEST_UNKNOWN",
                "no such manifest",
            ),
            Self::BlobUnknown => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "no such blob"),
            Self::DigestInvalid => (
                StatusCode::BAD_REQUEST,
                "DIGEST_INVALID",
                "malformed digest",
            ),
            Self::Unreadable(error) => {
                return error_response(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "UNKNOWN",
                    &error.to_string(),
                );
            }
        };
        let mut response = error_response(status, code, message);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response
                .headers_mut()
                .insert(ALLOW, http::HeaderValue::from_static("GET, HEAD"));
        }
        response
    }
}

fn error_response(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body = json!({ "errors": [{ "code": code, "message": message }] });
    build(Response::builder().status(status), JSON, body.to_string())
}

/// A repository has one tag, so that a page of at least one entry holds them all.
fn tags<B>(name: &str, request: &Request<B>) -> Response<Body> {
    let none = parameter(request, "n") == Some("0")
        || parameter(request, "last").is_some_and(|last| last >= TAG);
    let tags: &[&str] = if none { &[] } else { &[TAG] };
    build(
        Response::builder(),
        JSON,
        json!({ "name": name, "tags": tags }).to_string(),
    )
}

/// The manifests here that refer to `subject`. A filter by artifact type is not applied, as the specification allows.
fn referrers(image: &Image, subject: &Digest) -> Response<Body> {
    let all = image
        .manifests()
        .filter_map(|(_, manifest)| manifest.referrer.as_ref());
    let here = all.filter(|referrer| referrer.subject == *subject);
    let mut index = ImageIndex::default();
    index.set_media_type(Some(MediaType::ImageIndex));
    index.set_manifests(here.map(|referrer| referrer.descriptor.clone()).collect());
    let body = serde_json::to_vec(&index).expect("an index of descriptors that were JSON is JSON");
    build(Response::builder(), MediaType::ImageIndex.as_ref(), body)
}

async fn blob_answer<B>(
    blob: &Blob,
    digest: &Digest,
    damage: Option<&Damage>,
    request: &Request<B>,
) -> Response<Body> {
    if is_known(request, digest) {
        return not_modified(digest);
    }
    let size = blob.size();
    let (status, bytes) = match requested_part(request, digest, size) {
        Part::Whole => (StatusCode::OK, 0..size),
        Part::Bytes(bytes) => (StatusCode::PARTIAL_CONTENT, bytes),
        Part::Unsatisfiable => {
            let response = Response::builder().status(StatusCode::RANGE_NOT_SATISFIABLE);
            return build(
                response.header(CONTENT_RANGE, format!("bytes */{size}")),
                JSON,
                Bytes::new(),
            );
        }
    };
    let mut response = identified(digest)
        .status(status)
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_LENGTH, bytes.end - bytes.start)
        .header(ACCEPT_RANGES, "bytes");
    if status == StatusCode::PARTIAL_CONTENT {
        response = response.header(
            CONTENT_RANGE,
            format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1),
        );
    }
    let body = if request.method() == Method::HEAD {
        Full::default()
            .map_err(|never| match never {})
            .boxed_unsync()
    } else {
        let blob = blob.clone();
        match spawn_blocking(move || blob.open())
            .await
            .map_err(io::Error::from)
            .flatten()
        {
            Ok(reader) => {
                // Of a part nothing can be said.
                let check = damage.filter(|_| bytes == (0..size));
                let check = check.and_then(|damage| Check::of(digest, damage));
                StreamBody::new(pieces(reader, bytes, check)).boxed_unsync()
            }
            Err(error) => return Refusal::Unreadable(error).into_response(),
        }
    };
    finish(response, body)
}

/// A range counts unless it is of another version of the blob, and there is but one.
fn requested_part<B>(request: &Request<B>, digest: &Digest, size: u64) -> Part {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    match (header(RANGE), header(IF_RANGE)) {
        (Some(_), Some(condition)) if condition != etag(digest) => Part::Whole,
        (Some(range), _) => part(range, size),
        (None, _) => Part::Whole,
    }
}

/// Whether the client has this content already.
fn is_known<B>(request: &Request<B>, digest: &Digest) -> bool {
    let values = request
        .headers()
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let known = etag(digest);
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == known)
}

fn not_modified(digest: &Digest) -> Response<Body> {
    let body = Full::default()
        .map_err(|never| match never {})
        .boxed_unsync();
    finish(identified(digest).status(StatusCode::NOT_MODIFIED), body)
}

fn identified(digest: &Digest) -> http::response::Builder {
    Response::builder()
        .header(CONTENT_DIGEST, digest.as_ref())
        .header(ETAG, etag(digest))
}

fn etag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// The first value of a parameter of the query, as it is written: numbers and tags need no encoding.
fn parameter<'request, B>(request: &'request Request<B>, name: &str) -> Option<&'request str> {
    let pairs = request
        .uri()
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn build(
    response: http::response::Builder,
    media_type: &str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let body: Bytes = body.into();
    let response = response
        .header(CONTENT_TYPE, media_type)
        .header(CONTENT_LENGTH, body.len());
    finish(
        response,
        Full::new(body)
            .map_err(|never| match never {})
            .boxed_unsync(),
    )
}

fn finish(response: http::response::Builder, body: Body) -> Response<Body> {
    response
        .body(body)
        .expect("headers are made of digests, numbers and known media types")
}
