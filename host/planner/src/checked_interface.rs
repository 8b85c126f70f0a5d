//! The interface of an object, checked before Concourse is told: what it mounts and collects stands in the object.
//!
//! Reads and writes: nothing. Source: RFC 37 and the reference SDK's `config`; `planner.wit`, record `build-interface`.

use oci_image_schema::interface::{Input, Interface, Output};
use oci_image_schema::object::Object;

use super::asked::{CACHE, IMAGE, additional_targets};
use super::lie::{LyingPlanner, all_are};
use super::path::normal;
use oci_image_forms::inline_secrets::MaskedObject;

/// Checks an interface against the object that it was made from.
pub(super) fn check(interface: &Interface, object: &MaskedObject) -> Result<(), LyingPlanner> {
    let asked = asked(object.read().map_err(LyingPlanner::unsound)?);
    let mut inputs = interface.inputs.clone();
    if let Some(below_context) = inputs.get_mut(1..) {
        below_context.sort_by(|one, other| one.name.cmp(&other.name));
    }
    let name = |input: &Input| input.name.clone();
    all_are("input", &inputs, &asked.inputs, name)?;
    let name = |output: &Output| output.name.clone();
    all_are("output", &interface.outputs, &asked.outputs, name)?;
    all_are("cache", &interface.caches, &asked.caches, String::clone)
}

/// The context first, then further inputs by name, whose order in the text the object does not keep; the image first.
fn asked(object: &Object) -> Interface {
    let context = Input {
        name: artifact(&object.context),
        path: None,
    };
    let below = |(name, place): (&String, &String)| Input {
        name: name.clone(),
        path: Some(below_context(&object.context, place)),
    };
    let output = |name: &str, path: &str| Output {
        name: name.to_owned(),
        path: path.to_owned(),
    };
    let targets = additional_targets(object)
        .into_iter()
        .map(|target| output(target, target));
    Interface {
        inputs: std::iter::once(context)
            .chain(object.context_inputs.iter().map(below))
            .collect(),
        outputs: std::iter::once(output(&object.output, IMAGE))
            .chain(targets)
            .collect(),
        caches: object.cache.then(|| CACHE.to_owned()).into_iter().collect(),
    }
}

/// The name of the artifact that a context is: its path without what means nothing; one that is absolute, or nothing else, as it is.
fn artifact(context: &str) -> String {
    let name = normal(context);
    match name.to_str() {
        Some(name) if name != "." && !context.starts_with('/') => name.to_owned(),
        _ => context.to_owned(),
    }
}

/// Where an input is put, written as the planner does.
fn below_context(context: &str, place: &str) -> String {
    let place = normal(place).to_string_lossy().into_owned();
    match context.trim_end_matches('/') {
        "" => format!("/{place}"),
        "." => place,
        context => format!("{context}/{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask;

    const OBJECT: &str = r#"{"context": "./app/", "output": "out", "context_inputs": {"b": "vendor//b", "a": "a"}, "additional_targets": ["test", "test"], "cache": true}"#;

    fn truth() -> Interface {
        let input = |name: &str, path: Option<&str>| Input {
            name: name.to_owned(),
            path: path.map(str::to_owned),
        };
        let output = |name: &str, path: &str| Output {
            name: name.to_owned(),
            path: path.to_owned(),
        };
        Interface {
            inputs: vec![
                input("app", None),
                input("b", Some("./app/vendor/b")),
                input("a", Some("./app/a")),
            ],
            outputs: vec![output("out", "image"), output("test", "test")],
            caches: vec!["cache".to_owned()],
        }
    }

    #[test]
    fn interface_of_the_object_passes_in_the_order_of_its_text() {
        check(&truth(), &mask(OBJECT)).unwrap();
    }

    #[test]
    fn whatever_else_is_told_is_refused() {
        type Lie = fn(&mut Interface);
        let lies: [(Lie, &str); 10] = [
            (
                |it| it.inputs[0].name = "secrets".to_owned(),
                "asks for no input `secrets`",
            ),
            (
                |it| it.inputs[0].path = Some("/etc".to_owned()),
                "asks for no input `app`",
            ),
            (|it| it.inputs[1].path = None, "asks for no input `b`"),
            (
                |it| drop(it.inputs.pop()),
                "asks for the input `a`, and the plan has none",
            ),
            (
                |it| it.inputs.push(it.inputs[1].clone()),
                "two of the input `b`",
            ),
            (
                |it| it.inputs.clear(),
                "asks for the input `a`, and the plan has none",
            ),
            (
                |it| it.outputs[1].path = "../x".to_owned(),
                "asks for no output `test`",
            ),
            (
                |it| it.outputs.swap(0, 1),
                "has the outputs in another order",
            ),
            (
                |it| it.caches = vec!["/root".to_owned()],
                "asks for no cache `/root`",
            ),
            (|it| it.caches.clear(), "asks for the cache `cache`"),
        ];
        for (lie, told) in lies {
            let mut interface = truth();
            lie(&mut interface);

            let error = check(&interface, &mask(OBJECT)).unwrap_err();

            assert!(error.to_string().contains(told), "{told}: {error}");
        }
    }
}
