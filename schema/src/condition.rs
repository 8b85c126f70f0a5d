//! What keys of the object say of each other, as conditions of its JSON Schema.

use serde_json::{Value, json};

use crate::pattern;

/// Whether several platforms are built.
pub(crate) fn several_platforms() -> Value {
    json!({"required": ["image_platform"], "properties": {"image_platform": {"type": "string", "pattern": ","}}})
}

/// That no root file system is unpacked.
pub(crate) fn no_rootfs() -> Value {
    json!({"properties": {"unpack_rootfs": {
        "enum": [false, null],
        "errorMessage": "`unpack_rootfs` takes one platform, and `image_platform` lists several",
    }}})
}

/// That a word which stands for nothing at all is the only element of its list.
pub(crate) fn alone() -> Value {
    json!({"maxItems": 1, "errorMessage": "`none` stands alone"})
}

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
