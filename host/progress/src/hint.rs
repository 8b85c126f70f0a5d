//! Hints: what a person may do about a failed solve, as far as what is known tells it.
//!
//! A hint is one line, and there is at most one: where nothing is known for certain, nothing is said.
//!
//! Reads: the context, through the caller. Writes: nothing. Unknown here: the file system, requests.
//! Source: BuildKit and runc for what is printed in a step's name; GNU and busybox for what programs print.

use std::collections::VecDeque;

use crate::FailedStep;
use crate::cause::Cause;
use crate::line::one_line;
use crate::missing::{self, Excluding, ListContext};
use oci_image_boundary::outside::{listed, shown};

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
        const COMPLAINTS: [&str; 5] = [
            "syntax error",
            "illegal option",
            "invalid option",
            "not found",
            "unexpected",
        ];
        let (script, complaint) = line.split_once(": ")?;
        COMPLAINTS
            .iter()
            .any(|words| complaint.to_lowercase().contains(words))
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

/// What could not be found to be run: `exec /s.sh: no such file or directory`, `/bin/sh: 1: ./s.sh: not found`.
fn not_found(line: &str) -> Option<&str> {
    let named = line
        .strip_suffix(": not found")
        .or_else(|| line.strip_suffix(": no such file or directory"))
        .or_else(|| line.strip_suffix(": No such file or directory"))?;
    let named = named.rsplit(": ").next().unwrap_or(named);
    Some(
        named
            .strip_prefix("exec ")
            .unwrap_or(named)
            .trim_matches('"'),
    )
}

/// What runc says where the daemon itself lacks what it has to give to every step.
fn refused_by_kernel(line: &str) -> Option<&'static str> {
    const LACKS: [&str; 2] = ["unable to apply caps: ", "unable to setup user: "];
    let is_refusal = line.starts_with("runc run failed: ")
        && line.ends_with(": operation not permitted")
        && LACKS.iter().any(|lack| line.contains(lack));
    is_refusal.then_some(
        "this builder lacks capabilities that every step gets: run it as root with all that root may do (a container: \
         `--privileged`; a task of Concourse: `privileged: true`)",
    )
}

/// What may not be executed: `exec: "/s.sh": permission denied`, `/bin/sh: 1: /s.sh: Permission denied`.
fn not_executable(line: &str) -> Option<&str> {
    let is_of_a_shell = line.contains("exec") || line.starts_with("/bin/") || line.contains("sh: ");
    let named = line
        .strip_suffix(": permission denied")
        .or_else(|| line.strip_suffix(": Permission denied"))
        .filter(|_| is_of_a_shell)?;
    let named = named.rsplit(": ").next().unwrap_or(named);
    let path = named
        .strip_prefix("exec ")
        .unwrap_or(named)
        .trim_matches('"');
    path.contains('/').then_some(path)
}

/// What an exit code usually means; from 128 on it is a shell's word for a signal.
fn exit_code(code: u32) -> Option<String> {
    let meaning = match code {
        126 => "exit code 126: the command cannot be executed",
        127 => {
            "exit code 127: the command is not there: install it in an earlier step, or check its name and `PATH`"
        }
        132 => {
            "exit code 132: an illegal instruction, as of a program that is built for another processor"
        }
        134 => "exit code 134: the program aborted itself",
        137 => {
            "exit code 137: it was killed, most often for want of memory: allow it more, or let it do less at a time"
        }
        139 => "exit code 139: a segmentation fault",
        143 => "exit code 143: it was terminated",
        _ => return None,
    };
    Some(meaning.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ContextName;

    fn tree(directory: &str) -> Vec<ContextName> {
        let names: &[&str] = match directory {
            "" => &["bin", "Dockerfile"],
            "bin" => &["start.sh", "other.sh", "plain.sh", "marked.sh", "tool"],
            _ => &[],
        };
        let name = |name: &&str| ContextName {
            name: (*name).into(),
            excluded: false,
        };
        names.iter().map(name).collect()
    }

    fn first_line(path: &str) -> Option<Vec<u8>> {
        match path {
            "bin/start.sh" => Some(b"#!/bin/sh\r\n".into()),
            "bin/other.sh" => Some(b"#!/bin/sh\n".into()),
            "bin/plain.sh" => Some(b"set -e\n".into()),
            "bin/marked.sh" => Some(b"\xef\xbb\xbf#!/bin/sh\n".into()),
            "bin/tool" => Some(b"\x7fELF\x02\x01".into()),
            _ => None,
        }
    }

    /// The hint for a RUN that failed with these last lines and this code, where the secret `npm` was given.
    fn hint(instruction: &str, lines: &[&str], code: u32) -> String {
        let step = FailedStep {
            digest: "sha256:1".into(),
            number: 1,
            name: instruction.into(),
            error: "no".into(),
            tail: lines.iter().map(|line| (*line).into()).collect(),
            lines: lines.len() as u64,
        };
        let given = ["npm".to_owned()];
        let known = Known {
            context: Some(&tree),
            first_line: Some(&first_line),
            secrets: Some(&given),
            ..Known::default()
        };
        let hint = known.hint(&Failure {
            cause: &Cause::Other("no".into()),
            instruction: Some(instruction),
            step: Some(&step),
            exit_code: Some(code),
        });
        hint.unwrap_or_default()
    }

    fn of_lines(lines: &[&str]) -> String {
        hint("RUN x", lines, 1)
    }

    #[test]
    fn a_secret_that_a_step_mounts_and_nobody_gave_is_told() {
        for mount in [
            "type=secret,id=deploy",
            "id=deploy,type=secret,mode=0400",
            "type=secret,target=/root/deploy",
        ] {
            let told = hint(&format!("RUN --mount={mount} cat x"), &[], 1);
            assert_eq!(
                told,
                "secret `deploy` is mounted, and was not given: give it in `buildkit_secrets` under that id (in a task: \
                 `BUILDKIT_SECRET_deploy`); given are `npm`"
            );
        }
        for mount in [
            "type=secret,id=npm",
            "type=secret,id=$id",
            "type=cache,id=x",
            "type=secret",
        ] {
            assert_eq!(
                hint(&format!("RUN --mount={mount} cat x"), &[], 1),
                "",
                "{mount}"
            );
        }
    }

    #[test]
    fn a_program_for_another_processor_is_known_by_what_is_printed() {
        for line in [
            "exec /bin/sh: exec format error",
            "/bin/bash: /x: cannot execute binary file: Exec format error",
            "/x: line 1: ELF\\xB7@: not found",
        ] {
            assert!(
                of_lines(&[line]).contains("an emulator is missing"),
                "{line}"
            );
        }
    }

    #[test]
    fn a_script_that_a_shell_reads_with_its_carriage_returns_is_named() {
        for line in [
            "/opt/start.sh: set: line 1: illegal option -",
            "start.sh: line 4: syntax error: unexpected end of file (expecting \"then\")",
            "/opt/start.sh: 2: set: Illegal option -",
        ] {
            let told = of_lines(&[line]);
            assert!(
                told.starts_with("the lines of `bin/start.sh` end in carriage returns"),
                "{line}: {told}"
            );
        }
        assert_eq!(of_lines(&["/opt/other.sh: line 4: syntax error: no"]), "");
        assert_eq!(of_lines(&["start.sh: done"]), "");
    }

    #[test]
    fn a_script_that_names_no_interpreter_is_no_program_for_another_processor() {
        let told = |path: &str| of_lines(&[&format!("exec /opt/{path}: exec format error")]);

        assert!(told("plain.sh").starts_with("`bin/plain.sh` does not begin with a line"));
        assert!(told("marked.sh").starts_with("`bin/marked.sh` begins with a byte order mark"));
        for path in ["tool", "other.sh", "elsewhere"] {
            assert!(told(path).contains("an emulator is missing"), "{path}");
        }
    }

    #[test]
    fn a_builder_that_lacks_capabilities_is_told_what_it_lacks() {
        for reason in ["unable to apply caps", "unable to setup user: setgroups"] {
            let line = format!(
                "runc run failed: unable to start container process: {reason}: operation not permitted"
            );
            assert!(of_lines(&[&line]).contains("`--privileged`"), "{line}");
        }
        assert_eq!(of_lines(&["chown: x: operation not permitted"]), "");
    }

    #[test]
    fn a_script_of_the_context_whose_first_line_ends_in_a_carriage_return_is_named() {
        for line in [
            "/bin/sh: /opt/start.sh: not found",
            "/bin/sh: 1: ./start.sh: not found",
            "exec /opt/start.sh: no such file or directory",
            "\x1b[31m/bin/bash: line 1: ./start.sh: No such file or directory\x1b[0m",
        ] {
            let told = of_lines(&["before", line]);
            assert!(
                told.starts_with("the first line of `bin/start.sh` ends in a carriage return"),
                "{line}: {told}"
            );
        }
        assert!(
            of_lines(&["env: 'bash\\r': No such file or directory"]).contains("carriage return")
        );
        assert_eq!(of_lines(&["/bin/sh: /opt/other.sh: not found"]), "");
        assert_eq!(of_lines(&["/bin/sh: gcc: not found"]), "");
    }

    #[test]
    fn other_last_words_are_explained_and_most_are_not() {
        let no_shell = "runc run failed: unable to start container process: exec: \"/bin/sh\": stat /bin/sh: no such file \
                        or directory";
        assert!(of_lines(&[no_shell]).starts_with("this stage has no `/bin/sh`"));
        assert!(
            of_lines(&["/bin/sh: 1: /s.sh: Permission denied"])
                .starts_with("`/s.sh` may not be executed")
        );
        assert!(of_lines(&["wget: bad address 'a.test'"]).contains("`HTTP_PROXY`"));
        assert!(of_lines(&["curl: (6) Could not resolve host: a.test"]).contains("`HTTP_PROXY`"));
        for line in ["cat: x: Permission denied", "make: *** [all] Error 7", ""] {
            assert_eq!(of_lines(&[line]), "", "{line}");
        }
        assert!(hint("RUN x", &["make"], 137).contains("want of memory"));
        assert!(hint("RUN x", &["make"], 127).contains("the command is not there"));
    }

    #[test]
    fn a_layer_that_is_not_what_its_digest_says_is_told_as_one() {
        let message = "failed to ensure compression type of \"gzip\": failed commit on ref \"layer-sha256:1\": unexpected \
                       commit digest sha256:2, expected sha256:1: failed precondition";

        let hint = of_message(message).unwrap_or_default();

        assert!(hint.starts_with("a layer of a base image is not"), "{hint}");
    }

    #[test]
    fn a_program_that_the_daemon_lacks_is_named() {
        let hint = |message| of_message(message).unwrap_or_default();

        let told = hint("exec: \"xz\": executable file not found in $PATH");

        assert!(told.starts_with("buildkitd runs `xz` for this"), "{told}");
        assert_eq!(hint("process \"xz\" did not complete successfully"), "");
    }

    #[test]
    fn what_lies_outside_of_the_context_cannot_be_copied() {
        let cause = Cause::MissingPath {
            path: "/x".into(),
            message: "no".into(),
        };
        let told = |instruction| {
            Known {
                context: Some(&tree),
                ..Known::default()
            }
            .hint(&Failure {
                cause: &cause,
                instruction,
                step: None,
                exit_code: None,
            })
        };

        for copy in [
            "[1/1] COPY ../x /",
            "COPY [\"a\", \"../x\", \"/\"]",
            "ADD a/../../x /",
            "RUN --mount=type=bind,source=../x,target=/x cat /x",
            "RUN --mount=target=/x,src=.. cat /x",
        ] {
            let hint = told(Some(copy)).unwrap();
            assert!(hint.starts_with("nothing outside of the context"), "{hint}");
        }
        assert!(
            told(Some("COPY x.. /"))
                .unwrap()
                .starts_with("the context has no `x`")
        );
        assert_eq!(told(Some("COPY --from=build ../x /")), None);
        assert_eq!(told(None), None);
    }
}
