//! `buildkit_secrets` of the object: a path, or the text itself, which `Debug` does not show.

use serde::Deserialize;

#[cfg(feature = "json-schema")]
use crate::{pattern, snippet};

/// A secret: a file's path, or the text itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "json-schema",
    schemars(extend("defaultSnippets" = snippet::secret()))
)]
pub enum Secret {
    /// Path of the file that holds it.
    #[cfg_attr(
        feature = "json-schema",
        schemars(extend("errorMessage" = "write the path of a file, or {\"text\": \"...\"}"))
    )]
    File(
        #[cfg_attr(feature = "json-schema", schemars(regex(pattern = pattern::required_file())))]
        String,
    ),
    /// The text itself; the host takes it out before the planner is asked.
    Inline(InlineSecret),
}

/// A secret written into the object.
// `Debug` does not show it: see below.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct InlineSecret {
    /// The text.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Text",
            regex(pattern = pattern::text()),
            example = &"((password))"
        )
    )]
    pub text: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Inline(_) => formatter.write_str("Inline(..)"),
        }
    }
}

impl std::fmt::Debug for InlineSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("InlineSecret(..)")
    }
}
