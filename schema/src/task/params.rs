//! The parameters of a task, as its file says them.
//!
//! What a parameter may hold is what its key of the object may hold, in the form that a variable of the environment can have.
//! A text in which Concourse fills in a variable, `((name))`, passes everywhere: nobody knows it before the task runs.
//!
//! Of a name that is no parameter's nothing is said: it may be another program's.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::cache_mounts::DEFAULT_LIMIT_TEXT;
use crate::compression::{GZIP, MOST_OF_GZIP, MOST_OF_ZSTD};
use crate::key::{Key, Rule};
use crate::object::Object;
use crate::parameter::{
    FALSE, FAMILIES, Family, Form, INHERITED, Member, PARAMETERS, Parameter, TRUE, renamed,
};
use crate::{pattern, snippet};

/// The parameters.
pub struct Params;

/// The words by which a flag is written.
pub(crate) struct FlagWords {
    yes: Vec<&'static str>,
    no: Vec<&'static str>,
}

impl FlagWords {
    /// Those of an environment.
    pub(crate) fn of_environment() -> Self {
        Self {
            yes: TRUE.to_vec(),
            no: FALSE.to_vec(),
        }
    }

    /// Those of YAML as Concourse reads it, which to an editor are texts, and those of an environment.
    pub(crate) fn of_yaml() -> Self {
        Self {
            yes: [TRUE, &YES].concat(),
            no: [FALSE, &NO].concat(),
        }
    }
}

/// The words of YAML 1.1 for yes.
const YES: [&str; 8] = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"];
/// Those for no.
const NO: [&str; 8] = ["n", "N", "no", "No", "NO", "off", "Off", "OFF"];

impl JsonSchema for Params {
    fn schema_name() -> Cow<'static, str> {
        "Params".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Self::told_by(&FlagWords::of_environment())
    }
}

impl Params {
    /// The schema where flags are told by these words.
    pub(crate) fn told_by(words: &FlagWords) -> Schema {
        // Of a generator of its own: the definitions that the object needs are none of the task's.
        let object = Object::json_schema(&mut SchemaSettings::draft07().into_generator());
        let key = |key: &str| {
            object
                .get("properties")
                .map_or(&Value::Null, |keys| &keys[key])
        };
        let parameters = PARAMETERS.iter().map(|parameter| {
            let property = of_parameter(parameter, key(parameter.key), words);
            (parameter.name.to_owned(), property)
        });
        let inherited = INHERITED.iter().map(|(name, description)| {
            let property = json!({
                "title": "Environment", "description": description, "type": SCALAR,
            });
            ((*name).to_owned(), property)
        });
        let families = FAMILIES.iter().flat_map(|family| {
            let (prefix, names) = (family.prefix, names_of(*family));
            [
                (format!("^{prefix}{names}$"), of_family(*family)),
                (format!("^{prefix}(?!{names}$)"), of_no_member(*family)),
            ]
        });
        json_schema!({
            "description": "What is built: parameters of the environment.",
            // Or all of them, as Concourse fills them in.
            "type": ["object", "string", "null"],
            "pattern": pattern::variable(),
            "patternErrorMessage": "write a map of parameters",
            "properties": parameters.chain(inherited).collect::<Map<_, _>>(),
            "patternProperties": families.collect::<Map<_, _>>(),
            "defaultSnippets": snippet::params(),
            "if": {
                "required": ["IMAGE_PLATFORM", "UNPACK_ROOTFS"],
                "properties": {
                    "IMAGE_PLATFORM": {"type": "string", "pattern": ","},
                    "UNPACK_ROOTFS": {"not": {"type": "string", "pattern": pattern::variable()}},
                },
            },
            "then": {"properties": {"UNPACK_ROOTFS": {
                "enum": no(words),
                "errorMessage": "`UNPACK_ROOTFS` takes one platform, and `IMAGE_PLATFORM` lists several",
            }}},
            "allOf": of_compression(words),
        })
    }
}

/// What other parameters say of how layers are compressed.
fn of_compression(words: &FlagWords) -> Value {
    // Without words of their own, which an editor would offer as values.
    let yes = json!({
        "type": ["string", "integer", "boolean"],
        "pattern": pattern::or_variable(&format!("^(?:{})$", words.yes.join("|"))),
        "minimum": 1,
        "maximum": 1,
        "not": {"const": false},
    });
    let several = json!({"type": "string", "pattern": pattern::or_variable(",")});
    let level = pattern::gzip_level();
    json!([
        {
            "if": {"anyOf": [
                {"required": ["OUTPUT_OCI"], "properties": {"OUTPUT_OCI": yes}},
                {"required": ["IMAGE_PLATFORM"], "properties": {"IMAGE_PLATFORM": several}},
            ]},
            "else": {"properties": {"COMPRESSION": {
                "pattern": pattern::archive_compression(),
                "patternErrorMessage": "`zstd` needs `OUTPUT_OCI`: the layers of an archive are gzip",
            }}},
        },
        {
            "if": {"properties": {"COMPRESSION": {"type": ["string", "null"], "pattern": pattern::gzip()}}},
            "then": {"properties": {"COMPRESSION_LEVEL": {
                "pattern": pattern::or_variable(&level),
                "patternErrorMessage": pattern::form(&level).map_or("", |form| form.message),
                "maximum": MOST_OF_GZIP,
            }}},
        },
    ])
}

/// Every value of a flag that is no yes.
fn no(words: &FlagWords) -> Vec<Value> {
    let words = words.no.iter().map(|word| json!(word));
    let others = [json!(false), json!(0), json!(""), Value::Null];
    others.into_iter().chain(words).collect()
}

/// The rest of a member's name.
fn names_of(family: Family) -> String {
    match family.member {
        Member::Pair => pattern::pair_name(),
        Member::File | Member::SecretText => pattern::secret_name(),
    }
}

/// What Concourse makes a text of.
const SCALAR: [&str; 4] = ["string", "number", "boolean", "null"];

/// What a parameter may be that is not sound as any number.
fn types(parameter: &Parameter) -> &'static [&'static str] {
    match (parameter.form, parameter.key) {
        (Form::Flag, _) | (_, "target" | "additional_targets") => {
            &["string", "integer", "boolean", "null"]
        }
        (_, "compression_level") => &["string", "integer", "null"],
        (_, "cache_mounts_limit") => &["string", "number", "null"],
        (Form::Argument, _)
        | (Form::Lines, _)
        | (_, "registry_mirrors" | "buildkit_ssh" | "buildkit_frontends" | "cache_mounts") => {
            &SCALAR
        }
        _ if parameter.is_path() || is_free(parameter.key) => &SCALAR,
        _ => &["string", "null"],
    }
}

/// Whether any text is a value of a key.
fn is_free(key: &str) -> bool {
    Key::of(key).is_some_and(|key| key.rule == Rule::Free)
}

/// What stands under a name that begins as those of a family, and is none of theirs: at most a place for a pipeline to fill.
fn of_no_member(family: Family) -> Value {
    if family.is_path() {
        let message = "this name is none that such a parameter can have";
        json!({"enum": ["", null], "errorMessage": message})
    } else {
        json!(false)
    }
}

/// A parameter's schema, from that of its key.
fn of_parameter(parameter: &Parameter, key: &Value, words: &FlagWords) -> Value {
    let described = |regex: &str, message: &str, example: Value| {
        let description = key["description"].as_str().unwrap_or_default();
        json!({
            "title": key["title"],
            "description": renamed(&description.replace('\n', " ")),
            "type": types(parameter),
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
            // An empty parameter counts as left out, whatever its key wants.
            let regex = pattern::or_nothing(regex);
            let mut property = described(&regex, message, example.clone());
            property["examples"] = key["examples"].clone();
            bound(parameter.key, &mut property);
            property
        }
        Form::Flag => {
            let words = pattern::words(&[&words.yes, &words.no]);
            let message = "write `true` or `false`";
            let mut flag = described(&words, message, json!(true));
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
            let mut list = described(&regex, &message, json!(joined.join(",")));
            if matches!(
                parameter.key,
                "additional_targets" | "registry_mirrors" | "buildkit_frontends"
            ) {
                list["minimum"] = json!(0);
            }
            list
        }
        Form::Lines => {
            let (regex, form) = (pattern::layer_caches(), pattern::layer_cache());
            let form = pattern::form(&form).map_or("", |form| form.message);
            let message = format!("{form}; each is a line of its own");
            described(&regex, &message, example[0].clone())
        }
        Form::Argument => json!({
            "title": "Time of the build",
            "description": "Seconds since 1970: the build argument of this name, by which BuildKit sets the times of the image.",
            "type": types(parameter),
            "examples": [1_700_000_000],
        }),
    }
}

/// Adds what a text counts as where it is left out, and what it may be as a number.
fn bound(key: &str, property: &mut Value) {
    match key {
        "context" => property["default"] = json!("."),
        "compression" => property["default"] = json!(GZIP),
        "target" => property["minimum"] = json!(0),
        "cache_mounts_limit" => {
            property["default"] = json!(DEFAULT_LIMIT_TEXT);
            property["exclusiveMinimum"] = json!(0);
        }
        "compression_level" => {
            property["minimum"] = json!(1);
            property["maximum"] = json!(MOST_OF_ZSTD);
        }
        _ => {}
    }
}

/// What a list of a key may hold, and what is said about another one.
fn list_of(key: &str) -> (String, pattern::Form) {
    let (list, element) = match key {
        "additional_targets" => (pattern::additional_targets(), pattern::additional_target()),
        "image_args" => (pattern::image_args(), pattern::image_arg()),
        "registry_mirrors" => (pattern::mirrors(), pattern::mirror()),
        "buildkit_frontends" => (pattern::frontends(), pattern::frontend()),
        "cache_mounts" => (pattern::cache_mounts(), pattern::cache_mount()),
        key if is_free(key) => (pattern::elements(), pattern::element()),
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
    let (regex, form) = match family.key {
        "image_args" => (pattern::or_nothing(&pattern::filled()), pattern::filled()),
        _ if family.member == Member::File => (pattern::file(), pattern::file()),
        _ => (pattern::text(), pattern::text()),
    };
    json!({
        "title": title,
        "description": description,
        "type": SCALAR,
        "pattern": pattern::or_variable(&regex),
        "patternErrorMessage": pattern::form(&form).map_or("", |form| form.message),
    })
}
