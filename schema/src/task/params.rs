//! The parameters of a task, as its file says them.
//!
//! What a parameter may hold is what its key of the object may hold, in the form that a variable of the environment can have.
//! A text in which Concourse fills in a variable, `((name))`, passes everywhere: nobody knows it before the task runs.
//!
//! Names are judged more strictly than the program can in its environment, where others' variables are too.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::object::Object;
use crate::parameter::{
    FALSE, FAMILIES, Family, Form, INHERITED, Member, PARAMETERS, Parameter, TRUE, Unquoted,
    renamed,
};
use crate::{pattern, snippet};

/// The parameters.
pub struct Params;

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
        Member::File | Member::SecretText => pattern::secret_name(),
    }
}

/// The types of a value that may be a string, or these.
fn types(unquoted: Unquoted) -> Vec<&'static str> {
    let others = [
        ("integer", unquoted.integer),
        ("boolean", unquoted.boolean),
        ("null", unquoted.null),
    ];
    let others = others
        .into_iter()
        .filter_map(|(name, may)| may.then_some(name));
    ["string"].into_iter().chain(others).collect()
}

/// A parameter's schema, from that of its key.
fn of_parameter(parameter: &Parameter, key: &Value) -> Value {
    let described = |regex: &str, message: &str, example: Value| {
        let description = key["description"].as_str().unwrap_or_default();
        json!({
            "title": key["title"],
            "description": renamed(&description.replace('\n', " ")),
            "type": types(parameter.unquoted()),
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
            if parameter.key == "context" {
                property["default"] = json!(".");
            }
            if parameter.unquoted().integer {
                property["minimum"] = json!(0);
            }
            property
        }
        Form::Flag => {
            let words = pattern::words(&[TRUE, FALSE]);
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
            described(&regex, &message, json!(joined.join(",")))
        }
        Form::Argument => json!({
            "title": "Time of the build",
            "description": "Seconds since 1970: the build argument of this name, by which BuildKit sets the times of the image.",
            "type": types(parameter.unquoted()),
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
    let mut member = json!({
        "title": title,
        "description": description,
        "type": types(family.unquoted()),
        "pattern": pattern::or_variable(&regex),
        "patternErrorMessage": pattern::form(&regex).map_or("", |form| form.message),
    });
    if family.member == Member::SecretText {
        member["minLength"] = json!(1);
    }
    member
}
