//! What a task runs: this program, a shell that calls it, or another program.

use serde::Deserialize;
use serde_json::Value;

/// What a task runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// This program.
    This,
    /// A script that calls it, or nobody can tell.
    Script,
    /// Another, of this name.
    Another(String),
}

/// The names by which this program is called.
const OURS: [&str; 3] = ["build", "oci-image", TASK];
/// That of `oci-build-task`, which other programs have as well.
const TASK: &str = "task";
/// Programs that call others, as their arguments say.
const SHELLS: [&str; 9] = [
    "sh", "bash", "ash", "dash", "zsh", "busybox", "env", "sudo", "time",
];

impl Program {
    /// What `run` of a task runs, in JSON.
    pub(crate) fn of(run: &str) -> Self {
        #[derive(Deserialize)]
        struct Run {
            path: String,
            #[serde(default)]
            args: Value,
        }
        let Ok(run) = serde_json::from_str::<Run>(run) else {
            return Self::Script; // a variable, or what Concourse refuses
        };
        let program = name(&run.path);
        let is_called = || match &run.args {
            Value::Array(words) => words.iter().filter_map(Value::as_str).any(calls),
            _ => true,
        };
        // A file of an input may be any script.
        let is_of_input = run.path.contains('/') && !run.path.starts_with('/');
        if OURS.contains(&program) && !is_of_input && program != TASK {
            Self::This
        } else if OURS.contains(&program)
            || run.path.contains("((")
            || SHELLS.contains(&program) && is_called()
        {
            Self::Script
        } else {
            Self::Another(run.path)
        }
    }
}

/// Whether a script calls this program, as far as its words tell.
fn calls(script: &str) -> bool {
    let is_of_word = |sign: char| sign.is_alphanumeric() || "_-./".contains(sign);
    let mut words = script.split(|sign| !is_of_word(sign));
    script.contains("((") || words.any(|word| OURS.contains(&name(word)))
}

/// The name of the program at a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_this_one_itself_or_called_by_a_shell() {
        for run in [
            r#"{"path":"build"}"#,
            r#"{"path":"/usr/bin/oci-image","args":["task"]}"#,
        ] {
            assert_eq!(Program::of(run), Program::This, "{run}");
        }
        for run in [
            r#"{"path":"task","args":["build"]}"#,
            r#"{"path":"source/ci/build"}"#,
            r#"{"path":"/bin/sh","args":["-c","mkdir -p /root/.docker\nbuild"]}"#,
            r#"{"path":"bash","args":["-exc","x; /usr/bin/build; y"]}"#,
            r#"{"path":"sh","args":"((args))"}"#,
            r#"{"path":"sh","args":["-c","((script))"]}"#,
            r#"{"path":"((program))"}"#,
            r#""((run))""#,
            "null",
        ] {
            assert_eq!(Program::of(run), Program::Script, "{run}");
        }
        for (run, name) in [
            (r#"{"path":"make"}"#, "make"),
            (r#"{"path":"sh","args":["-c","builder rebuild"]}"#, "sh"),
            (r#"{"path":"src/ci/build.sh"}"#, "src/ci/build.sh"),
        ] {
            assert_eq!(Program::of(run), Program::Another(name.to_owned()));
        }
    }
}
