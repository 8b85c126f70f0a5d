//! Words of which one is chosen on the command line.

use clap::ValueEnum;

/// What a JSON Schema is of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// The object, as a file holds it.
    Object,
    /// The whole message: `{"object": {...}, "response_path": "..."}`.
    Message,
    /// A task file that runs this program.
    Task,
    /// A pipeline, or any task file: of what is not ours nothing is said.
    Pipeline,
    /// A file of builders.
    Builders,
    /// A line of `build --progress json`.
    Progress,
}

/// How info lists a message.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum InfoStyle {
    /// `{"name": "build", "config": {...}}`, as the reference's SDK does.
    Configured,
    /// `"build"`, as RFC 37 was merged.
    Names,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// `tty` on a terminal, `plain` elsewhere and in Concourse.
    Auto,
    /// What runs now, redrawn; a line of each step that has ended.
    Tty,
    /// Lines of text, all that is printed among them.
    Plain,
    /// One JSON object a line.
    Json,
    /// Nothing; the digest of the image on standard output.
    Quiet,
}

/// How mistakes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// With excerpts, for people, on standard error.
    Text,
    /// As a JSON list.
    Json,
    /// As SARIF 2.1.0, for code scanning.
    Sarif,
    /// As workflow commands, for annotations of a job.
    Github,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON (RFC 8259).
    Json,
    /// YAML 1.2, as far as JSON can say the same.
    Yaml,
}
