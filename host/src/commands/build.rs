//! `oci-image build`: the image that a request describes.

use std::path::Path;
use std::sync::Arc;

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::buildkit::registry::DockerConfig;
use oci_image::executor::{self, Built, CacheVariables, Host, Outcome};
use oci_image::progress::Mode;
use oci_image::protocol::ResponseFile;
use oci_image_schema::protocol::{ImageObject, Metadatum, Response};

use crate::cli::{Build, BuildPlace, Setting};
use crate::commands::engine_place::EnginePlace;
use crate::commands::telling::Telling;
use crate::commands::working_directory::working_directory;
use crate::commands::{fleet_place, runtime};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::request::Request;
use crate::request::stream::Wait;
use crate::signals::Signals;
use crate::stderr::{self, Face, Stderr};

/// What can be done instead of sending a message.
pub(super) const INSTEAD: &str =
    "`--file FILE` builds the object in a file, `oci-image task` what a task's parameters describe";

pub(super) fn run(build: Build, wait: Wait<'_>) -> Result<(), Failure> {
    let named = build.setting.directory.as_deref();
    let mut request = match &build.file {
        Some(file) => Request::read(file, build.format, wait)?,
        None if build.or_task => Request::message_or_task(named, wait)?,
        None => Request::message_or_object(wait)?,
    };
    request.refuse_variables();
    let directory = working_directory(named)?;
    let response = request
        .response_path
        .as_deref()
        .map(|path| ResponseFile::create_in(&directory, path))
        .transpose()?;
    let telling = Telling::of(&build.setting, &directory, wait.mode)?;
    let host = host(build.setting, directory, &telling, wait.environment)?;
    let outcome = build_request(&request, &host, telling, wait.signals)?;
    let responses: Vec<Response> = outcome.images.into_iter().map(document).collect();
    match response {
        Some(response) => Ok(response.responses(&responses)?),
        None => Ok(()),
    }
}

/// Plans and builds, and says what became of it.
pub(super) fn build_request(
    request: &Request,
    host: &Host,
    telling: Telling,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let built = plan_and_build(request, host, signals);
    // Whatever could not be read or planned then: it was stopped.
    let built = built.map_err(|failure| failure.unless_stopped(signals.received()));
    telling.end(built, signals)
}

fn plan_and_build(request: &Request, host: &Host, signals: &Signals) -> Result<Outcome, Failure> {
    let plan = request.plan(&host.directory, signals.cancel())?;
    request.refuse_foreign_settings(&plan, host)?;
    if let Some(remarks) = request.remarks(&plan) {
        stderr::remarks(&remarks, host.progress);
    }
    runtime::run(signals, |stop| async {
        Ok(executor::run(&plan, host, stop).await?)
    })
}

/// This machine, as it is set.
pub(super) fn host(
    setting: Setting,
    directory: WorkingDirectory,
    telling: &Telling,
    environment: &Environment,
) -> Result<Host, Failure> {
    let audience = Stderr::new(telling.mode, telling.face, telling.recorder());
    let host = host_of(directory, telling.mode, audience, environment);
    placed(
        host,
        setting.place,
        setting.directory.as_deref(),
        environment,
    )
}

/// The same where nothing is shown but what goes wrong.
pub(super) fn quiet_host(
    place: BuildPlace,
    seen_from: Option<&Path>,
    directory: WorkingDirectory,
    wait: Wait<'_>,
) -> Result<Host, Failure> {
    let audience = Stderr::new(wait.mode, Face::Quiet, None);
    let host = host_of(directory, wait.mode, audience, wait.environment);
    placed(host, place, seen_from, wait.environment)
}

/// The same, with the engine that is named, as it is seen from a directory.
fn placed(
    host: Host,
    BuildPlace { engine, fleet }: BuildPlace,
    seen_from: Option<&Path>,
    environment: &Environment,
) -> Result<Host, Failure> {
    let emulate = fleet_place::emulates(&fleet, environment)?;
    let fleet = fleet_place::fleet(fleet, seen_from, environment)?;
    let EnginePlace { root, programs } = EnginePlace::of(engine, seen_from);
    Ok(Host {
        fleet,
        emulate,
        root,
        programs,
        ..host
    })
}

fn host_of(
    directory: WorkingDirectory,
    progress: Mode,
    audience: Stderr,
    environment: &Environment,
) -> Host {
    let withheld = environment.withheld();
    let logins = DockerConfig::from_variables(|name| environment.value(name));
    Host {
        progress,
        audience: Arc::new(audience),
        credentials: Arc::new(logins.withholding(withheld.clone())),
        cache_variables: CacheVariables::from_variables(|name| environment.value(name)),
        withheld,
        ..Host::new(directory)
    }
}

/// The response's document for an image.
fn document(built: Built) -> Response {
    let fact = |name: &str, value: &str| Metadatum {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let metadata = [
        fact("digest", built.digest.as_ref()),
        fact("image", &built.image),
    ]
    .into_iter()
    .chain(built.target.as_deref().map(|target| fact("target", target)))
    .collect();
    let object = ImageObject {
        target: built.target,
        image: built.image,
        digest: built.digest.to_string(),
    };
    Response { object, metadata }
}
