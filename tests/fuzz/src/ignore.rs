//! Ignore patterns, against Go's own: a path more or less in a context is another layer.
//!
//! The input is text: patterns, each a line, an empty line, and paths. `ignore` of `host/engine/ignore` answers, where `make setup`
//! has built it; without it a match is only asked for twice.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use oci_image::buildkit::context::{Inherited, Matcher};

/// Where `make setup` builds the other matcher.
const ORACLE: &str = "target/engine/bin/ignore";

/// How many patterns and paths are looked at; more of them find nothing that fewer do not.
const MOST: usize = 16;

/// The other matcher, and the pipes to it.
struct Oracle {
    _child: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

static STARTED: OnceLock<Option<Mutex<Oracle>>> = OnceLock::new();

pub(crate) fn run(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let patterns: Vec<&[u8]> = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .take(MOST)
        .collect();
    for path in lines.take(MOST).filter(|path| is_path(path)) {
        let ours = answer(&patterns, path);
        assert_eq!(ours, answer(&patterns, path), "asked twice");
        let oracle = STARTED.get_or_init(|| Oracle::start().ok().map(Mutex::new));
        if let Some(oracle) = oracle {
            let mut oracle = oracle.lock().unwrap_or_else(PoisonError::into_inner);
            let theirs = oracle
                .ask(&patterns, path)
                .expect("the other matcher answers");
            let shown = |text: &[u8]| text.escape_ascii().to_string();
            let patterns: Vec<_> = patterns.iter().map(|pattern| shown(pattern)).collect();
            assert_eq!(
                char::from(ours),
                char::from(theirs),
                "{patterns:?} and {}: ours, theirs",
                shown(path)
            );
        }
    }
}

/// Whether a walk can come to such a path.
fn is_path(path: &[u8]) -> bool {
    let is_name = |name: &[u8]| !matches!(name, b"" | b"." | b"..") && !name.contains(&0);
    path.split(|byte| *byte == b'/').all(is_name)
}

/// What ours says, in the other one's letters.
fn answer(patterns: &[&[u8]], path: &[u8]) -> u8 {
    let Ok(matcher) = Matcher::new(patterns) else {
        return b'p';
    };
    let mut above = Inherited::default();
    let slashes = (0..path.len()).filter(|at| path[*at] == b'/');
    for at in slashes {
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
    fn start() -> io::Result<Self> {
        let mut child = Command::new(ORACLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (questions, answers) = (child.stdin.take(), child.stdout.take());
        Ok(Self {
            _child: child,
            questions: questions.ok_or(io::ErrorKind::BrokenPipe)?,
            answers: answers.ok_or(io::ErrorKind::BrokenPipe)?,
        })
    }

    fn ask(&mut self, patterns: &[&[u8]], path: &[u8]) -> io::Result<u8> {
        let count = patterns.len().to_string();
        let mut question = Vec::new();
        for text in std::iter::once(count.as_bytes())
            .chain(patterns.iter().copied())
            .chain([path])
        {
            question.extend((text.len() as u32).to_be_bytes());
            question.extend(text);
        }
        self.questions.write_all(&question)?;
        let mut answer = [0];
        self.answers.read_exact(&mut answer)?;
        Ok(answer[0])
    }
}
