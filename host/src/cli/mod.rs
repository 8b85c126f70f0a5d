//! The command line: what can be typed, as types.
//!
//! - `arguments`: the commands and their arguments.
//! - `inspection`: those of commands that look into what would be built.
//! - `named`: the request that is named. `engine_flags`: where the engine is; `fleet_flags`: engines that are not ours.
//! - `choice`: words of which one is chosen.
//! - `examples`: what the help of each command ends with.
//!
//! Unknown here: what the commands do.

mod arguments;
mod choice;
mod engine_flags;
mod examples;
mod fleet_flags;
mod inspection;
mod named;

pub(crate) use self::arguments::{Build, Cli, Command, Doctor, Du, Prune, Setting, Validate};
pub(crate) use self::choice::{Color, Format, InfoStyle, Progress, ReportForm, SchemaOf};
pub(crate) use self::engine_flags::EngineFlags;
pub(crate) use self::fleet_flags::{BuildPlace, FleetFlags};
pub(crate) use self::inspection::{Check, Inspect, Plan};
pub(crate) use self::named::Named;
