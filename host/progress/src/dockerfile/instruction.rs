//! The instructions of a Dockerfile that become steps: where each stands, and how BuildKit counts it.
//!
//! Reads, writes: nothing. Unknown here: steps.
//! Source: BuildKit, `frontend/dockerfile/dockerfile2llb/convert.go` (`cmdTotal`, `prefixCommand`).

use std::collections::HashSet;

use parse_dockerfile::{Command, FromInstruction, Instruction as Parsed, Source, Span};

/// A stage of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What its steps are called by; `None` for the only one.
    pub(crate) name: Option<String>,
    /// In the order in which they stand.
    pub(crate) instructions: Vec<Instruction>,
}

/// An instruction that may be a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) keyword: &'static str,
    /// From 1.
    pub(crate) line: usize,
    /// The last of its lines.
    pub(crate) last_line: usize,
    /// Whether it is one of the steps of which a step says how many there are.
    pub(crate) in_total: Counted,
    /// Whether it is a step that has a number.
    pub(crate) in_index: Counted,
}

/// Whether an instruction counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Yes,
    No,
    /// It depends on an argument.
    Perhaps,
}

/// The stages of a Dockerfile; none if it cannot be read.
#[must_use]
pub fn stages(text: &str) -> Vec<Stage> {
    let Ok(parsed) = parse_dockerfile::parse(text) else {
        return Vec::new();
    };
    let starts = LineStarts::of(text);
    let is_only = parsed.stages().len() == 1;
    let mut names = HashSet::new();
    let mut stages: Vec<Stage> = Vec::new();
    for (place, stage) in parsed.stages().enumerate() {
        let named = stage
            .from
            .as_
            .as_ref()
            .map(|(_, name)| name.value.to_lowercase());
        let from = from(stage.from, &names, &starts);
        names.extend(named.clone());
        let name = named.unwrap_or_else(|| format!("stage-{place}"));
        let others = stage
            .instructions
            .iter()
            .filter_map(|one| instruction(one, &starts));
        stages.push(Stage {
            name: Some(name),
            instructions: [from].into_iter().chain(others).collect(),
        });
    }
    if let ([only], true) = (stages.as_mut_slice(), is_only) {
        only.name = None;
    }
    stages
}

fn from(from: &FromInstruction<'_>, before: &HashSet<String>, starts: &LineStarts) -> Instruction {
    let base = &*from.image.value;
    let is_stage = || before.contains(&base.to_lowercase());
    let counted = match base {
        "scratch" => Counted::No,
        base if base.contains('$') => Counted::Perhaps,
        _ if is_stage() => Counted::No,
        _ => Counted::Yes,
    };
    Instruction {
        keyword: "FROM",
        line: starts.line(from.from.span.start),
        last_line: starts.line(from.image.span.start),
        in_total: counted,
        in_index: counted,
    }
}

fn instruction(parsed: &Parsed<'_>, starts: &LineStarts) -> Option<Instruction> {
    let (keyword, span, last, in_index) = match parsed {
        Parsed::Add(add) => {
            let last = last(&add.src, &add.dest.span);
            ("ADD", &add.add.span, last, Counted::Yes)
        }
        Parsed::Copy(copy) => {
            let last = last(&copy.src, &copy.dest.span);
            ("COPY", &copy.copy.span, last, Counted::Yes)
        }
        Parsed::Run(run) => {
            let command = match &run.arguments {
                Command::Exec(words) => &words.span,
                Command::Shell(text) => &text.span,
                _ => &run.run.span,
            };
            // Its end stands on the line behind a text.
            let texts = run.here_docs.iter().map(|text| text.span.end);
            let last = texts.fold(command.end - 1, usize::max);
            ("RUN", &run.run.span, last, Counted::Yes)
        }
        Parsed::Workdir(dir) => {
            let (last, counted) = (dir.arguments.span.end - 1, is_made(&dir.arguments.value));
            ("WORKDIR", &dir.workdir.span, last, counted)
        }
        _ => return None,
    };
    Some(Instruction {
        keyword,
        line: starts.line(span.start),
        last_line: starts.line(last),
        in_total: Counted::Yes,
        in_index,
    })
}

/// The last place of an instruction that takes files.
fn last(sources: &[Source<'_>], destination: &Span) -> usize {
    let texts = sources.iter().filter_map(|source| match source {
        Source::HereDoc(text) => Some(text.span.end),
        _ => None,
    });
    texts.fold(destination.end - 1, usize::max)
}

/// Whether a directory is made: the root is there, and no step for it.
fn is_made(path: &str) -> Counted {
    let path = path.trim().trim_matches(['"', '\'']);
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    if path.contains('$') || parts.clone().any(|part| part == "..") {
        Counted::Perhaps
    } else if parts.next().is_some() {
        Counted::Yes
    } else if path.starts_with('/') {
        Counted::No
    } else {
        Counted::Perhaps
    }
}

/// Where the lines of a text begin.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self([0].into_iter().chain(ends).collect())
    }

    /// The line, from 1, of the byte there.
    fn line(&self, place: usize) -> usize {
        self.0.partition_point(|start| *start <= place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instructions_that_are_steps_have_their_lines() {
        let text = "# syntax=docker/dockerfile:1\nARG V=1\nFROM alpine:$V AS Base\nENV A=b\nRUN <<E\nCOPY not this\nE\n\
            WORKDIR /\nworkdir /src\nRUN a \\\n  # why\n  b\nFROM base\nCOPY . .\nFROM scratch\nADD a /\n";
        let of = |stage: &Stage| -> Vec<(&str, usize, Counted)> {
            let of = |one: &Instruction| (one.keyword, one.line, one.in_index);
            stage.instructions.iter().map(of).collect()
        };

        let stages = stages(text);

        let names: Vec<_> = stages.iter().map(|stage| stage.name.as_deref()).collect();
        assert_eq!(names, [Some("base"), Some("stage-1"), Some("stage-2")]);
        assert_eq!(
            of(&stages[0]),
            [
                ("FROM", 3, Counted::Perhaps),
                ("RUN", 5, Counted::Yes),
                ("WORKDIR", 8, Counted::No),
                ("WORKDIR", 9, Counted::Yes),
                ("RUN", 10, Counted::Yes)
            ]
        );
        assert_eq!(
            of(&stages[1]),
            [("FROM", 13, Counted::No), ("COPY", 14, Counted::Yes)]
        );
        assert_eq!(
            of(&stages[2]),
            [("FROM", 15, Counted::No), ("ADD", 16, Counted::Yes)]
        );
    }

    #[test]
    fn a_directory_is_made_unless_it_is_the_root() {
        let of = ["/", "//./", "/app", "app", ".", "../x", "$HOME", "\"/\""].map(is_made);

        use Counted::{No, Perhaps, Yes};
        assert_eq!(of, [No, No, Yes, Yes, Perhaps, Perhaps, Perhaps, No]);
    }

    #[test]
    fn the_only_stage_has_no_name() {
        assert_eq!(stages("FROM a AS b\nRUN c\n")[0].name, None);
        assert_eq!(stages("FROM a AS b\nFROM c AS b\n"), []);
        assert_eq!(stages("RUN before\n"), []);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            let _ = stages(&text);
        }

        #[test]
        fn no_dockerfile_is_too_odd(
            lines in prop::collection::vec(
                prop_oneof![
                    "(FROM|from|RUN|COPY|ADD|WORKDIR|ONBUILD|SHELL|HEALTHCHECK|ENV|ARG|LABEL|EXPOSE|VOLUME|CMD)[ \\\\\"'<\\[\\]=$a-z,-]{0,20}",
                    "# ?(escape|syntax|check)=[`\\\\a-z]{0,3}",
                    "(RUN|COPY) <<-?[\"']?E[\"']?( <<F)?( /x)?",
                    "[EF]",
                    any::<String>(),
                ],
                0..12,
            ),
        ) {
            let text = lines.join("\n");
            let count = text.lines().count();
            for stage in stages(&text) {
                for one in stage.instructions {
                    prop_assert!((1..=count).contains(&one.line));
                    prop_assert!((one.line..=count).contains(&one.last_line));
                }
            }
        }
    }
}
