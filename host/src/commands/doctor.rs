//! `oci-image doctor`: whether a build would start on this machine, line by line.

use oci_image::buildkit::registry::DockerConfig;
use oci_image::doctor::Inquiry;

use crate::cli::Doctor;
use crate::commands::answer::print;
use crate::commands::engine_place::EnginePlace;
use crate::commands::fleet_place;
use crate::commands::runtime::run_until_stopped;
use crate::concourse;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::signals::Signals;

pub(super) fn run(
    asked: Doctor,
    signals: &Signals,
    environment: &Environment,
) -> Result<(), Failure> {
    let fleet = fleet_place::fleet(asked.place.fleet, None, environment)?;
    let EnginePlace { root, programs } = EnginePlace::of(asked.place.engine, None);
    let withheld = environment.withheld();
    let inquiry = Inquiry {
        root,
        cache: "cache".into(),
        programs,
        path: std::env::var_os("PATH").unwrap_or_default(),
        logins: DockerConfig::from_variables(|name| environment.value(name)),
        withheld,
        fleet,
        reach: asked.reach,
        is_task: concourse::is_here(),
    };
    let examination = run_until_stopped(signals, async { Ok(inquiry.examine().await) })?;
    let answer = if asked.json {
        examination.json()
    } else {
        examination.text()
    };
    print(&answer, signals)?;
    if examination.is_well() {
        Ok(())
    } else {
        Err(Failure::Unfit)
    }
}
