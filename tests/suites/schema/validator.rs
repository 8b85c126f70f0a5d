//! A schema that judges.

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use oci_image_schema::json_schema;
use serde_json::Value;

pub(super) fn validator() -> &'static Validator {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| built(&json_schema::object()));
    &VALIDATOR
}

pub(super) fn built(schema: &Value) -> Validator {
    let options = jsonschema::options().with_draft(Draft::Draft7);
    options.build(schema).expect("the schema is sound")
}
