//! The rules that no JSON Schema can express: what an editor cannot mark, and only the planner finds.
//!
//! Every other error of the planner is an error of `oci-image.schema.json` at the same place, and the other way round: each rule here
//! is shown to be beyond the schema by an object of its own, and generated documents are judged by both (tests).

use crate::code::Code;

/// The rules, with the reason why each is beyond a schema.
pub const BEYOND_SCHEMA: &[(Code, &str)] = &[
    (
        Code::ObjectTooLarge,
        "a schema does not see how long the text is",
    ),
    (Code::InvalidJson, "a schema judges what is JSON already"),
    (Code::DuplicateKey, "a schema sees one value for each key"),
    (
        Code::RepeatedOutput,
        "a schema cannot compare the values of two keys",
    ),
    (
        Code::RepeatedInput,
        "a schema cannot compare the values of two keys",
    ),
    (Code::BadLayerCache, "a schema cannot parse a string"),
    (Code::InvalidToml, "a schema cannot parse a string"),
    (Code::SettingType, "a schema cannot parse a string"),
    (Code::ConflictingConfig, "a schema cannot parse a string"),
    (Code::MissingPath, "a schema does not look at files"),
    (Code::NotADirectory, "a schema does not look at files"),
    (Code::NotAFile, "a schema does not look at files"),
    (Code::UnreadableFile, "a schema does not look at files"),
    (Code::SecretTooLarge, "a schema does not look at files"),
    (Code::InvalidYaml, "a schema does not look at files"),
];

/// The rules of a task's parameters that no JSON Schema can express, beside [`BEYOND_SCHEMA`]: what is a list or a map in an object is
/// a text or several variables here.
pub const BEYOND_TASK_SCHEMA: &[(Code, &str)] = &[(
    Code::DuplicateKey,
    "a schema cannot compare the names of two keys",
)];
