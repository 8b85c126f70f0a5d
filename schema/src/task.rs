//! The JSON Schema of a Concourse task file that runs this program: `oci-image-task.schema.json`.
//!
//! What a parameter may hold is what its key of the object may hold, in the form that a variable of the environment can have.
//! A text in which Concourse fills in a variable, `((name))`, passes everywhere: nobody knows it before the task runs. A number
//! is text to Concourse, and not always the one that was written (`1.10` becomes `1.1`), so only whole ones are taken unquoted.
//!
//! Names are judged more strictly than the program can: in its environment are others' variables too.
//!
//! Source: Concourse's documentation of tasks (`config`); its `TaskEnv`, by which a value of another type becomes text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::object::Object;
use crate::parameter::{
    FALSE, FAMILIES, Family, Form, Member, PARAMETERS, Parameter, TRUE, renamed,
};
use crate::{pattern, snippet};

/// A task file.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    title = "Task of Concourse that runs oci-image",
    extend("defaultSnippets" = snippet::task())
)]
pub struct Task {
    /// The platform of the worker. This program runs on Linux.
    #[schemars(title = "Platform", extend("enum" = ["linux"]), example = &"linux")]
    pub platform: String,
    /// The image of this program, as a resource.
    #[schemars(
        title = "Image",
        with = "ImageResource",
        example = json!({"type": "registry-image", "source": {"repository": "registry.example/oci-image"}})
    )]
    #[serde(default)]
    pub image_resource: Option<ImageResource>,
    /// The image of this program, as a directory on the worker.
    #[schemars(title = "Root file system", with = "String", example = &"/images/oci-image/rootfs")]
    #[serde(default)]
    pub rootfs_uri: Option<String>,
    /// What the task may use of the worker.
    #[schemars(title = "Limits", with = "Limits", example = json!({"memory": "4GB"}))]
    #[serde(default)]
    pub container_limits: Option<Limits>,
    /// What is built: parameters of the environment.
    #[schemars(title = "Parameters", with = "Params", example = json!({"CONTEXT": "repository"}))]
    #[serde(default)]
    pub params: Option<Params>,
    /// Artifacts that the task is given, each in a directory of its name.
    #[schemars(title = "Inputs", example = json!([{"name": "repository"}]))]
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// Artifacts that the task gives: `image`, and each additional target. What has no directory here is not written.
    #[schemars(title = "Outputs", example = json!([{"name": "image"}]))]
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// Directories that are kept between builds: `cache` for build cache.
    #[schemars(title = "Caches", example = json!([{"path": "cache"}]))]
    #[serde(default)]
    pub caches: Vec<Cache>,
    /// What is run: this program, by the name `build`.
    #[schemars(title = "Command", example = json!({"path": "build"}))]
    pub run: Command,
}

/// The image that the task runs in, as a resource: this program's.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImageResource {
    /// Type of the resource.
    #[schemars(title = "Type", example = &"registry-image")]
    pub r#type: String,
    /// Where the image is.
    #[schemars(title = "Source", example = json!({"repository": "registry.example/oci-image"}))]
    pub source: BTreeMap<String, Value>,
    /// How it is fetched.
    #[schemars(title = "Parameters of the fetch", with = "BTreeMap<String, Value>", example = json!({"format": "rootfs"}))]
    #[serde(default)]
    pub params: Option<BTreeMap<String, Value>>,
    /// Which version of it.
    #[schemars(
        title = "Version",
        with = "BTreeMap<String, String>",
        example = json!({"digest": "sha256:..."})
    )]
    #[serde(default)]
    pub version: Option<BTreeMap<String, String>>,
}

/// What a task may use.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Limits {
    /// Shares of the processor.
    #[schemars(title = "Processor", with = "u64", example = 512)]
    #[serde(default)]
    pub cpu: Option<u64>,
    /// Memory, in bytes or with a unit.
    #[schemars(title = "Memory", with = "Memory", example = &"4GB")]
    #[serde(default)]
    pub memory: Option<Memory>,
}

/// An amount of memory.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum Memory {
    /// Bytes.
    Bytes(u64),
    /// A number with a unit: `4GB`.
    Text(String),
}

/// An artifact that the task is given.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Input {
    /// Name of the artifact.
    #[schemars(title = "Name", length(min = 1), example = &"repository")]
    pub name: String,
    /// Where it is put; left out: at its name. `.` makes it the working directory.
    #[schemars(title = "Path", with = "String", example = &"repository/vendor")]
    #[serde(default)]
    pub path: Option<String>,
    /// Whether the task runs without it too.
    #[schemars(title = "Optional")]
    #[serde(default)]
    pub optional: bool,
}

/// An artifact that the task gives.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Output {
    /// Name of the artifact.
    #[schemars(title = "Name", length(min = 1), example = &"image")]
    pub name: String,
    /// The directory that becomes it; left out: that of its name. The image is written to `image`.
    #[schemars(title = "Path", with = "String", example = &"image")]
    #[serde(default)]
    pub path: Option<String>,
}

/// A directory that is kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Cache {
    /// The directory.
    #[schemars(title = "Path", length(min = 1), example = &"cache")]
    pub path: String,
}

/// What a task runs: this program by the name `build`, or `oci-image` with the argument `task`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Command {
    /// The program: `build`, or `oci-image` with the argument `task`.
    #[schemars(title = "Program", length(min = 1), example = &"build")]
    pub path: String,
    /// Its arguments.
    #[schemars(title = "Arguments", example = json!(["--progress", "json"]))]
    #[serde(default)]
    pub args: Vec<String>,
    /// The directory that it is run in; left out: that of the inputs and outputs.
    #[schemars(title = "Directory", with = "String", example = &"repository")]
    #[serde(default)]
    pub dir: Option<String>,
    /// The user that runs it; left out: the image's.
    #[schemars(title = "User", with = "String", example = &"root")]
    #[serde(default)]
    pub user: Option<String>,
}

/// The parameters.
pub struct Params;

/// Variables that are no parameters, and that count all the same: for this program, for the daemon, or for both.
const INHERITED: &[(&str, &str)] = &[
    ("HTTP_PROXY", "Proxy of the daemon for plain HTTP."),
    ("HTTPS_PROXY", "Proxy of the daemon for HTTPS."),
    ("NO_PROXY", "Hosts that the daemon reaches without a proxy."),
    ("http_proxy", "Proxy of the daemon for plain HTTP."),
    ("https_proxy", "Proxy of the daemon for HTTPS."),
    ("no_proxy", "Hosts that the daemon reaches without a proxy."),
    (
        "DOCKER_CONFIG",
        "Directory of the `config.json` that holds logins of registries.",
    ),
    (
        "SSH_AUTH_SOCK",
        "Socket of the SSH agent that `default` stands for.",
    ),
    (
        "BUILDKIT_STEP_LOG_MAX_SIZE",
        "How many bytes of a step's log are shown; `-1`: all.",
    ),
    (
        "BUILDKIT_STEP_LOG_MAX_SPEED",
        "How many bytes of a step's log are shown in a second; `-1`: all.",
    ),
    (
        "OCI_IMAGE_ROOT",
        "State of the daemon, kept as a warm cache.",
    ),
    ("TMPDIR", "Directory of temporary files."),
    ("NO_COLOR", "Anything but nothing: no colours."),
    ("CLICOLOR_FORCE", "Anything but nothing and `0`: colours."),
];

impl JsonSchema for Params {
    fn schema_name() -> Cow<'static, str> {
        "Params".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Of a generator of its own: the definitions that the object needs are none of the task's.
        let object = Object::json_schema(&mut SchemaSettings::draft07().into_generator());
        let key = |key: &str| {
            object
                .get("properties")
                .map_or(&Value::Null, |keys| &keys[key])
        };
        let parameters = PARAMETERS.iter().map(|parameter| {
            let property = of_parameter(parameter, key(parameter.key));
            (parameter.name.to_owned(), property)
        });
        let inherited = INHERITED.iter().map(|(name, description)| {
            let property = json!({
                "title": "Environment", "description": description, "type": ["string", "integer", "null"],
            });
            ((*name).to_owned(), property)
        });
        let families = FAMILIES.iter().map(|family| {
            let names = format!("^{}{}$", family.prefix, names_of(*family));
            (names, of_family(*family))
        });
        json_schema!({
            "description": "What is built: parameters of the environment.",
            "type": "object",
            "properties": parameters.chain(inherited).collect::<Map<_, _>>(),
            "patternProperties": families.collect::<Map<_, _>>(),
            "additionalProperties": false,
            "defaultSnippets": snippet::params(),
            "if": {
                "required": ["IMAGE_PLATFORM", "UNPACK_ROOTFS"],
                "properties": {
                    "IMAGE_PLATFORM": {"type": "string", "pattern": ","},
                    "UNPACK_ROOTFS": {"not": {"type": "string", "pattern": pattern::variable()}},
                },
            },
            "then": {"properties": {"UNPACK_ROOTFS": {
                "enum": no(),
                "errorMessage": "`UNPACK_ROOTFS` takes one platform, and `IMAGE_PLATFORM` lists several",
            }}},
        })
    }
}

/// Every value of a flag that is no yes.
fn no() -> Vec<Value> {
    let words = FALSE.iter().map(|word| json!(word));
    let others = [json!(false), json!(0), json!(""), Value::Null];
    others.into_iter().chain(words).collect()
}

/// The rest of a member's name.
fn names_of(family: Family) -> String {
    match family.member {
        Member::Pair => pattern::pair_name(),
        Member::File | Member::SecretText => pattern::filled().trim_matches(['^', '$']).to_owned(),
    }
}

/// A parameter's schema, from that of its key.
fn of_parameter(parameter: &Parameter, key: &Value) -> Value {
    let described = |types: &[&str], regex: &str, message: &str, example: Value| {
        let description = key["description"].as_str().unwrap_or_default();
        json!({
            "title": key["title"],
            "description": renamed(&description.replace('\n', " ")),
            "type": types,
            "pattern": pattern::or_variable(regex),
            "patternErrorMessage": message,
            "examples": [example],
        })
    };
    let example = &key["examples"][0];
    match parameter.form {
        Form::Text => {
            let regex = key["pattern"].as_str().unwrap_or_default();
            let message = pattern::form(regex).map_or("", |form| form.message);
            let number = (parameter.key == "target").then_some("integer");
            let types: Vec<&str> = ["string", "null"].into_iter().chain(number).collect();
            // An empty parameter counts as left out, whatever its key wants.
            let regex = pattern::or_nothing(regex);
            let mut property = described(&types, &regex, message, example.clone());
            property["examples"] = key["examples"].clone();
            if parameter.key == "context" {
                property["default"] = json!(".");
            }
            if number.is_some() {
                property["minimum"] = json!(0);
            }
            property
        }
        Form::Flag => {
            let words = pattern::words(&[TRUE, FALSE]);
            let types = ["boolean", "string", "integer", "null"];
            let message = "write `true` or `false`";
            let mut flag = described(&types, &words, message, json!(true));
            flag["minimum"] = json!(0);
            flag["maximum"] = json!(1);
            flag["default"] = json!(false);
            flag
        }
        Form::List => {
            let (regex, form) = list_of(parameter.key);
            let message = format!("{}; commas stand between several", form.message);
            let joined = example.as_array().into_iter().flatten();
            let joined: Vec<&str> = joined.filter_map(Value::as_str).collect();
            described(
                &["string", "null"],
                &regex,
                &message,
                json!(joined.join(",")),
            )
        }
        Form::Argument => json!({
            "title": "Time of the build",
            "description": "Seconds since 1970: the build argument of this name, by which BuildKit sets the times of the image.",
            "type": ["string", "integer", "null"],
            "examples": [1_700_000_000],
        }),
    }
}

/// What a list of a key may hold, and what is said about another one.
fn list_of(key: &str) -> (String, pattern::Form) {
    let (list, element) = match key {
        "additional_targets" => (pattern::additional_targets(), pattern::additional_target()),
        "image_args" => (pattern::image_args(), pattern::image_arg()),
        "registry_mirrors" => (pattern::mirrors(), pattern::mirror()),
        _ => (pattern::pairs(), pattern::pair()),
    };
    (
        list,
        pattern::form(&element).expect("each pattern has a form"),
    )
}

/// The schema of a family's members.
fn of_family(family: Family) -> Value {
    let (title, description) = match (family.key, family.member) {
        ("build_args", _) => (
            "Build argument",
            "The build argument of the name that follows `BUILD_ARG_`.",
        ),
        ("labels", _) => ("Label", "The label of the name that follows `LABEL_`."),
        ("image_args", _) => (
            "Image argument",
            "An image to preload: the path of a docker-save archive, an OCI layout directory or an archive of one. The build \
             argument of the name that follows `IMAGE_ARG_` becomes a reference for `FROM`.",
        ),
        (_, Member::SecretText) => (
            "Text of a secret",
            "The secret of the id that follows `BUILDKIT_SECRETTEXT_`, itself: in Concourse a variable.",
        ),
        _ => (
            "Secret",
            "The path of a file that holds the secret of the id that follows `BUILDKIT_SECRET_`.",
        ),
    };
    let regex = match family.key {
        "image_args" => pattern::filled(),
        _ if family.member == Member::File => pattern::required_file(),
        _ => pattern::text(),
    };
    let is_path = matches!(family.key, "image_args") || family.member == Member::File;
    let types: &[&str] = match family.member {
        _ if is_path => &["string"],
        Member::SecretText => &["string", "integer", "boolean"],
        _ => &["string", "integer", "boolean", "null"],
    };
    let mut member = json!({
        "title": title,
        "description": description,
        "type": types,
        "pattern": pattern::or_variable(&regex),
        "patternErrorMessage": pattern::form(&regex).map_or("", |form| form.message),
    });
    if family.member == Member::SecretText {
        member["minLength"] = json!(1);
    }
    member
}
