//! `oci-image schema`: the JSON Schemas of the object, of a message, of a task file, of a pipeline, of builders and of progress.

use oci_image_schema::{
    BUILDERS_JSON_SCHEMA, JSON_SCHEMA, MESSAGE_JSON_SCHEMA, PIPELINE_JSON_SCHEMA,
    PROGRESS_JSON_SCHEMA, TASK_JSON_SCHEMA,
};

use crate::cli::SchemaOf;
use crate::commands::answer::print;
use crate::failure::Failure;
use crate::signals::Signals;

pub(super) fn run(of: SchemaOf, signals: &Signals) -> Result<(), Failure> {
    let schema = match of {
        SchemaOf::Object => JSON_SCHEMA,
        SchemaOf::Message => MESSAGE_JSON_SCHEMA,
        SchemaOf::Task => TASK_JSON_SCHEMA,
        SchemaOf::Pipeline => PIPELINE_JSON_SCHEMA,
        SchemaOf::Builders => BUILDERS_JSON_SCHEMA,
        SchemaOf::Progress => PROGRESS_JSON_SCHEMA,
    };
    print(schema, signals)
}
