//! Which line of the Dockerfile a step is.
//!
//! A step says its stage, its number, how many there are and its keyword: `[build 2/5] RUN make`. The instructions of that stage are
//! counted as BuildKit counts them. Where that hangs on an argument, each way to count is tried with all steps of the stage, and a
//! step has a line only if every way that fits all of them gives it the same: rather none than a wrong one.
//!
//! Reads, writes: nothing. Unknown here: how it is shown.

use std::collections::HashMap;

use crate::dockerfile::instruction::{Counted, Instruction, Stage, stages};
use crate::record::BuildRecord;

/// How many instructions of a stage may hang on an argument; where there are more, none of its steps has a line.
const MOST_OPEN: usize = 8;

/// What a step says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Claim<'a> {
    /// Its place in the record.
    step: usize,
    stage: Option<&'a str>,
    index: usize,
    total: usize,
    keyword: &'a str,
}

/// The lines, from 1, of those steps of a record of which they can be told.
#[must_use]
pub fn lines(record: &BuildRecord, stages: &[Stage]) -> HashMap<usize, usize> {
    let names = record.steps.iter().map(|step| step.name.as_str());
    lines_of_names(names, stages)
}

/// The first and the last line, from 1, of the instruction that the step at `place` among all of these names is, if that can be told.
pub fn lines_of_step<'a>(
    names: impl Iterator<Item = &'a str>,
    place: usize,
    dockerfile: &str,
) -> Option<(usize, usize)> {
    let stages = stages(dockerfile);
    let line = *lines_of_names(names, &stages).get(&place)?;
    let mut all = stages.iter().flat_map(|stage| &stage.instructions);
    let found = all.find(|one| one.line == line)?;
    Some((line, found.last_line))
}

fn lines_of_names<'a>(
    names: impl Iterator<Item = &'a str>,
    stages: &[Stage],
) -> HashMap<usize, usize> {
    let claims = (names.enumerate()).filter_map(|(place, name)| claim(place, name));
    let mut of_stages: HashMap<Option<&str>, Vec<Claim<'_>>> = HashMap::new();
    for claim in claims {
        // The only stage has no name: a platform may stand there.
        let stage = match stages {
            [only] if only.name.is_none() => claim.stage.filter(|place| !place.contains('/')),
            _ => claim.stage,
        };
        of_stages.entry(stage).or_default().push(claim);
    }
    let mut of_names: HashMap<Option<&str>, Vec<&Stage>> = HashMap::new();
    for stage in stages {
        of_names
            .entry(stage.name.as_deref())
            .or_default()
            .push(stage);
    }
    let mut lines = HashMap::new();
    for (name, claims) in of_stages {
        // Two stages may have one name: `stage-1`, by itself or because somebody wrote it.
        if let Some([stage]) = of_names.get(&name).map(Vec::as_slice) {
            lines.extend(lines_of(&stage.instructions, &claims));
        }
    }
    lines
}

fn claim(step: usize, name: &str) -> Option<Claim<'_>> {
    let (place, rest) = name.strip_prefix('[')?.split_once("] ")?;
    let mut words = place.split_whitespace().rev();
    let (index, total) = words.next()?.split_once('/')?;
    Some(Claim {
        step,
        stage: words.next(),
        index: index.parse().ok()?,
        total: total.parse().ok()?,
        keyword: rest.split(' ').next()?,
    })
}

/// The lines of the steps of a stage.
fn lines_of(instructions: &[Instruction], claims: &[Claim<'_>]) -> HashMap<usize, usize> {
    let is_open = |one: &&Instruction| one.in_index == Counted::Perhaps;
    let open = instructions.iter().filter(is_open).count();
    if open > MOST_OPEN || claims.is_empty() {
        return HashMap::new();
    }
    let mut agreed: Option<Vec<usize>> = None;
    for way in 0..1_u32 << open {
        let Some(found) = counted(instructions, way, claims) else {
            continue;
        };
        agreed = Some(match agreed {
            None => found,
            // 0 is no line.
            Some(before) => (before.iter().zip(&found))
                .map(|(one, other)| if one == other { *one } else { 0 })
                .collect(),
        });
    }
    let steps = claims.iter().map(|claim| claim.step);
    let lines = agreed.unwrap_or_default();
    steps.zip(lines).filter(|(_, line)| *line > 0).collect()
}

/// The line of each claim, if those that hang on an argument count as the bits of `way` say; `None` if a claim does not fit.
fn counted(instructions: &[Instruction], way: u32, claims: &[Claim<'_>]) -> Option<Vec<usize>> {
    let mut open = 0;
    let mut total = 0;
    let mut numbered = Vec::new();
    for one in instructions {
        let chosen = way >> open & 1 == 1;
        open += u32::from(one.in_index == Counted::Perhaps);
        let counts = |counted| match counted {
            Counted::Yes => true,
            Counted::No => false,
            Counted::Perhaps => chosen,
        };
        total += usize::from(counts(one.in_total));
        if counts(one.in_index) {
            numbered.push(one);
        }
    }
    let line = |claim: &Claim<'_>| {
        let one = numbered.get(claim.index.checked_sub(1)?)?;
        (claim.total == total && claim.keyword == one.keyword).then_some(one.line)
    };
    claims.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_in(dockerfile: &str, names: &[&str]) -> Vec<Option<usize>> {
        let lines = lines_of_names(names.iter().copied(), &stages(dockerfile));
        let places = 0..names.len();
        places.map(|place| lines.get(&place).copied()).collect()
    }

    #[test]
    fn each_step_has_the_line_of_its_instruction() {
        let dockerfile = "FROM alpine AS base\nENV A=b\nRUN one\n\nCOPY a \\\n  b\nFROM base\nRUN two\nRUN three\n";
        let names = [
            "[internal] load build definition from Dockerfile",
            "[base 1/3] FROM docker.io/library/alpine",
            "[base 2/3] RUN one",
            "[base 3/3] COPY a b",
            "[stage-1 2/2] RUN three",
            "exporting to image",
        ];

        let lines = lines_in(dockerfile, &names);

        assert_eq!(lines, [None, Some(1), Some(3), Some(5), Some(9), None]);
    }

    #[test]
    fn an_instruction_goes_to_its_last_line() {
        let dockerfile = "FROM a\nRUN one \\\n  # why\n  two\n\nRUN <<E\nthree\nE\nCOPY a \\\n b\nRUN [\"a\", \\\n \"b\"]\n# end\n";
        let names = [
            "[1/5] FROM a",
            "[2/5] RUN x",
            "[3/5] RUN x",
            "[4/5] COPY x",
            "[5/5] RUN x",
            "x",
        ];

        let of = |place| lines_of_step(names.into_iter(), place, dockerfile);

        assert_eq!(
            [0, 1, 2].map(of),
            [Some((1, 1)), Some((2, 4)), Some((6, 8))]
        );
        assert_eq!([3, 4, 5].map(of), [Some((9, 10)), Some((11, 12)), None]);
    }

    #[test]
    fn a_root_that_is_no_step_shifts_no_number() {
        let dockerfile = "FROM scratch\nWORKDIR /\nRUN one\nWORKDIR /a\nRUN two\n";

        let lines = lines_in(
            dockerfile,
            &["[1/4] RUN one", "[2/4] WORKDIR /a", "[3/4] RUN two"],
        );

        assert_eq!(lines, [Some(3), Some(4), Some(5)]);
    }

    #[test]
    fn platforms_and_wide_numbers_are_read() {
        let runs = "RUN a\n".repeat(10);
        let named = format!("FROM scratch AS b\n{runs}FROM b\n");
        let only = format!("FROM scratch\n{runs}");

        assert_eq!(
            lines_in(&named, &["[b  3/10] RUN a", "[linux/arm64 b 10/10] RUN a"]),
            [Some(4), Some(11)]
        );
        assert_eq!(
            lines_in(
                &only,
                &["[ 3/10] RUN a", "[linux/amd64->arm64 10/10] RUN a"]
            ),
            [Some(4), Some(11)]
        );
        assert_eq!(lines_in(&only, &["[b 3/10] RUN a"]), [None]);
    }

    #[test]
    fn two_stages_of_one_name_have_no_lines() {
        let dockerfile = "FROM scratch AS stage-1\nRUN a\nFROM scratch\nRUN b\n";

        assert_eq!(lines_in(dockerfile, &["[stage-1 1/1] RUN b"]), [None]);
    }

    #[test]
    fn what_hangs_on_an_argument_is_decided_by_the_steps_or_not_at_all() {
        let dockerfile = "ARG B\nFROM $B\nWORKDIR $D\nRUN one\nRUN two\n";

        let told = lines_in(
            dockerfile,
            &["[1/4] FROM x", "[2/4] WORKDIR /d", "[4/4] RUN two"],
        );
        let scratch = lines_in(dockerfile, &["[1/3] RUN one", "[2/3] RUN two"]);
        let open = lines_in(dockerfile, &["[3/4] RUN one"]);

        assert_eq!(told, [Some(2), Some(3), Some(5)]);
        assert_eq!(scratch, [Some(4), Some(5)]);
        assert_eq!(open, [None], "it could be the one or the other");
    }

    #[test]
    fn steps_that_the_dockerfile_does_not_have_are_nowhere() {
        let dockerfile = "FROM a AS b\nRUN one\nFROM b AS c\nRUN two\n";

        for name in [
            "[b 3/3] RUN one",
            "[b 2/3] RUN one",
            "[b 0/2] RUN one",
            "[b 2/2] COPY one",
            "[b 2/2] ONBUILD RUN one",
            "[d 2/2] RUN one",
            "[b 99999999999999999999/2] RUN one",
            "[b] RUN one",
            "[] ",
        ] {
            assert_eq!(lines_in(dockerfile, &[name]), [None], "{name}");
        }
        // Two that contradict each other.
        let both = lines_in(dockerfile, &["[b 2/2] RUN one", "[b 1/2] RUN one"]);
        assert_eq!(both, [None, None]);
    }
}
