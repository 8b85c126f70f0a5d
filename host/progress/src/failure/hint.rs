//! Hints: what a person may do about a failed solve, as far as what is known tells it.
//!
//! A hint is one line, and there is at most one: where nothing is known for certain, nothing is said.
//!
//! Reads: the context, through the caller. Writes: nothing. Unknown here: the file system, requests.
//! Source: BuildKit and runc for what is printed in a step's name; GNU and busybox for what programs print.

use std::collections::VecDeque;

use super::last_words::{exit_code, not_executable, not_found, refused_by_kernel};
use crate::failed_step::FailedStep;
use crate::failure::cause::Cause;
use crate::failure::missing::{self, Excluding, ListContext};
use crate::line::one_line;
use oci_image_boundary::outside::{listed, shown};
use oci_image_buildkit::subrequest::UNKNOWN;

/// How many directories of the context are looked into for a script.
const MOST_DIRECTORIES: usize = 200;
/// What the daemon says of a pattern that it cannot read.
const MALFORMED_PATTERN: &str = "syntax error in pattern";
/// What to do with a file whose lines end in CR LF.
const UNIX_LINE_ENDS: &str = "give it the line ends of Unix (`sed -i 's/\\r$//'`; in git: `*.sh text eol=lf` in \
                              `.gitattributes`)";
/// How programs say that a name has no address.
const NO_ADDRESS: [&str; 9] = [
    "bad address '",
    "could not resolve host",
    "couldn't resolve host",
    "temporary failure in name resolution",
    "temporary failure resolving",
    "name or service not known",
    "no such host",
    "getaddrinfo enotfound",
    "getaddrinfo eai_again",
];

/// Gives the first line of a file of the build context, with its end; `None` if it cannot be read.
pub type FirstLine<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// What is known of a solve beyond what the daemon says of it.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    /// Where a path that COPY did not find is looked for.
    pub context: Option<ListContext<'a>>,
    /// Why a path of the context was not sent.
    pub excluding: Option<Excluding<'a>>,
    /// How a script of the context begins.
    pub first_line: Option<FirstLine<'a>>,
    /// The ids of the secrets that were given; `None` if that is not known.
    pub secrets: Option<&'a [String]>,
}

/// A failure, as a hint looks at it.
pub(super) struct Failure<'a> {
    pub(super) cause: &'a Cause,
    /// The instruction that failed, as the Dockerfile has it or as the step is named.
    pub(super) instruction: Option<&'a str>,
    pub(super) step: Option<&'a FailedStep>,
    pub(super) exit_code: Option<u32>,
}

impl Known<'_> {
    /// What to do about a failure.
    pub(super) fn hint(&self, failure: &Failure<'_>) -> Option<String> {
        match failure.cause {
            Cause::BaseImage { .. } | Cause::Frontend { .. } => failure.cause.registry_hint(),
            Cause::ForbiddenFrontend { .. } => failure.cause.frontend_hint(),
            Cause::LayerCache(failure) => Some(failure.hint()),
            Cause::Secret { id } => Some(self.give_secret(id)),
            Cause::MissingPath { path, .. } => self.missing_path(path, failure.instruction),
            Cause::Other(message) => odd_dockerfile(message, failure.step)
                .or_else(|| of_message(message))
                .or_else(|| self.secret_of_step(failure))
                .or_else(|| self.process(failure))
                .or_else(|| failure.exit_code.and_then(exit_code)),
        }
    }

    fn missing_path(&self, path: &str, instruction: Option<&str>) -> Option<String> {
        // Read from another stage or image, the context explains nothing; also if nothing is known of the step.
        let instruction = instruction?;
        if instruction.contains("from=") {
            return None;
        }
        let leads_out = |word: &&str| {
            let word = path_of(word);
            word == ".."
                || word.starts_with("../")
                || word.contains("/../")
                || word.ends_with("/..")
        };
        if let Some(word) = instruction.split_whitespace().find(leads_out) {
            return Some(format!(
                "nothing outside of the context can be copied (`{}`): make a directory above it the context, and name the \
                 Dockerfile in it",
                shown(path_of(word))
            ));
        }
        missing::explain(path, self.context?, self.excluding)
    }

    /// A secret that need not be there is none for the step, which then fails in its own way.
    fn secret_of_step(&self, failure: &Failure<'_>) -> Option<String> {
        let given = self.secrets?;
        let mounts = failure.instruction?.split_whitespace();
        let mut ids = mounts.filter_map(secret_of);
        let id = ids.find(|id| !given.iter().any(|given| given == id))?;
        Some(format!(
            "secret `{}` is mounted, and was not given: {}",
            shown(&id),
            self.give_secret(&id)
        ))
    }

    fn give_secret(&self, id: &str) -> String {
        let id = shown(id);
        let give = format!(
            "give it in `buildkit_secrets` under that id (in a task: `BUILDKIT_SECRET_{id}`)"
        );
        match self.secrets {
            None => give,
            Some([]) => format!("{give}; none is given"),
            Some(given) => format!("{give}; given are {}", listed(given)),
        }
    }

    /// What a process printed last often says why it could not be run at all.
    fn process(&self, failure: &Failure<'_>) -> Option<String> {
        let lines: Vec<String> = (failure.step?.tail.iter())
            .map(|line| one_line(line))
            .collect();
        let says = |words: &[&str]| {
            (lines.iter()).any(|line| words.iter().any(|word| line.to_lowercase().contains(word)))
        };
        if let Some(hint) = lines.iter().find_map(|line| self.no_interpreter(line)) {
            return Some(hint);
        }
        if let Some(hint) = lines.iter().find_map(|line| refused_by_kernel(line)) {
            return Some(hint.to_owned());
        }
        let is_binary = |line: &String| line.contains("ELF") && line.contains("not found");
        if says(&["exec format error"]) || lines.iter().any(is_binary) {
            return Some(
                "the program is made for another processor than this machine's, and an emulator is missing: use an image of \
                 this program that is built with `EMULATORS_IMAGE`, or register one in the machine's `binfmt_misc`; or the \
                 base image is not of the platform that is built"
                    .to_owned(),
            );
        }
        if says(&["\"/bin/sh\": stat /bin/sh: no such file"]) {
            return Some(
                "this stage has no `/bin/sh`: run a program of it by `RUN [\"program\", \"argument\"]`, or do this in a \
                 stage that has a shell"
                    .to_owned(),
            );
        }
        if let Some(hint) = lines.iter().find_map(|line| self.carriage_return(line)) {
            return Some(hint);
        }
        if let Some(hint) = lines.iter().find_map(|line| self.script_of_windows(line)) {
            return Some(hint);
        }
        if let Some(path) = lines.iter().find_map(|line| not_executable(line)) {
            return Some(format!(
                "`{}` may not be executed: give it that mode (`chmod +x`, or `COPY --chmod=755`)",
                shown(path)
            ));
        }
        says(&NO_ADDRESS).then(|| {
            "the step looks names up as this machine does; where there is only a proxy, give it as arguments of the build \
             (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`)"
                .to_owned()
        })
    }

    /// A script whose first line ends in CR names an interpreter that does not exist, and it is the script that is reported
    /// as missing.
    fn carriage_return(&self, line: &str) -> Option<String> {
        // `env: 'bash\r': No such file or directory`, `/bin/sh^M: bad interpreter`.
        if line.contains("\\r'")
            || line.contains("\\r\u{2019}")
            || line.contains("^M: bad interpreter")
        {
            return Some(format!(
                "the first line of the script ends in a carriage return, so its interpreter is not found: {UNIX_LINE_ENDS}"
            ));
        }
        let script = not_found(line)?;
        let path = self.in_context(script.rsplit('/').next()?)?;
        let first = (self.first_line?)(&path)?;
        (first.starts_with(b"#!") && first.ends_with(b"\r\n")).then(|| {
            format!(
                "the first line of `{}` ends in a carriage return, so its interpreter is not found: {UNIX_LINE_ENDS}",
                shown(&path)
            )
        })
    }

    /// A script that a shell was given to read, and whose carriage returns are part of its words.
    fn script_of_windows(&self, line: &str) -> Option<String> {
        const SHELL_ERRORS: [&str; 5] = [
            "syntax error",
            "illegal option",
            "invalid option",
            "not found",
            "unexpected",
        ];
        let (script, said) = line.split_once(": ")?;
        SHELL_ERRORS
            .iter()
            .any(|words| said.to_lowercase().contains(words))
            .then_some(())?;
        let path = self.in_context(script.rsplit('/').next()?)?;
        (self.first_line?)(&path)?.ends_with(b"\r\n").then(|| {
            format!(
                "the lines of `{}` end in carriage returns, which a shell takes for part of them: {UNIX_LINE_ENDS}",
                shown(&path)
            )
        })
    }

    /// The kernel also has no format for a text that names no interpreter, which is then no matter of processors.
    fn no_interpreter(&self, line: &str) -> Option<String> {
        let named = line.strip_suffix(": exec format error")?;
        let program = named.strip_prefix("exec ").unwrap_or(named);
        let path = self.in_context(program.trim_matches('"').rsplit('/').next()?)?;
        let first = (self.first_line?)(&path)?;
        let path = shown(&path);
        if first.starts_with(b"\xef\xbb\xbf#!") {
            return Some(format!(
                "`{path}` begins with a byte order mark, so the kernel does not see its `#!`: save it without one"
            ));
        }
        let is_text = std::str::from_utf8(&first).is_ok_and(|text| {
            !text.contains(|sign: char| sign.is_control() && !sign.is_whitespace())
        });
        (is_text && !first.starts_with(b"#!")).then(|| {
            format!(
                "`{path}` does not begin with a line that names its interpreter: give it one (`#!/bin/sh`), or run it by one \
                 (`RUN sh ...`)"
            )
        })
    }

    /// The path of the first file of that name in the context, upper directories first.
    fn in_context(&self, name: &str) -> Option<String> {
        let list = self.context?;
        let mut directories = VecDeque::from([String::new()]);
        let mut seen = 0;
        while let Some(directory) = directories.pop_front() {
            seen += 1;
            if seen > MOST_DIRECTORIES {
                return None;
            }
            let sent = list(&directory).into_iter().filter(|name| !name.excluded);
            let paths: Vec<(String, String)> = sent
                .map(|entry| (missing::join(&directory, &entry.name), entry.name))
                .collect();
            if let Some((path, _)) = paths.iter().find(|(_, entry)| entry == name) {
                return Some(path.clone());
            }
            directories.extend(paths.into_iter().map(|(path, _)| path));
        }
        None
    }
}

/// The path in a word of an instruction: the word itself, or the source of a bind mount.
fn path_of(word: &str) -> &str {
    let mut options = word
        .strip_prefix("--mount=")
        .into_iter()
        .flat_map(|mount| mount.split(','));
    let source = options.find_map(|option| match option.split_once('=')? {
        ("source" | "src", path) => Some(path),
        _ => None,
    });
    source.unwrap_or(word).trim_matches(['[', ']', ',', '"'])
}

/// The daemon looks for a Dockerfile by a pattern, and its name may not be one that finds it.
fn odd_dockerfile(message: &str, step: Option<&FailedStep>) -> Option<String> {
    let is_definition =
        |step: &FailedStep| step.name.starts_with("[internal] load build definition");
    let is_lost = message.starts_with("failed to read dockerfile: ")
        && message.ends_with("no such file or directory");
    let is_malformed = step.is_some_and(is_definition) && message.ends_with(MALFORMED_PATTERN);
    (is_lost || is_malformed).then(|| {
        "the daemon takes the name of a Dockerfile for a pattern: give it one without blanks at its ends, and without `[`, \
         `*`, `?`, `!` and `\\`"
            .to_owned()
    })
}

/// What the daemon's own words are enough for.
fn of_message(message: &str) -> Option<String> {
    if let Some(program) = missing_program(message) {
        return Some(format!(
            "buildkitd runs `{}` for this, and finds none: install it where buildkitd runs",
            shown(program)
        ));
    }
    let hint = if message.starts_with("no ssh agent `") {
        "give one by `buildkit_ssh`: `ID=PATH` of a socket or of keys, or `default` (in a task: `BUILDKIT_SSH`)"
    } else if message.ends_with(MALFORMED_PATTERN) {
        "a path with `[` in `COPY` or `ADD` is a pattern, and this `[` has no `]`"
    } else if message.contains("failed commit on ref \"layer-")
        && message.contains(": unexpected commit digest ")
    {
        "a layer of a base image is not what its manifest or config says: it is damaged, or compressed otherwise than by gzip \
         or zstd"
    } else if message.starts_with("failed to verify layer ") {
        "a layer of a base image is not the one that its config names: the image is damaged, or was put together wrongly"
    } else if message.starts_with(UNKNOWN) {
        "the frontend of the Dockerfile is too old for that question: BuildKit 0.26 is the oldest whose own answers all"
    } else if message.contains("dial tcp: lookup ") {
        "the name does not resolve: check its spelling, and this machine's network, DNS and proxy"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// The program of `exec: "xz": executable file not found in $PATH`, which the daemon itself wanted to run.
fn missing_program(message: &str) -> Option<&str> {
    let named = message.strip_suffix("\": executable file not found in $PATH")?;
    named.rsplit_once("exec: \"").map(|(_, program)| program)
}

/// The id of a `--mount=type=secret,id=...`; without `id` it is the last part of `target`.
fn secret_of(word: &str) -> Option<String> {
    let options = word.strip_prefix("--mount=")?;
    let value = |keys: &[&str]| {
        options.split(',').find_map(|option| {
            let (key, value) = option.split_once('=')?;
            keys.contains(&key)
                .then(|| value.trim_matches('"').to_owned())
        })
    };
    (value(&["type"])? == "secret").then_some(())?;
    let target = || value(&["target", "dst", "destination"]);
    let id = value(&["id"]).or_else(|| Some(target()?.rsplit('/').next()?.to_owned()))?;
    // An argument stands in it: which secret it is, is not known here.
    (!id.contains('$')).then_some(id)
}

#[cfg(test)]
mod tests;
