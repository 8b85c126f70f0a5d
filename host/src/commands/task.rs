//! `oci-image task`: the image that a task's parameters describe.

use oci_image::progress::Mode;

use crate::cli::Setting;
use crate::commands::build::build_request;
use crate::commands::enter;
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
    let mut request = Request::task(environment, setting.directory.as_deref());
    enter(setting.directory.as_deref())?;
    build_request(&mut request, setting.engine, mode, signals)?;
    Ok(())
}
