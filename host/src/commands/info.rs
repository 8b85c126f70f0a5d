//! `oci-image`: which messages the object of a message supports, and what they need and give.

use std::io::{self, IsTerminal};

use clap::CommandFactory;
use oci_image::diagnostics;
use oci_image::planner::Planner;
use oci_image::protocol::{self, InfoShape, ResponseFile};

use crate::cli::{Cli, InfoStyle};
use crate::commands::print;
use crate::failure::Failure;
use crate::request::Request;
use crate::stderr::tell;

pub(super) fn run(style: InfoStyle, coloured: bool) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        return print(&Cli::command().render_long_help().to_string());
    }
    let request = Request::message()?;
    let response = ResponseFile::create(request.response_path())?;
    let described = Planner::load()?.describe(request.object())?;
    let interface = described
        .map_err(|mistakes| tell(&diagnostics::text(&request.report(mistakes), coloured)))
        .ok();
    let shape = match style {
        InfoStyle::Configured => InfoShape::Configured,
        InfoStyle::Names => InfoShape::Names,
    };
    Ok(response.info(&protocol::info(interface, shape))?)
}
