//! The JSON Schema of a pipeline of Concourse, or of a file of its tasks: `oci-image-pipeline.schema.json`.
//!
//! Nothing is said of what is not ours: every map takes any key. A task is ours as `validate` knows it: by the image that it runs in, or
//! by a program `build` that is told a parameter which no other program is told by. Its parameters are those of a task file.
//!
//! Source: Concourse's documentation of pipelines, jobs and steps.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::parameter::{FAMILIES, PARAMETERS};
use crate::snippet;
use crate::task::{FlagWords, Params};

/// The repositories of images that run such tasks.
const IMAGES: &str = "(?:^|/)(?:oci-build-task|oci-image)(?:[:@]|$)";
/// The programs that build.
const PROGRAMS: &str = "^(?:/[^ ]*/)?(?:build|oci-image)$";
/// A script that calls one.
const SCRIPTS: &str = "(?:^|[^A-Za-z0-9_.-])(?:build|oci-image|task)(?![A-Za-z0-9_./-])";
/// What runs scripts.
const SHELLS: &str = "(?:^|/)(?:sh|bash|ash|dash|zsh|busybox|env|sudo|time)$";
/// Parameters that other programs have as well.
const SHARED: [&str; 4] = ["DEBUG", "TARGET", "LABELS", "SOURCE_DATE_EPOCH"];
/// The types of what is not ours.
const ANY: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];
/// The keys below which a job or step has a further step.
const HOOKS: [&str; 5] = ["on_success", "on_failure", "on_error", "on_abort", "ensure"];

/// A pipeline, or a task.
pub struct PipelineFile;

impl JsonSchema for PipelineFile {
    fn schema_name() -> Cow<'static, str> {
        "PipelineFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let job = generator.subschema_for::<Job>();
        let params = generator.subschema_for::<BuildParams>();
        json_schema!({
            "title": "Pipeline or task of Concourse that runs oci-image",
            "type": ANY,
            "properties": {
                "jobs": {
                    "title": "Jobs",
                    "description": "What the pipeline does.",
                    "type": ANY,
                    "items": job,
                },
            },
            "if": of_task(),
            "then": {"type": ANY, "properties": {"params": params}},
        })
    }
}

/// A job of a pipeline.
pub struct Job;

impl JsonSchema for Job {
    fn schema_name() -> Cow<'static, str> {
        "Job".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = hooks(generator);
        let plan = list_of_steps("Plan", "The steps of the job.", generator);
        properties.insert("plan".to_owned(), plan);
        json_schema!({"type": ANY, "properties": properties})
    }
}

/// A step of a plan.
pub struct PlanStep;

impl JsonSchema for PlanStep {
    fn schema_name() -> Cow<'static, str> {
        "PlanStep".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let step = generator.subschema_for::<Self>();
        let mut properties = hooks(generator);
        for (key, description) in [
            ("do", "Steps that are run one after the other."),
            ("aggregate", "Steps that are run side by side."),
        ] {
            let steps = list_of_steps("Steps", description, generator);
            properties.insert(key.to_owned(), steps);
        }
        properties.insert("try".to_owned(), step.clone().into());
        let steps = list_of_steps("Steps", "The steps that are run side by side.", generator);
        let parallel = json!({
            "title": "Steps",
            "description": "Steps that are run side by side.",
            "type": ANY,
            "items": step,
            "properties": {"steps": steps},
        });
        properties.insert("in_parallel".to_owned(), parallel);
        json_schema!({
            "type": ANY,
            "properties": properties,
            "defaultSnippets": snippet::task_step(),
            "if": {
                "type": "object",
                "required": ["config"],
                "properties": {"config": of_task()},
            },
            "then": build_step(generator),
        })
    }
}

/// The parameters of a task that builds, all that there are.
pub struct BuildParams;

impl JsonSchema for BuildParams {
    fn schema_name() -> Cow<'static, str> {
        "BuildParams".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut together = json_schema!({
            "type": ["object", "string", "null"],
            "allOf": [generator.subschema_for::<ApartParams>()],
        });
        let all = Params::told_by(&FlagWords::of_yaml());
        for keyword in ["if", "then"] {
            if let Some(value) = all.get(keyword) {
                together.insert(keyword.to_owned(), value.clone());
            }
        }
        let conditions = all.get("allOf").and_then(Value::as_array);
        if let Some(Value::Array(parts)) = together.get_mut("allOf") {
            parts.extend(conditions.into_iter().flatten().cloned());
        }
        type_conditions(together.ensure_object());
        together
    }
}

/// Some of the parameters of a task that builds, each by itself.
pub struct ApartParams;

impl JsonSchema for ApartParams {
    fn schema_name() -> Cow<'static, str> {
        "ApartParams".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut apart = Params::told_by(&FlagWords::of_yaml());
        for keyword in ["if", "then", "allOf"] {
            apart.remove(keyword);
        }
        apart
    }
}

/// Gives each condition on a value the types that it may have. A strict validator wants them beside what is said of a type.
fn type_conditions(schema: &mut Map<String, Value>) {
    let is_condition = ["pattern", "minimum", "maximum"];
    let is_condition = is_condition
        .iter()
        .any(|keyword| schema.contains_key(*keyword));
    if is_condition && !schema.contains_key("type") {
        schema.insert(
            "type".to_owned(),
            json!(["string", "number", "boolean", "null"]),
        );
    }
    for value in schema.values_mut() {
        match value {
            Value::Object(part) => type_conditions(part),
            Value::Array(parts) => {
                let parts = parts.iter_mut().filter_map(Value::as_object_mut);
                parts.for_each(type_conditions);
            }
            _ => {}
        }
    }
}

/// A step whose task builds. Where it has parameters of its own, neither these nor those of its task are all that there are.
fn build_step(generator: &mut SchemaGenerator) -> Value {
    let all = generator.subschema_for::<BuildParams>();
    let apart = generator.subschema_for::<ApartParams>();
    let with = |params: &Schema| {
        json!({
            "title": "Task",
            "description": "The task: what it is given, what it gives, what is built.",
            "type": ANY,
            "properties": {"params": params},
        })
    };
    json!({
        "type": "object",
        "properties": {
            "privileged": {
                "title": "Privileges",
                "description": "Whether the task is privileged, as a build must be.",
                "type": ANY,
                "examples": [true],
            },
        },
        "if": {"type": "object", "required": ["params"], "properties": {"params": true}},
        "then": {"type": "object", "properties": {"config": with(&apart), "params": apart}},
        "else": {"type": "object", "properties": {"config": with(&all)}},
    })
}

/// A task that builds.
fn of_task() -> Value {
    let run =
        |run: Value| json!({"type": "object", "required": ["run"], "properties": {"run": run}});
    let program = |pattern: &str| {
        json!({
            "type": "object",
            "required": ["path"],
            "properties": {"path": {"type": "string", "pattern": pattern}},
        })
    };
    let script = json!({
        "type": "object",
        "required": ["path", "args"],
        "properties": {
            "path": {"type": "string", "pattern": SHELLS},
            "args": {"type": "array", "contains": {"type": "string", "pattern": SCRIPTS}},
        },
    });
    let image = json!({
        "type": "object",
        "required": ["image_resource"],
        "properties": {"image_resource": {
            "type": "object",
            "required": ["source"],
            "properties": {"source": {
                "type": "object",
                "required": ["repository"],
                "properties": {"repository": {"type": "string", "pattern": IMAGES}},
            }},
        }},
    });
    let told = json!({
        "type": "object",
        "required": ["params"],
        "properties": {"params": {
            "type": "object",
            "not": {"type": "object", "propertyNames": {"not": {"type": "string", "pattern": told_by()}}},
        }},
    });
    json!({"anyOf": [
        {"allOf": [image, {"anyOf": [run(program(PROGRAMS)), run(script)]}]},
        {"allOf": [told, run(program(PROGRAMS))]},
    ]})
}

/// The names of parameters by which no other program is told.
fn told_by() -> String {
    let names = PARAMETERS.iter().map(|parameter| parameter.name);
    let names: Vec<&str> = names.filter(|name| !SHARED.contains(name)).collect();
    let prefixes: Vec<&str> = FAMILIES.iter().map(|family| family.prefix).collect();
    format!("^(?:(?:{})$|{})", names.join("|"), prefixes.join("|"))
}

fn hooks(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let step: Value = generator.subschema_for::<PlanStep>().into();
    let hook = |key: &str| (key.to_owned(), step.clone());
    HOOKS.into_iter().map(hook).collect()
}

fn list_of_steps(title: &str, description: &str, generator: &mut SchemaGenerator) -> Value {
    json!({
        "title": title,
        "description": description,
        "type": ANY,
        "items": generator.subschema_for::<PlanStep>(),
    })
}
