//! What keys of the object say of each other, as conditions of its JSON Schema.

use serde_json::{Value, json};

use crate::pattern;

/// What other keys say of how layers are compressed.
pub(crate) fn compression() -> Value {
    // Without words of their own, which an editor would offer as values; it inserts the last default that it finds for a key.
    let flag = json!({"type": "boolean", "not": {"const": false}, "default": false});
    json!([
        {
            "if": {"anyOf": [
                {"required": ["output_oci"], "properties": {"output_oci": flag}},
                {"required": ["image_platform"], "properties": {"image_platform": {"type": "string", "pattern": ","}}},
            ]},
            "else": {"properties": {"compression": {
                "pattern": pattern::archive_compression(),
                "patternErrorMessage": "`zstd` needs `output_oci`: the layers of an archive are gzip",
            }}},
        },
        {
            "if": {"properties": {"compression": {"type": ["string", "null"], "pattern": pattern::gzip()}}},
            "then": {"properties": {"compression_level": {"pattern": pattern::gzip_level()}}},
        },
    ])
}
