//! Ignore patterns, compared with Go's own matcher, by which BuildKit reads `.dockerignore`: a path more or less in a context
//! is another layer.
//!
//! Patterns and paths come from a seed, of pieces that have a meaning in one or the other. `IGNORE_PAIRS=300000` asks for more
//! than the few thousand that every run compares, `IGNORE_SEED=2` for others.

use std::env;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use oci_image::buildkit::context::{Inherited, Matcher, PatternError};
use oci_image_tests::engine;
use oci_image_tests::random::Random;

/// How many pairs are compared.
const PAIRS: u64 = 6_000;
/// How many paths are asked for each list of patterns.
const PATHS: u64 = 3;
/// Of what ordinary patterns are made; what stands twice comes up more often.
const ORDINARY: &str = r"* * ** **/ ? / / a a b ab c 1 . .. [a-c] [^a]";
/// What makes patterns odd besides.
const ODD: &str = r"[!a] [ ] ^ ! - \ \\ \* \? {2} {1,} {0,2} {2,1} {1001} {a} { } , | + ( ) $ && ~~ -- # \d \D \w \W \s \S
    \b \B \A \z \Z \pL \p{Greek} \PN \p{No} \Q \E \x61 \x{e9} \x{110000} \x6 \141 \0 \1 \8 \n \v \a \y \C \< [[:alpha:]]
    [[:^digit:]] [:no:] [a- []a] [\] é α";
/// Of what paths are made.
const PATH: &str = "a a b ab aa c A 1 _ / / / . .. ] [ ^ ! - \\ {2} | + ( $ & ~ < d Q E é α ² * ?";
/// Blanks, marks and bytes that are no text, for both.
const UNTEXT: [&[u8]; 9] = [
    b" ",
    b"\t",
    b"\n",
    b"\x0b",
    "\u{2003}".as_bytes(),
    "\u{feff}".as_bytes(),
    b"\xff",
    b"\xe9",
    "\u{fffd}".as_bytes(),
];

/// The other matcher, and the pipes to it.
struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

#[test]
fn patterns_leave_out_what_they_leave_out_for_docker() {
    let set = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    let lists = set("IGNORE_PAIRS").map_or(PAIRS, |pairs: u64| pairs.div_ceil(PATHS));
    let mut random = Random::new(set("IGNORE_SEED").unwrap_or(1));
    let mut oracle = Oracle::start();
    let mut differences = Vec::new();
    let mut answers = [0_u64; 4];

    let [ordinary, odd, names] = [ORDINARY, ODD, PATH].map(|pieces| {
        let pieces = pieces.split_whitespace().map(str::as_bytes);
        pieces.collect::<Vec<_>>()
    });
    let odd = [&ordinary[..], &odd, &UNTEXT].concat();
    let names = [&names[..], &UNTEXT].concat();

    for _ in 0..lists {
        let patterns = patterns(&mut random, &ordinary, &odd);
        let ours = Matcher::new(&patterns);
        for _ in 0..PATHS {
            let path = path(&mut random, &names);
            let (ours, theirs) = (answer(&ours, &path), oracle.ask(&patterns, &path));
            let kind = b"ynpe".iter().position(|kind| *kind == theirs);
            answers[kind.expect("the other one answers so")] += 1;
            if ours != theirs {
                let shown = |text: &Vec<u8>| text.escape_ascii().to_string();
                let shown_patterns: Vec<String> = patterns.iter().map(shown).collect();
                let (ours, theirs) = (char::from(ours), char::from(theirs));
                let path = shown(&path);
                differences.push(format!(
                    "{shown_patterns:?} and {path}: ours {ours}, theirs {theirs}"
                ));
            }
        }
    }
    oracle.end();

    println!("left out, kept, refused, refused late: {answers:?}");
    assert_eq!(differences, Vec::<String>::new());
    // Whoever refuses everything agrees with everybody.
    assert!(
        answers.iter().all(|count| *count > lists * PATHS / 100),
        "{answers:?}"
    );
}

fn patterns(random: &mut Random, ordinary: &[&[u8]], odd: &[&[u8]]) -> Vec<Vec<u8>> {
    let count = 1 + random.number() % 4;
    (0..count)
        .map(|_| {
            // One that is refused hides what the others match.
            let is_odd = random.number().is_multiple_of(4);
            let pieces = if is_odd { odd } else { ordinary };
            let length = 1 + random.number() % 6;
            let is_exception = random.number().is_multiple_of(4);
            let exception: &[u8] = if is_exception { b"!" } else { b"" };
            [exception, &made_of(pieces, length, random)].concat()
        })
        .collect()
}

/// A path that a walk can come to.
fn path(random: &mut Random, pieces: &[&[u8]]) -> Vec<u8> {
    loop {
        let length = 1 + random.number() % 7;
        let path = made_of(pieces, length, random);
        let mut names = path.split(|byte| *byte == b'/');
        if names.all(|name| !matches!(name, b"" | b"." | b"..")) {
            return path;
        }
    }
}

fn made_of(pieces: &[&[u8]], count: u64, random: &mut Random) -> Vec<u8> {
    let chosen = (0..count).map(|_| pieces[(random.number() % pieces.len() as u64) as usize]);
    chosen.collect::<Vec<_>>().concat()
}

/// What ours says, in the other one's letters, asked directory by directory as a walk asks.
fn answer(matcher: &Result<Matcher, PatternError>, path: &[u8]) -> u8 {
    let Ok(matcher) = matcher else {
        return b'p';
    };
    let mut above = Inherited::default();
    for at in (0..path.len()).filter(|at| path[*at] == b'/') {
        match matcher.matches_directory(&path[..at], &above) {
            Ok((_, own)) => above = own,
            Err(_) => return b'e',
        }
    }
    match matcher.matches(path, &above) {
        Ok(true) => b'y',
        Ok(false) => b'n',
        Err(_) => b'e',
    }
}

impl Oracle {
    fn start() -> Self {
        let program = engine::directory().join("ignore");
        assert!(
            program.exists(),
            "no {}; run `make setup`",
            program.display()
        );
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It tells its terminal of every name that is no text.
            .stderr(Stdio::null())
            .spawn()
            .expect("the other matcher starts");
        let (questions, answers) = (child.stdin.take(), child.stdout.take());
        Self {
            child,
            questions: questions.expect("standard input is piped"),
            answers: answers.expect("standard output is piped"),
        }
    }

    fn ask(&mut self, patterns: &[Vec<u8>], path: &[u8]) -> u8 {
        let count = patterns.len().to_string();
        let mut question = Vec::new();
        let texts = patterns.iter().map(Vec::as_slice);
        for text in [count.as_bytes()].into_iter().chain(texts).chain([path]) {
            let length = u32::try_from(text.len()).expect("texts of tests are short");
            question.extend(length.to_be_bytes());
            question.extend(text);
        }
        let mut answer = [0];
        let asked = self.questions.write_all(&question);
        let answered = asked.and_then(|()| self.answers.read_exact(&mut answer));
        answered.expect("the other matcher answers");
        answer[0]
    }

    fn end(self) {
        let Self {
            mut child,
            questions,
            ..
        } = self;
        // It ends when nobody asks any more.
        drop(questions);
        child.wait().expect("the other matcher was started");
    }
}
