//! Events: the lines of standard error under `build --progress json`, one JSON object each.
//!
//! A line with `step` is about a step of the build; any other is the program's own. A reader passes over events and keys that it
//! does not know: new ones may come.

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::outcome::BuildResult;

/// A line: of a step, or of the program.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "json-schema",
    schemars(title = "Line of oci-image build --progress json")
)]
pub enum Line<'a> {
    /// What happened to a step.
    Step(StepLine<'a>),
    /// What the program says.
    Program(ProgramEvent<'a>),
}

/// What happened to a step, and when.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct StepLine<'a> {
    /// What happened.
    #[serde(flatten)]
    pub event: StepEvent<'a>,
    /// The number that plain text shows as `#7`.
    pub step: u32,
    /// When, in seconds since 1970-01-01 UTC, by the daemon's clock.
    pub time: f64,
}

/// What happened to a step. One that restarts can end more than once: the last end counts.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum StepEvent<'a> {
    /// It began.
    Started {
        /// Digest of its vertex.
        digest: &'a str,
        /// What a person calls it: `[build 3/4] RUN make`.
        name: &'a str,
        /// The targets that need it, so far as known.
        targets: Vec<&'a str>,
    },
    /// A part of it, for example a transfer, is this far.
    Progress {
        /// The part.
        name: &'a str,
        /// How far it is.
        current: i64,
        /// How far it goes; 0 where that is unknown.
        total: i64,
        /// Seconds since the part began; null before.
        seconds: Option<f64>,
        /// Whether it has ended.
        done: bool,
    },
    /// The frontend warns of it.
    Warning {
        /// What is odd.
        message: &'a str,
    },
    /// Its process printed a line.
    Log {
        /// 1 standard output, 2 standard error.
        stream: i64,
        /// Seconds since the step's start.
        seconds: f64,
        /// The line, without its end.
        line: &'a str,
    },
    /// It ended well.
    Done {
        /// Seconds for which it ran in all.
        seconds: f64,
    },
    /// Its result was there already.
    Cached,
    /// It was given up, because another had failed or the build was stopped.
    Canceled,
    /// The reports ended before it did: the daemon or the connection is gone.
    Interrupted,
    /// It failed.
    Failed {
        /// Why, in the daemon's words.
        error: &'a str,
    },
}

/// What the program says beside the steps.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum ProgramEvent<'a> {
    /// A line of the daemon's own log, with `debug`.
    Daemon {
        /// The line, without its end.
        line: &'a str,
    },
    /// Another build uses the daemon's root: this one waits until it has ended.
    Waiting {
        /// The root.
        root: &'a str,
    },
    /// The end, if it is a good one: the last line.
    Result(BuildResult<'a>),
    /// What the program waits for, or that a login leaves it.
    Notice {
        /// What.
        message: &'a str,
    },
    /// Something goes less well than it should.
    Warning {
        /// What.
        message: &'a str,
    },
    /// Something is said of the request.
    Diagnostic(Located<'a>),
    /// The end, if it is no good one: the last line.
    Error(ErrorEvent<'a>),
}

/// A diagnostic, and where it stands for a person.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Located<'a> {
    /// What is said.
    #[serde(flatten)]
    pub diagnostic: &'a Diagnostic,
    /// The file in which it stands, as it was named; `<stdin>` for a message.
    pub file: &'a str,
    /// Where it begins; null where it stands nowhere.
    pub start: Option<Position>,
    /// Where it ends.
    pub end: Option<Position>,
}

/// Line and column of a place, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Why a command failed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ErrorEvent<'a> {
    /// The exit status.
    pub status: u8,
    /// What happened.
    pub message: String,
    /// Why, from the nearest cause to the last.
    pub causes: Vec<String>,
    /// The report of a build that failed, several lines for a person.
    pub report: Option<&'a str>,
    /// The last lines of the daemon's log.
    pub log: Vec<&'a str>,
    /// What to do about it.
    pub hint: Option<&'a str>,
}
