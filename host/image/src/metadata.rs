//! `metadata.json`: what Concourse needs of an image's config to run a step in its unpacked root filesystem.
//!
//! The bytes are part of the contract with Concourse: compact JSON in this order of keys, a line break at the end, and
//! the escapes that Go's encoder makes, because the reader's other writer is Go.
//!
//! Reads and writes: nothing, bytes to bytes. Unknown here: where the config comes from, where the file goes.
//! Source: `oci-build-task`'s observed output; OCI image-spec 1.1, `config`; Go's `encoding/json`.

use serde::{Deserialize, Serialize};

use crate::document;

/// A config that is not one.
#[derive(Debug, thiserror::Error)]
#[error("image config is not valid JSON")]
pub struct MetadataError(#[source] serde_json::Error);

#[derive(Deserialize)]
struct ImageConfig {
    config: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    env: Option<Vec<String>>,
    user: String,
}

#[derive(Serialize)]
struct Metadata {
    /// `null` where the config names no environment at all.
    env: Option<Vec<String>>,
    user: String,
}

/// The bytes of `metadata.json` for an image whose config is `config` (JSON, OCI or Docker).
///
/// ```
/// let config = br#"{"config": {"Env": ["PATH=/bin", "FOO=bar"], "User": "1000"}}"#;
/// let metadata = oci_image_image::metadata::metadata(config)?;
/// assert_eq!(metadata, b"{\"env\":[\"PATH=/bin\",\"FOO=bar\"],\"user\":\"1000\"}\n");
/// # Ok::<(), oci_image_image::metadata::MetadataError>(())
/// ```
///
/// # Errors
/// [`MetadataError`] if the config is not JSON of a config's shape.
pub fn metadata(config: &[u8]) -> Result<Vec<u8>, MetadataError> {
    let ImageConfig {
        config: Settings { env, user },
    } = document::parse(config).map_err(MetadataError)?;
    let metadata = Metadata { env, user };
    let text = serde_json::to_string(&metadata).map_err(MetadataError)?;
    Ok(escaped_as_go(&text).into_bytes())
}

/// Go also escapes what HTML or JavaScript would misread. None of it stands outside of a JSON string.
fn escaped_as_go(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => escaped.push(character),
        }
    }
    escaped.push('\n');
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_has_the_bytes_that_concourse_reads() {
        let cases = [
            (
                r#"{"config":{"Env":["PATH=/bin","FOO=bar"],"User":"1000"}}"#,
                r#"{"env":["PATH=/bin","FOO=bar"],"user":"1000"}"#,
            ),
            (
                r#"{"config":{"User":"app:app"}}"#,
                r#"{"env":null,"user":"app:app"}"#,
            ),
            (
                r#"{"config":{"Env":null,"User":null}}"#,
                r#"{"env":null,"user":""}"#,
            ),
            (r#"{"config":{"Env":[]}}"#, r#"{"env":[],"user":""}"#),
            (r#"{"config":null}"#, r#"{"env":null,"user":""}"#),
            (
                r#"{"Config":{"env":["A=b"],"USER":"c"}}"#,
                r#"{"env":["A=b"],"user":"c"}"#,
            ),
            (r#"{"architecture":"amd64"}"#, r#"{"env":null,"user":""}"#),
            (
                r#"{"config":{"Env":["A=<b> & \"c\" \u2028\n\t\u0001é"]}}"#,
                r#"{"env":["A=\u003cb\u003e \u0026 \"c\" \u2028\n\t\u0001é"],"user":""}"#,
            ),
        ];
        for (config, expected) in cases {
            let bytes = metadata(config.as_bytes()).unwrap();

            assert_eq!(String::from_utf8(bytes).unwrap(), format!("{expected}\n"));
        }
    }

    #[test]
    fn a_config_that_is_not_json_is_an_error() {
        let error = metadata(b"{").unwrap_err();

        assert_eq!(error.to_string(), "image config is not valid JSON");
    }
}
