//! The contracts as texts, and their versions.

/// The text of `planner.wit`.
pub const WIT: &str = include_str!("../planner.wit");

/// The text of `forms.wit`, which uses the package of `planner.wit`.
pub const FORMS_WIT: &str = include_str!("../forms.wit");

/// The version of the request's contract, and of its JSON Schema.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the package in `planner.wit`.
pub const PLANNER_VERSION: &str = "0.5.0";

/// The version of the package in `forms.wit`.
pub const FORMS_VERSION: &str = "0.1.0";

/// The JSON Schema of the object, for editors: `oci-image.schema.json`.
pub const JSON_SCHEMA: &str = include_str!("../oci-image.schema.json");

/// The JSON Schema of a whole message: `oci-image-message.schema.json`.
pub const MESSAGE_JSON_SCHEMA: &str = include_str!("../oci-image-message.schema.json");

/// The JSON Schema of a task file that runs this program: `oci-image-task.schema.json`.
pub const TASK_JSON_SCHEMA: &str = include_str!("../oci-image-task.schema.json");

/// The JSON Schema of a pipeline, or of a task file of which nothing else is judged: `oci-image-pipeline.schema.json`.
pub const PIPELINE_JSON_SCHEMA: &str = include_str!("../oci-image-pipeline.schema.json");

/// The JSON Schema of a file of builders: `oci-image-builders.schema.json`.
pub const BUILDERS_JSON_SCHEMA: &str = include_str!("../oci-image-builders.schema.json");

/// The JSON Schema of a line of `build --progress json`.
pub const PROGRESS_JSON_SCHEMA: &str = include_str!("../oci-image-progress.schema.json");
