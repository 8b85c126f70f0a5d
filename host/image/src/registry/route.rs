//! What a request's path asks for.
//!
//! Source: OCI distribution-spec 1.1, `Endpoints`. Paths are taken as they are: nothing that has a meaning here needs
//! percent-encoding.

/// The longest tag.
const TAG_LENGTH: usize = 128;

/// What a path asks for. Names and references are not yet known to exist, or to be valid.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route<'path> {
    /// Whether this is a registry.
    Base,
    /// The tags of a repository.
    Tags { name: &'path str },
    /// A manifest or index, by tag or digest.
    Manifest {
        name: &'path str,
        reference: &'path str,
    },
    /// A config or layer.
    Blob {
        name: &'path str,
        digest: &'path str,
    },
    /// The manifests that refer to another.
    Referrers {
        name: &'path str,
        digest: &'path str,
    },
}

/// Whether a path belongs to the API at all.
pub(super) fn is_api(path: &str) -> bool {
    path == "/v2" || path.starts_with("/v2/")
}

/// Whether the reference of a manifest is a tag; what is not can only be a digest.
pub(super) fn is_tag(reference: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = reference.bytes();
    bytes.next().is_some_and(is_word)
        && bytes.all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
        && reference.len() <= TAG_LENGTH
}

/// What a path asks for, or `None` if the API has no such path for reading.
pub(super) fn route(path: &str) -> Option<Route<'_>> {
    let rest = match path.strip_prefix("/v2")? {
        "" | "/" => return Some(Route::Base),
        rest => rest.strip_prefix('/')?,
    };
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Some(Route::Tags { name });
    }
    // A name may itself hold slashes; what follows it may not.
    let (rest, last) = rest.rsplit_once('/')?;
    let (name, kind) = rest.rsplit_once('/')?;
    match kind {
        "manifests" => Some(Route::Manifest {
            name,
            reference: last,
        }),
        "blobs" => Some(Route::Blob { name, digest: last }),
        "referrers" => Some(Route::Referrers { name, digest: last }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_that_no_digest_is() {
        let (longest, longer) = ("x".repeat(128), "x".repeat(129));
        for tag in ["latest", "1", "_", "3.20-slim", "A_b.c", &longest] {
            assert!(is_tag(tag), "{tag}");
        }
        for other in ["", ".a", "-a", "a b", "a%20b", "sha256:0", "ä", &longer] {
            assert!(!is_tag(other), "{other}");
        }
    }

    #[test]
    fn paths_lead_to_what_the_specification_says() {
        let cases = [
            ("/v2", Some(Route::Base)),
            ("/v2/", Some(Route::Base)),
            ("/v2/a/b/tags/list", Some(Route::Tags { name: "a/b" })),
            (
                "/v2/a/manifests/latest",
                Some(Route::Manifest {
                    name: "a",
                    reference: "latest",
                }),
            ),
            (
                "/v2/a/b/blobs/sha256:0",
                Some(Route::Blob {
                    name: "a/b",
                    digest: "sha256:0",
                }),
            ),
            (
                "/v2/a/referrers/sha256:0",
                Some(Route::Referrers {
                    name: "a",
                    digest: "sha256:0",
                }),
            ),
            ("/v2/manifests/latest", None),
            ("/v2/a/blobs/uploads/", None),
            ("/v2/_catalog", None),
            ("/v2/a", None),
            ("/v20/", None),
            ("/", None),
        ];
        for (path, expected) in cases {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
