//! The record of a build: what happened in it, kept for whoever looks at it afterwards.
//!
//! Fed by the same events that are shown, whatever shows them. Bounded: of a log its beginning and its end are kept, and of all
//! logs together so many bytes.
//!
//! - `recorder`: takes the events; a handle that outlives the build's progress.
//! - `recording`: what was taken so far.
//! - `journal`: the logs of all steps, and what of them goes.
//! - `kept_log`: what is kept of one.
//! - `build_record`: what there is to look at.
//! - `ancestry`: what a step builds upon.
//! - `slow_path`: the steps for which the end waited.

mod ancestry;
mod build_record;
mod journal;
mod kept_log;
mod recorder;
mod recording;
mod slow_path;

pub use crate::line::without_colours;
pub use build_record::{
    BuildRecord, RecordedDockerfile, RecordedStep, RecordedWarning, StepEnd, StepRun, Transfer,
};
pub use kept_log::{KeptLog, LogLine};
pub use recorder::Recorder;
pub use slow_path::Leg;
