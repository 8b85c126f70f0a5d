//! The command line: what can be typed, as types.
//!
//! - `arguments`: the commands and their arguments.
//! - `choice`: words of which one is chosen.
//! - `examples`: what the help of each command ends with.
//!
//! Unknown here: what the commands do.

mod arguments;
mod choice;
mod examples;

pub(crate) use self::arguments::{
    Build, Cli, Command, Doctor, Du, EngineFlags, Named, Prune, Setting, Validate,
};
pub(crate) use self::choice::{Color, Format, InfoStyle, Progress, ReportForm, SchemaOf};
