//! Parameters of a task that nobody wrote: sound, or a soup of what matters to their rule.

use oci_image_schema::parameter::{FAMILIES, Family, Form, Member, PARAMETERS, Parameter};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::documents;

const WORDS: &[&str] = &["true", "T", "0", "False", "", "yes", "tRUE", " true", "2"];

pub(super) fn parameters() -> impl Strategy<Value = Map<String, Value>> {
    let fixed = subsequence((0..PARAMETERS.len()).collect::<Vec<_>>(), 0..4);
    let fixed = fixed.prop_flat_map(|some| {
        let some: Vec<_> = some
            .into_iter()
            .map(|index| entry(PARAMETERS[index]))
            .collect();
        some
    });
    let members = vec(select(FAMILIES).prop_flat_map(member), 0..3);
    (fixed, members).prop_map(|(fixed, members)| fixed.into_iter().chain(members).collect())
}

/// A value of whatever type, or under a name that is none.
pub(super) fn mutation() -> impl Strategy<Value = (String, Value)> {
    let types = [
        json!(7),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(true),
        Value::Null,
        json!(["a"]),
        json!({"a": "b"}),
        json!("x"),
    ];
    let known = PARAMETERS.iter().map(|parameter| parameter.name.to_owned());
    let members = FAMILIES.iter().map(|family| format!("{}a", family.prefix));
    let known: Vec<String> = known.chain(members).collect();
    let wrong = (select(known), select(types.to_vec()));
    let others = [
        "DOCKERFLE",
        "context",
        "HTTP_PROXY",
        "PATHS",
        "BUILD_ARG_",
        "BUILD_ARG_a=b",
        "BUILDKIT_SECRET_a=b",
        "a\"b",
        "LABEL",
    ]
    .map(str::to_owned);
    let other = select(others.to_vec()).prop_map(|name| (name, json!("x")));
    prop_oneof![3 => wrong, 1 => other]
}

fn entry(parameter: Parameter) -> impl Strategy<Value = (String, Value)> {
    value(parameter).prop_map(move |value| (parameter.name.to_owned(), value))
}

fn value(parameter: Parameter) -> BoxedStrategy<Value> {
    let value = match (parameter.form, parameter.key) {
        (Form::Argument, _) => select(vec![json!("0"), json!(1_700_000_000), json!("x")]).boxed(),
        (Form::Flag, _) => {
            let word = select(WORDS).prop_map(Value::from);
            let number = (0..4).prop_map(Value::from);
            prop_oneof![2 => any::<bool>().prop_map(Value::from), 2 => word, 1 => number].boxed()
        }
        (Form::List, key) => list(match key {
            "additional_targets" => documents::target(),
            "registry_mirrors" => documents::mirror(),
            "buildkit_frontends" => documents::frontend(),
            "cache_mounts" => documents::cache_mount(),
            _ => documents::pair(),
        }),
        (Form::Lines, _) => lines(documents::layer_cache()),
        (Form::Text, key) => match key {
            "context" => documents::path(),
            "target" => prop_oneof![documents::target(), (0..9).prop_map(Value::from)].boxed(),
            "image_platform" => documents::platforms(),
            "compression" => documents::compression(),
            "compression_level" => prop_oneof![
                documents::compression_level(),
                (0..22).prop_map(Value::from)
            ]
            .boxed(),
            "cache_mounts_limit" => {
                prop_oneof![documents::size(), (0..3).prop_map(Value::from)].boxed()
            }
            "add_hosts" => documents::hosts(),
            "buildkit_ssh" => documents::ssh(),
            "buildkit_extra_config" => documents::toml(),
            _ => documents::file(),
        },
    };
    let or_nothing = prop_oneof![18 => value, 1 => Just(json!("")), 1 => Just(Value::Null)];
    or_nothing.prop_map(without_nul).boxed()
}

fn list(element: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    joined(element, &[",", ", ", " ,\n", ",", ","])
}

fn lines(element: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    joined(element, &["\n", "\n", "\r\n", "\n\n  "])
}

fn joined(
    element: BoxedStrategy<Value>,
    separators: &'static [&'static str],
) -> BoxedStrategy<Value> {
    let separators = select(separators);
    vec((element, separators), 1..4)
        .prop_map(|items| {
            let mut text = String::new();
            for (index, (item, separator)) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(separator);
                }
                text.push_str(item.as_str().unwrap_or_default());
            }
            text.into()
        })
        .boxed()
}

/// A member of a family: a variable's name holds neither NUL nor `=`.
fn member(family: Family) -> BoxedStrategy<(String, Value)> {
    let (name, value) = match (family.key, family.member) {
        (_, Member::Pair) if family.key == "image_args" => (documents::pair(), documents::path()),
        (_, Member::Pair) => {
            let scalars = select(vec![json!(7), json!(true), Value::Null, json!("a=b, c")]);
            let value = prop_oneof![documents::path(), scalars].boxed();
            (documents::pair(), value)
        }
        (_, Member::File) => (documents::path(), documents::file()),
        (_, Member::SecretText) => (documents::path(), documents::path()),
    };
    (name, value)
        .prop_map(move |(name, value)| {
            let name = name.as_str().unwrap_or_default();
            let name = name.split('=').next().unwrap_or_default();
            let name = format!("{}{}", family.prefix, name.replace('\0', ""));
            (name, without_nul(value))
        })
        .boxed()
}

/// The environment holds no NUL.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "").into(),
        other => other,
    }
}
