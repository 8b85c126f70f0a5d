//! A request that a command line names.

use std::path::PathBuf;

use clap::Args;

use super::choice::Format;

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
