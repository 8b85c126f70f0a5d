//! The command line: what can be typed, as types.
//!
//! The program is called by Concourse without arguments (info) or with a message's name (`build`), or under that name, which
//! is what a task runs too.
//!
//! Unknown here: what the commands do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::{habits, quantity};

/// Builds OCI images with BuildKit, as a Concourse prototype (RFC 37).
///
/// Without a command it answers info: it reads {"object": {...}, "response_path": "..."} from standard input and writes
/// the messages that the object supports to the response path.
#[derive(Debug, Parser)]
#[command(name = "oci-image", version, long_version = long_version(), after_long_help = EXIT_STATUSES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// How info lists the message: with inputs and outputs, or by name as RFC 37 was merged.
    #[arg(long, value_enum, default_value_t = InfoStyle::Configured)]
    pub(crate) info: InfoStyle,

    /// When to use colours; `auto`: on a terminal, or if CLICOLOR_FORCE is set, and never if NO_COLOR is.
    #[arg(long, value_enum, global = true, default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

/// What every help page ends with.
const EXIT_STATUSES: &str = "\
Exit status:
  0      the image is built (other commands: the question is answered, what was to go is gone)
  1      the build failed: a step, the Dockerfile, a base image
  2      the request or the command line is wrong
  3      the engine or this machine failed
  128+n  stopped by signal n";

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Builds the image that the message on standard input describes.
    Build(Build),
    /// Builds the image that a task's parameters describe: `CONTEXT`, `BUILD_ARG_...` in the environment, as for oci-build-task.
    Task(Setting),
    /// Prints what would be built, as JSON, without a daemon.
    Plan(Named),
    /// Reports every mistake of requests, in JSON or YAML.
    Validate(Validate),
    /// Explains a diagnostic's code, for example `unknown-key`.
    Explain {
        /// The code, as a diagnostic shows it; without one, all are listed.
        code: Option<String>,
    },
    /// Tells whether a build would start on this machine, line by line, each with what to do about it.
    Doctor(Doctor),
    /// Tells how many bytes the daemon's root has, by what they are for.
    Du(Du),
    /// Removes what builds keep in the daemon's root, while none uses it.
    Prune(Prune),
    /// Prints a JSON Schema, for editors.
    Schema {
        /// What the schema is of.
        #[arg(value_enum, value_name = "OF", default_value_t = SchemaOf::Object)]
        of: SchemaOf,
    },
}

/// `oci-image build`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("request").args(["file", "named"]))]
pub(crate) struct Build {
    /// Build the object in this file, in JSON or YAML, in place of a message on standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// The same as `--file FILE`.
    #[arg(value_name = "FILE")]
    named: Option<PathBuf>,

    /// How the file is written; default: as its name or its first sign says.
    #[arg(long, value_enum, requires = "request")]
    pub(crate) format: Option<Format>,

    /// Whether no message means a task: the program was called by the name `build`, as a task of Concourse calls it.
    #[arg(skip)]
    pub(crate) or_task: bool,

    /// How it is built.
    #[command(flatten)]
    pub(crate) setting: Setting,
}

/// Where and how a build runs, wherever its request is from.
#[derive(Debug, Args)]
pub(crate) struct Setting {
    /// The working directory, in which the request's paths are looked up.
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,

    /// How progress is shown on standard error; default: auto. [env: BUILDKIT_PROGRESS]
    #[arg(long, value_enum)]
    pub(crate) progress: Option<Progress>,

    /// Show nothing but what goes wrong, and print the image's digest on standard output; the same as `--progress quiet`.
    #[arg(short, long, conflicts_with = "progress")]
    pub(crate) quiet: bool,

    /// When the build is done, write into this file what it has come to, as JSON: the `result` of `--progress json`.
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata_file: Option<PathBuf>,

    /// Write into this file, however the build ends, a page about it for a browser: what took how long, the logs, why it failed.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// The engine.
    #[command(flatten)]
    pub(crate) engine: EngineFlags,
}

/// Where the engine is, and where it keeps its state.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineFlags {
    /// State of the daemon, kept as a warm cache; default /scratch/buildkitd, else $TMPDIR/buildkitd. [env: OCI_IMAGE_ROOT]
    // The variables are read where the rest of the environment is: to clap an empty one is a value, and a wrong one.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,

    /// The daemon; default: `buildkitd` on PATH. [env: OCI_IMAGE_BUILDKITD]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) buildkitd: Option<PathBuf>,

    /// The container runtime; default: `runc`, else `crun`, on PATH. [env: OCI_IMAGE_RUNTIME]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) runtime: Option<PathBuf>,

    /// What runs the daemon without root; default: `rootlesskit` on PATH. [env: OCI_IMAGE_ROOTLESSKIT]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) rootlesskit: Option<PathBuf>,
}

/// Where a request is read from.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// A file that holds the object, in JSON or YAML; `-` or nothing: a message, or an object, on standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,

    /// How the object is written; default: as the file's name or its first sign says.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,

    /// The working directory, in which the object's paths are looked up.
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

/// `oci-image validate`.
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Files that hold an object each, in JSON or YAML; `-` or nothing: a message, or an object, on standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) files: Vec<PathBuf>,

    /// How the objects are written; default: as each file's name or its first sign says.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,

    /// Look at the files that the objects name too, as they are in this working directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,

    /// How mistakes are shown.
    #[arg(long, value_enum, default_value_t = ReportForm::Text)]
    pub(crate) output_format: ReportForm,
}

/// `oci-image doctor`.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct Doctor {
    /// Ask this registry for an answer too, without a login, for ten seconds at most; may be repeated.
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) reach: Vec<String>,

    /// Print one JSON document: `starts`, and `findings` with `topic`, `state`, `said`, `remedy` and `facts`.
    #[arg(long)]
    pub(crate) json: bool,

    /// The engine.
    #[command(flatten)]
    pub(crate) engine: EngineFlags,
}

/// What the help of `doctor` ends with.
const DOCTOR_EXAMPLES: &str = "\
Examples:
  oci-image doctor
  oci-image doctor --root /scratch/buildkitd
  oci-image doctor --reach docker.io --reach registry.example:5000
  oci-image doctor --json | jq '.findings[] | select(.state != \"fine\")'

Exit status:
  0  a build would start, and every registry that was asked answers
  3  there is a fault";

/// `oci-image du`.
#[derive(Debug, Args)]
#[command(after_help = DU_EXAMPLES)]
pub(crate) struct Du {
    /// State of the daemon; default /scratch/buildkitd, else $TMPDIR/buildkitd. [env: OCI_IMAGE_ROOT]
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,

    /// Print one JSON document, in bytes: `total`, its parts, and `largest_blobs`.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the help of `du` ends with.
const DU_EXAMPLES: &str = "\
Examples:
  oci-image du
  oci-image du --root /scratch/buildkitd --json | jq .total";

/// `oci-image prune`.
#[derive(Debug, Args)]
#[command(after_help = PRUNE_EXAMPLES)]
pub(crate) struct Prune {
    /// Remove what was used least lately, until the kept blobs, and the daemon's cache, have no more than this each: `500MB`, `2GiB`.
    #[arg(long, value_name = "BYTES", value_parser = quantity::bytes)]
    pub(crate) keep: Option<u64>,

    /// Remove what was not used for so long: `12h`, `14d`.
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    pub(crate) older_than: Option<Duration>,

    /// Remove everything.
    #[arg(long, conflicts_with_all = ["keep", "older_than"])]
    pub(crate) all: bool,

    /// Print one JSON document, in bytes: `before`, `after` and `freed`.
    #[arg(long)]
    pub(crate) json: bool,

    /// The engine.
    #[command(flatten)]
    pub(crate) engine: EngineFlags,
}

/// What the help of `prune` ends with.
const PRUNE_EXAMPLES: &str = "\
Without --keep, --older-than or --all it removes of the kept blobs what was not used for two weeks, and what is beyond
8 GiB, and leaves the daemon's cache alone. A part of that is removed by a daemon, which is started for it.

Examples:
  oci-image prune
  oci-image prune --keep 5GB --older-than 7d
  oci-image prune --all --root /scratch/buildkitd";

/// What a JSON Schema is of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// The object, as a file holds it.
    Object,
    /// The whole message: `{"object": {...}, "response_path": "..."}`.
    Message,
    /// A task file that runs this program.
    Task,
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

impl Cli {
    /// Reads the arguments; a program invoked as `build` is `oci-image build`, or a task where it is sent no message.
    ///
    /// # Errors
    /// clap's error: also how help and versions are shown.
    pub(crate) fn parse_from_call(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        let is_build = arguments
            .first()
            .is_some_and(|name| Path::new(name).file_name() == Some("build".as_ref()));
        if is_build {
            arguments.insert(1, "build".into());
        }
        let mut cli = Self::try_parse_from(arguments).map_err(habits::explained)?;
        if let Some(Command::Build(build)) = &mut cli.command {
            build.or_task = is_build;
            build.file = build.file.take().or(build.named.take());
        }
        Ok(cli)
    }
}

/// The versions of everything that decides what is built.
fn long_version() -> String {
    format!(
        "{}\nplanner contract: {}\nschema: {}\nBuildKit: {} (the version it is tested with)",
        env!("CARGO_PKG_VERSION"),
        oci_image_schema::PLANNER_VERSION,
        oci_image_schema::VERSION,
        oci_image::daemon::BUILDKIT_VERSION,
    )
}
