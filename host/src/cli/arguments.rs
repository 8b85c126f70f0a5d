//! The commands and their arguments.
//!
//! The program is called by Concourse without arguments (info) or with a message's name (`build`), or under that name, which
//! is what a task runs too.
//!
//! Unknown here: what the commands do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgGroup, Args, ColorChoice, Parser, Subcommand};
use clap_complete::Shell;

use super::choice::{Color, Format, InfoStyle, Progress, ReportForm, SchemaOf};
use super::engine_flags::EngineFlags;
use super::examples;
use super::fleet_flags::BuildPlace;
use super::inspection::{Check, Inspect, Plan};
use crate::{habits, quantity};

/// Builds OCI images with BuildKit, as a Concourse prototype (RFC 37).
///
/// Without a command it answers info: it reads {"object": {...}, "response_path": "..."} from standard input and writes
/// the messages that the object supports to the response path.
#[derive(Debug, Parser)]
#[command(name = "oci-image", version, long_version = long_version(), max_term_width = WIDEST)]
#[command(after_help = examples::PROGRAM, color = colours())]
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

/// How wide help is at most, in columns, however wide the terminal is: longer lines are hard to read.
const WIDEST: usize = 100;

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Builds the image that the message on standard input describes.
    Build(Build),
    /// Builds the image that a task's parameters describe: `CONTEXT`, `BUILD_ARG_...` in the environment, as for oci-build-task.
    #[command(after_help = examples::TASK)]
    Task(Setting),
    /// Prints what would be built, as JSON, without a daemon.
    #[command(after_help = examples::PLAN)]
    Plan(Plan),
    /// Tells what is wrong or unwise in a Dockerfile, and where the request and it do not go together, without a build.
    #[command(after_help = examples::CHECK)]
    Check(Check),
    /// Tells what each target of a Dockerfile reads from outside: arguments, secrets, SSH agents, caches.
    #[command(after_help = examples::OUTLINE)]
    Outline(Inspect),
    /// Tells which stages of a Dockerfile can be built.
    #[command(after_help = examples::TARGETS)]
    Targets(Inspect),
    /// Reports every mistake of requests, in JSON or YAML, and of the tasks in pipelines.
    Validate(Validate),
    /// Answers an editor over standard input and output, as a language server of requests, tasks and pipelines.
    #[command(after_help = examples::LSP)]
    Lsp {
        /// The way in which it answers, and the only one: some editors say so.
        #[arg(long)]
        stdio: bool,
    },
    /// Explains a diagnostic's code, for example `unknown-key`.
    #[command(after_help = examples::EXPLAIN)]
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
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// What the schema is of.
        #[arg(value_enum, value_name = "OF", default_value_t = SchemaOf::Object)]
        of: SchemaOf,
    },
    /// Prints a script that completes commands, flags and their values in a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell.
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// Writes the pages of the manual, one of the program and one of each command.
    #[command(after_help = examples::MAN)]
    Man {
        /// The directory that they are written into, which exists.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// `oci-image build`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("request").args(["file", "named"]), after_help = examples::BUILD)]
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

    /// Where it runs.
    #[command(flatten)]
    pub(crate) place: BuildPlace,
}

/// `oci-image validate`.
#[derive(Debug, Args)]
#[command(after_help = examples::VALIDATE)]
pub(crate) struct Validate {
    /// Files that hold an object each, in JSON or YAML, a task or a pipeline of Concourse; of a directory, all that are one of these and
    /// end with `.yml` or `.yaml`; `-` or nothing: a message, or an object, on standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) files: Vec<PathBuf>,

    /// How the objects are written; default: as each file's name or its first sign says.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,

    /// Look at the files that the objects name too, as they are in this working directory; of a pipeline, at the files of its tasks.
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,

    /// How mistakes are shown.
    #[arg(long, value_enum, default_value_t = ReportForm::Text)]
    pub(crate) output_format: ReportForm,

    /// Print as a diff what would mend mistakes that have one right answer: a name that is nearly right, a number without quotes,
    /// `NAME: VALUE` where `NAME=VALUE` belongs, a step that is not privileged. What is not shown of a file is stars in it.
    #[arg(long, conflicts_with = "output_format")]
    pub(crate) fix: bool,

    /// Write those changes into the files; what is left is reported.
    #[arg(long, requires = "fix")]
    pub(crate) write: bool,
}

/// `oci-image doctor`.
#[derive(Debug, Args)]
#[command(after_help = examples::DOCTOR)]
pub(crate) struct Doctor {
    /// Ask this registry for an answer too, without a login, for ten seconds at most; may be repeated.
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) reach: Vec<String>,

    /// Print one JSON document: `starts`, and `findings` with `topic`, `state`, `said`, `remedy` and `facts`.
    #[arg(long)]
    pub(crate) json: bool,

    /// Where a build would run.
    #[command(flatten)]
    pub(crate) place: BuildPlace,
}

/// `oci-image du`.
#[derive(Debug, Args)]
#[command(after_help = examples::DU)]
pub(crate) struct Du {
    /// State of the daemon; default /scratch/buildkitd, else $TMPDIR/buildkitd. [env: OCI_IMAGE_ROOT]
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,

    /// Print one JSON document, in bytes: `total`, its parts, and `largest_blobs`.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `oci-image prune`.
#[derive(Debug, Args)]
#[command(after_help = examples::PRUNE)]
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

/// Whether help has colours. A dumb terminal gets none in a service that sets `CI` either, which to clap is a reason for them.
fn colours() -> ColorChoice {
    if std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb") {
        ColorChoice::Never
    } else {
        ColorChoice::Auto
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
