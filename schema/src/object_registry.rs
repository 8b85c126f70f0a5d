//! `registries` of the object: how the daemon talks to a registry.

use serde::Deserialize;

#[cfg(feature = "json-schema")]
use crate::pattern;
use crate::presence::or_default;

/// How the daemon talks to one registry. A flag that is left out is not the same as one that is false.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Registry {
    /// Registries asked first, in this order. One that begins with `http://` is asked by plain HTTP.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Mirrors",
            inner(regex(pattern = pattern::mirror())),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["mirror.example:5000"])
        )
    )]
    pub mirrors: Vec<String>,
    /// Plain HTTP; where left out, for a loopback registry alone.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(title = "Plain HTTP", with = "bool"))]
    pub http: Option<bool>,
    /// HTTPS without verification of the certificate.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(title = "Unverified HTTPS", with = "bool")
    )]
    pub insecure: Option<bool>,
    /// Files of certificate authorities.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Certificate authorities",
            inner(regex(pattern = pattern::filled())),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["certificates/ca.pem"])
        )
    )]
    pub ca: Vec<String>,
    /// Client certificates.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Client certificates",
            extend("maxItems" = 10_000, "default" = []),
            example = serde_json::json!([{"key": "certificates/client.key", "cert": "certificates/client.pem"}])
        )
    )]
    pub keypair: Vec<KeyPair>,
    /// Directories of certificates: `*.crt` authorities, `*.cert` and `*.key` pairs.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Directories of certificates",
            inner(regex(pattern = pattern::filled())),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["certificates"])
        )
    )]
    pub tlsconfigdir: Vec<String>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct KeyPair {
    /// File of the private key.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Key",
            regex(pattern = pattern::required_file()),
            example = &"certificates/client.key"
        )
    )]
    pub key: String,
    /// File of the certificate.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Certificate",
            regex(pattern = pattern::required_file()),
            example = &"certificates/client.pem"
        )
    )]
    pub cert: String,
}
