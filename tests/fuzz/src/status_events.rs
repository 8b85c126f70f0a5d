//! Reports of a daemon, in whatever order: shown in every mode as lines that are bounded and command nobody, and the same
//! whatever the pieces are in which a log comes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use oci_image::boundary::outside::is_unruly;
use oci_image::buildkit::failure::{LineRange, Source};
use oci_image::buildkit::status::{Status, Vertex, VertexLog, VertexProgress, VertexWarning};
use oci_image::progress::{Mode, Progress, SolveId};
use serde_json::Value;

/// How long a line may be, in bytes: that of a process at its longest, every character of it escaped.
const LONGEST: usize = 128 << 10;

/// What happens to a progress.
enum Act {
    Report(usize, Status),
    Idle,
    Stalled,
}

/// Plays the acts that the bytes describe in each mode.
pub(crate) fn run(bytes: &[u8]) {
    let mut script = Script(bytes);
    let mut acts = Vec::new();
    while !script.0.is_empty() && acts.len() < 200 {
        acts.push(script.act());
    }
    for mode in [Mode::Plain, Mode::Coloured] {
        lines_are_harmless(mode, &shown(mode, &acts, 1));
    }
    let json = shown(Mode::Json, &acts, 1);
    lines_are_harmless(Mode::Json, &json);
    assert_eq!(logged(&json), logged(&shown(Mode::Json, &acts, 2)));
}

/// What is shown, each log being cut into so many pieces.
fn shown(mode: Mode, acts: &[Act], pieces: usize) -> String {
    let mut progress = Progress::new(mode, Vec::new());
    let solves = [progress.add_solve("one"), progress.add_solve("two")];
    progress.add_base_argument("base");
    for act in acts {
        let written = match act {
            Act::Report(solve, status) => {
                progress.update(solves[*solve], in_pieces(status, pieces))
            }
            Act::Idle => progress.idle(),
            Act::Stalled => progress.stalled(),
        };
        written.expect("a vector takes everything");
    }
    progress.finish().expect("a vector takes everything");
    let _ = progress.failed_steps();
    let _: [SolveId; 2] = solves;
    String::from_utf8(progress.into_writer()).expect("lines are text")
}

fn in_pieces(status: &Status, pieces: usize) -> Status {
    let mut cut = status.clone();
    cut.logs = Vec::new();
    for log in &status.logs {
        let length = log.message.len().div_ceil(pieces).max(1);
        cut.logs
            .extend(log.message.chunks(length).map(|piece| VertexLog {
                message: log.message.slice_ref(piece),
                ..log.clone()
            }));
    }
    cut
}

fn lines_are_harmless(mode: Mode, text: &str) {
    assert!(text.is_empty() || text.ends_with('\n'), "a line has no end");
    for line in text.lines() {
        assert!(line.len() <= LONGEST, "a line of {} bytes", line.len());
        let plain = match mode {
            Mode::Coloured => without_colours(line),
            Mode::Plain | Mode::Json => line.to_owned(),
        };
        let unruly = plain
            .chars()
            .find(|character| *character != '\t' && is_unruly(*character));
        assert_eq!(unruly, None, "{line:?}");
        assert!(!plain.trim_start().starts_with("::"), "{line:?}");
        if mode == Mode::Json {
            serde_json::from_str::<Value>(line).expect("a line is JSON");
        }
    }
}

/// The line without `ESC [ digits ; : m`.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').expect("a colour ends with `m`");
        let is_code = |byte: u8| byte.is_ascii_digit() || matches!(byte, b';' | b':');
        assert!(codes.bytes().all(is_code), "{line:?}");
        plain.push_str(rest);
    }
    plain
}

/// The lines of each step's streams, in order.
fn logged(json: &str) -> BTreeMap<(u64, i64), Vec<String>> {
    let mut logged: BTreeMap<(u64, i64), Vec<String>> = BTreeMap::new();
    for line in json.lines() {
        let event: Value = serde_json::from_str(line).expect("a line is JSON");
        if event["event"] != "log" {
            continue;
        }
        let step = event["step"].as_u64().expect("a step has a number");
        let stream = event["stream"].as_i64().expect("a stream has a number");
        let line = event["line"].as_str().expect("a line is text");
        logged
            .entry((step, stream))
            .or_default()
            .push(line.to_owned());
    }
    logged
}

/// Bytes as what they describe; zeros where there are no more.
struct Script<'bytes>(&'bytes [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = match self.byte() {
            255 => 40_000, // longer than a line may be
            short => usize::from(short),
        };
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        if length > 255 && !taken.is_empty() {
            return taken.iter().copied().cycle().take(length).collect();
        }
        taken.to_vec()
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// One of few, so that reports are of the same vertex.
    fn digest(&mut self) -> String {
        match self.byte() {
            number @ 0..=9 => format!("sha256:{number}"),
            _ => self.text(),
        }
    }

    fn number(&mut self) -> i64 {
        match self.byte() {
            255 => i64::MAX,
            254 => i64::MIN,
            253 => -1,
            small => i64::from(small),
        }
    }

    fn time(&mut self) -> Option<SystemTime> {
        let since = match self.byte() {
            0 => return None,
            255 => Duration::from_secs(i64::MAX as u64),
            tenths => Duration::from_millis(u64::from(tenths) * 100),
        };
        SystemTime::UNIX_EPOCH.checked_add(since)
    }

    fn act(&mut self) -> Act {
        match self.byte() {
            0 => return Act::Idle,
            1 => return Act::Stalled,
            _ => {}
        }
        let solve = usize::from(self.byte() & 1);
        let mut status = Status::default();
        for _ in 0..=self.byte() % 4 {
            match self.byte() % 4 {
                0 => status.vertices.push(self.vertex()),
                1 => status.progress.push(self.progress()),
                2 => status.logs.push(self.log()),
                _ => status.warnings.push(self.warning()),
            }
        }
        Act::Report(solve, status)
    }

    fn vertex(&mut self) -> Vertex {
        Vertex {
            digest: self.digest(),
            inputs: vec![self.digest()],
            name: self.text(),
            cached: self.byte() & 1 == 1,
            started: self.time(),
            completed: self.time(),
            error: match self.byte() {
                0..=200 => String::new(),
                201 => "context canceled".to_owned(),
                _ => self.text(),
            },
        }
    }

    fn progress(&mut self) -> VertexProgress {
        VertexProgress {
            id: self.text(),
            vertex: self.digest(),
            name: self.text(),
            current: self.number(),
            total: self.number(),
            timestamp: self.time(),
            started: self.time(),
            completed: self.time(),
        }
    }

    fn log(&mut self) -> VertexLog {
        VertexLog {
            vertex: self.digest(),
            timestamp: self.time(),
            stream: self.number(),
            message: self.bytes().into(),
        }
    }

    fn warning(&mut self) -> VertexWarning {
        let (start, end) = (self.byte().into(), self.number().unsigned_abs() as u32);
        VertexWarning {
            vertex: self.digest(),
            level: self.number(),
            short: self.text(),
            detail: vec![self.text()],
            url: self.text(),
            source: Some(Source {
                filename: self.text(),
                data: self.bytes(),
                ranges: vec![LineRange { start, end }],
            }),
        }
    }
}
