//! The names in a Dockerfile that a request may use: of stages, of build arguments, of secrets.
//!
//! A frontend that the Dockerfile chose may know others: nobody is asked here, so nothing is judged by them.

use std::ops::Range;

use oci_image::yaml::JsonPart;
use parse_dockerfile::Instruction;

use super::description::Topic;

/// The names in a Dockerfile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DockerfileNames {
    /// Of each stage that has one, and where it is written.
    pub(super) stages: Vec<(String, Range<usize>)>,
    pub(super) arguments: Vec<String>,
    pub(super) secrets: Vec<String>,
}

impl DockerfileNames {
    /// Those of a text; none if it cannot be read.
    pub(super) fn of(text: &str) -> Self {
        let mut names = Self::default();
        let Ok(dockerfile) = parse_dockerfile::parse(text) else {
            return names;
        };
        for instruction in &dockerfile.instructions {
            match instruction {
                Instruction::From(from) => {
                    let named = from.as_.as_ref().map(|(_, name)| name);
                    let named = named.map(|name| (name.value.to_string(), name.span.clone()));
                    names.stages.extend(named);
                }
                Instruction::Arg(arg) => {
                    let words = arg.arguments.value.split_whitespace();
                    let argument = words.map(|word| word.split('=').next().unwrap_or_default());
                    names.arguments.extend(argument.map(str::to_owned));
                }
                Instruction::Run(run) => {
                    let flags = run.options.iter().filter(|flag| flag.name.value == "mount");
                    let mounts = flags.filter_map(|flag| flag.value.as_ref());
                    names
                        .secrets
                        .extend(mounts.filter_map(|mount| secret(&mount.value)));
                }
                _ => {}
            }
        }
        for list in [&mut names.arguments, &mut names.secrets] {
            list.sort();
            list.dedup();
        }
        names
    }
}

/// The id of a secret that is mounted: what is named, or the last part of where it stands.
fn secret(mount: &str) -> Option<String> {
    let value = |key: &str| {
        let pairs = mount.split(',').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(name, _)| *name == key)
            .map(|(_, value)| value)
            .next_back()
    };
    if value("type") != Some("secret") {
        return None;
    }
    let target = || value("target").or_else(|| value("dst"))?.rsplit('/').next();
    value("id").or_else(target).map(str::to_owned)
}

/// What the Dockerfile of an object, a message or a task may be called.
pub(super) fn dockerfiles_of(topic: Topic, whole: &JsonPart<'_>) -> Vec<String> {
    let within = match topic {
        Topic::Object => Some(whole.clone()),
        Topic::Message => whole.key("object"),
        Topic::Task => whole.key("params"),
    };
    let text = |name: &str| {
        let name = if topic == Topic::Task {
            name.to_ascii_uppercase()
        } else {
            name.to_owned()
        };
        let text = within.as_ref()?.key(&name)?.text()?;
        Some(text).filter(|text| !text.is_empty() && !text.contains("(("))
    };
    match (text("dockerfile"), text("context")) {
        (Some(file), _) => vec![file],
        (None, context) => {
            let context = context.unwrap_or_else(|| ".".to_owned());
            ["Dockerfile", "dockerfile"]
                .map(|file| format!("{context}/{file}"))
                .to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_request_may_use() {
        let text = "ARG BASE=a B\nFROM $BASE AS build\nARG VERSION\nRUN --mount=type=secret,id=token --mount=type=cache,id=c x\n\
                    FROM build\nFROM scratch as Release\nRUN --mount=type=secret,target=/run/key,required y\n";

        let names = DockerfileNames::of(text);

        let stages = names
            .stages
            .iter()
            .map(|(name, span)| (name.as_str(), &text[span.clone()]));
        assert_eq!(
            stages.collect::<Vec<_>>(),
            [("build", "build"), ("Release", "Release")]
        );
        assert_eq!(names.arguments, ["B", "BASE", "VERSION"]);
        assert_eq!(names.secrets, ["key", "token"]);
        assert_eq!(DockerfileNames::of("FRO\n"), DockerfileNames::default());
    }

    #[test]
    fn dockerfile_is_the_one_that_is_named_or_in_the_context() {
        let of = |topic, json| dockerfiles_of(topic, &JsonPart::whole(json));
        assert_eq!(of(Topic::Object, r#"{"dockerfile":"a/b"}"#), ["a/b"]);
        let in_context = ["a/Dockerfile", "a/dockerfile"];
        assert_eq!(
            of(Topic::Message, r#"{"object":{"context":"a"}}"#),
            in_context
        );
        let task = r#"{"params":{"CONTEXT":"a","DOCKERFILE":"((file))"}}"#;
        assert_eq!(of(Topic::Task, task), in_context);
        assert_eq!(of(Topic::Task, "{}"), ["./Dockerfile", "./dockerfile"]);
    }
}
