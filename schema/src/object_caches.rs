//! `cache_from` and `cache_to` of the object, as its JSON Schema has them: a list of texts, of which each is a layer cache.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::pattern;

/// A list of layer caches.
pub(crate) struct LayerCaches;

impl JsonSchema for LayerCaches {
    fn schema_name() -> Cow<'static, str> {
        "LayerCaches".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {"type": "string", "pattern": pattern::layer_cache()},
            "maxItems": 10_000,
            "examples": [["type=registry,ref=registry.example/app:cache"]],
        })
    }
}
