//! `oci-image task`: the image that a task's parameters describe.

use oci_image::progress::Mode;

use crate::cli::Setting;
use crate::commands::build::{build_request, host};
use crate::commands::telling::Telling;
use crate::commands::working_directory::working_directory;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::request::Request;
use crate::signals::Signals;

pub(super) fn run(
    setting: Setting,
    mode: Mode,
    signals: &Signals,
    environment: &Environment,
) -> Result<(), Failure> {
    let request = Request::task(environment, setting.directory.as_deref());
    let directory = working_directory(setting.directory.as_deref())?;
    let telling = Telling::of(&setting, &directory, mode)?;
    let host = host(setting, directory, &telling, environment)?;
    build_request(&request, &host, telling, signals)?;
    Ok(())
}
