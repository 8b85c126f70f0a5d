//! `oci-image`: which messages the object of a message supports, and what they need and give.

use std::io::{self, IsTerminal};

use clap::CommandFactory;
use oci_image::boundary::outside::shown;
use oci_image::diagnostics;
use oci_image::planner::Planner;
use oci_image::protocol::{self, InfoShape, ProtocolError, ResponseFile};
use oci_image::task;

use crate::cli::{Cli, InfoStyle};
use crate::commands::answer::print;
use crate::failure::Failure;
use crate::request::Request;
use crate::request::stream::Wait;
use crate::stderr::{self, tell};

/// What can be done instead of sending a message.
pub(super) const INSTEAD: &str = "`oci-image --help` tells what else there is, `oci-image task` builds what a task's parameters describe";

/// A task calls the program as a prototype: it would be answered with a page of help, and be green.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no message on standard input, and `{variable}` shows that this is a task: run `oci-image task`, or this program by \
     the name `build` (`oci-image --help` tells what else there is)",
    variable = shown(variable)
)]
struct MeantAsTask {
    variable: String,
}

pub(super) fn run(style: InfoStyle, wait: Wait<'_>) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        meant_as_task(wait)?;
        return print(&Cli::command().render_long_help().to_string(), wait.signals);
    }
    let request = match Request::message(wait) {
        Err(failure) if is_of_silence(&failure) => {
            meant_as_task(wait)?;
            Err(failure)
        }
        request => request,
    }?;
    let response = ResponseFile::create(request.response_path())?;
    let planner = Planner::load()?.cancelled_by(wait.signals.cancel());
    let described = planner.describe(request.object())?;
    let canvas = wait.mode.canvas(stderr::columns());
    let interface = described
        .map_err(|mistakes| tell(&diagnostics::text(&request.report(mistakes), canvas)))
        .ok();
    let shape = match style {
        InfoStyle::Configured => InfoShape::Configured,
        InfoStyle::Names => InfoShape::Names,
    };
    Ok(response.info(&protocol::info(interface, shape))?)
}

/// Fails if the environment is that of a task.
fn meant_as_task(wait: Wait<'_>) -> Result<(), Failure> {
    match task::evidence::of(wait.environment.names()) {
        Some(variable) => Err(Failure::Usage(Box::new(MeantAsTask { variable }))),
        None => Ok(()),
    }
}

/// Whether nothing was sent at all.
fn is_of_silence(failure: &Failure) -> bool {
    matches!(failure, Failure::Usage(error) if matches!(error.downcast_ref(), Some(ProtocolError::Empty)))
}
