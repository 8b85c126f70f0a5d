//! Habits: what is typed by people who are used to `docker build`, and what they would write here.
//!
//! What is built stands in the object, or in a task's parameters, and not on the command line.
//!
//! Reads: whether an argument names a directory. Writes: nothing. Unknown here: what the keys mean.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Flags, and what stands in their place.
const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["-t", "--tag"],
        "the image has no name here: it is written to `image/image.tar`, and whatever pushes that gives it one",
    ),
    (
        &["--push"],
        "nothing is pushed here: let a `put` of a `registry-image` push `image/image.tar`",
    ),
    (
        &["--load"],
        "the image is `image/image.tar`: `docker load` reads it",
    ),
    (
        &["-o", "--output"],
        "write the key `output` of the object; a task has an output `image`",
    ),
    (
        &["--build-arg"],
        "write the key `build_args` of the object, or the parameter `BUILD_ARG_NAME` of a task",
    ),
    (
        &["--label"],
        "write the key `labels` of the object, or the parameter `LABEL_NAME` of a task",
    ),
    (
        &["--platform"],
        "write the key `image_platform` of the object, or the parameter `IMAGE_PLATFORM` of a task",
    ),
    (
        &["--target"],
        "write the key `target` of the object, or the parameter `TARGET` of a task",
    ),
    (
        &["-f", "--dockerfile"],
        "write the key `dockerfile` of the object, or the parameter `DOCKERFILE` of a task",
    ),
    (
        &["--context"],
        "write the key `context` of the object, or the parameter `CONTEXT` of a task",
    ),
    (
        &["--secret"],
        "write the key `buildkit_secrets` of the object, or the parameter `BUILDKIT_SECRET_ID` of a task",
    ),
    (
        &["--ssh"],
        "write the key `buildkit_ssh` of the object, or the parameter `BUILDKIT_SSH` of a task",
    ),
    (
        &["--add-host"],
        "write the key `add_hosts` of the object, or the parameter `BUILDKIT_ADD_HOSTS` of a task",
    ),
    (
        &["--cache-from", "--cache-to"],
        "write `\"cache\": true` in the object; a task has a cache with the path `cache`",
    ),
    (
        &["--no-cache"],
        "leave out the key `cache` of the object, or the cache of the task, and name an empty directory with `--root`",
    ),
    (
        &["--pull"],
        "bases are looked up at their registries in each build; nothing needs to be pulled before it",
    ),
    (
        &["--build-context"],
        "write the key `image_args` of the object, or the parameter `IMAGE_ARG_NAME` of a task, for an image",
    ),
    (
        &["--iidfile"],
        "the digest is written to `image/digest`, and `--metadata-file FILE` says more",
    ),
    (
        &["-D", "--debug"],
        "write `\"debug\": true` in the object, or the parameter `DEBUG` of a task",
    ),
];

/// A usage error that says what to write instead, where a habit explains it.
pub(crate) fn explained(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument {
        // That a flag can be passed as a value, by `--` before it: it would be taken for a file.
        error.remove(ContextKind::Suggested);
    }
    let instead = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) if error.kind() == ErrorKind::UnknownArgument => {
            instead(argument)
        }
        _ => None,
    };
    if let Some(instead) = instead {
        // In place of a flag that only looks alike, and of a usage that recommends it.
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::Usage);
        let tip = vec![instead.into()];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tip));
    }
    error
}

fn instead(argument: &str) -> Option<&'static str> {
    // clap cuts `--flag=value` itself, but not what is joined to a letter.
    let flag = match argument.get(..2) {
        Some("--") | None => argument,
        Some(letter) if letter.starts_with('-') => letter,
        Some(_) => argument,
    };
    if !flag.starts_with('-') && Path::new(flag).is_dir() {
        return Some(
            "the build context is the key `context` of the object, or the parameter `CONTEXT` of a task",
        );
    }
    if !flag.starts_with('-') && Path::new(flag).is_file() {
        return Some(
            "`oci-image build FILE` builds what one file says; a task reads its parameters from the environment",
        );
    }
    let habit = INSTEAD.iter().find(|(flags, _)| flags.contains(&flag));
    habit.map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_unknown_flag_is_recommended_as_the_name_of_a_file() {
        let command = clap::Command::new("build").arg(clap::Arg::new("FILE"));
        let error = command
            .try_get_matches_from(["build", "--quiet"])
            .unwrap_err();
        assert!(error.to_string().contains("-- --quiet"), "{error}");

        let error = explained(error);

        assert!(!error.to_string().contains("-- --quiet"), "{error}");
    }

    #[test]
    fn flags_of_docker_build_say_what_stands_in_their_place() {
        for (argument, part) in [
            ("-t", "image.tar"),
            ("-tname", "image.tar"),
            ("--tag", "image.tar"),
            ("--build-arg", "`BUILD_ARG_NAME`"),
            ("-f", "`dockerfile`"),
            ("--pull", "looked up"),
            (".", "`CONTEXT`"),
            ("Cargo.toml", "`oci-image build FILE`"),
        ] {
            let instead = instead(argument).unwrap();
            assert!(instead.contains(part), "{argument}: {instead}");
        }
        for argument in ["--roto", "-x", "-"] {
            assert_eq!(instead(argument), None, "{argument}");
        }
    }
}
