//! The prototype protocol: a message comes in, info and responses go out.
//!
//! Source: Concourse RFC 37, version 1.0, and the reference's SDK for the shape of info's messages.

use serde::{Deserialize, Serialize};

use crate::interface::Interface;
#[cfg(feature = "json-schema")]
use crate::{pattern, snippet};

/// The version of the protocol that this program speaks.
pub const INTERFACE_VERSION: &str = "1.0";
/// The icon that Concourse shows (Material Design Icons).
pub const ICON: &str = "mdi:oci";

/// What arrives on standard input. The object is kept as its own text, so that places in it stay true.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "json-schema",
    schemars(
        title = "Message of oci-image",
        extend("defaultSnippets" = snippet::message())
    )
)]
pub struct Message<'text> {
    /// The object, as written.
    #[serde(borrow)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Object",
            with = "crate::object::Object",
            extend("type" = "object", "defaultSnippets" = snippet::object())
        )
    )]
    pub object: &'text serde_json::value::RawValue,
    /// Where answers are written; relative to the working directory, or absolute.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Response path",
            with = "String",
            regex(pattern = pattern::response_path()),
            example = &"response.json",
            example = &"/dev/null"
        )
    )]
    pub response_path: std::path::PathBuf,
}

/// The answer to info.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// Always [`INTERFACE_VERSION`].
    pub interface_version: String,
    /// Always [`ICON`].
    pub icon: String,
    /// The messages that the object supports; empty if none.
    pub messages: Vec<MessageInfo>,
}

/// One message that an object supports: as the reference's SDK writes it, or as RFC 37 was merged.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MessageInfo {
    /// With what it needs and gives.
    Configured {
        /// Name of the message.
        name: String,
        /// What it needs and gives.
        config: MessageConfig,
    },
    /// The plain name (RFC 37 as merged).
    Name(String),
}

/// What a message needs and gives.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageConfig {
    /// Directories it takes in.
    pub inputs: Vec<crate::interface::Input>,
    /// Directories it fills.
    pub outputs: Vec<crate::interface::Output>,
    /// Directories kept between runs.
    pub caches: Vec<CachePath>,
}

/// A directory kept between runs.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachePath {
    /// Relative to the working directory.
    pub path: String,
}

impl From<Interface> for MessageConfig {
    fn from(interface: Interface) -> Self {
        Self {
            inputs: interface.inputs,
            outputs: interface.outputs,
            caches: interface
                .caches
                .into_iter()
                .map(|path| CachePath { path })
                .collect(),
        }
    }
}

/// One document of the response: an image that was exported.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// What was made.
    pub object: ImageObject,
    /// Facts about it for people.
    pub metadata: Vec<Metadatum>,
}

/// An image that was exported.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageObject {
    /// The target that was built; absent: the last stage.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<String>,
    /// Where it is, relative to the working directory.
    pub image: String,
    /// Digest of its config (`docker-archive`), or of its manifest or index (`oci-layout`).
    pub digest: String,
}

/// A fact about an image, for people.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadatum {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: String,
}
