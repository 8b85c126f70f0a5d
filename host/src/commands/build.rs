//! `oci-image build`: the image that a request describes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use oci_image::daemon::{self, Overrides};
use oci_image::executor::{self, Built, Host};
use oci_image::progress::Mode;
use oci_image::protocol::ResponseFile;
use oci_image_schema::protocol::{ImageObject, Metadatum, Response};

use crate::cli::{Build, Engine};
use crate::commands::enter;
use crate::failure::Failure;
use crate::request::Request;
use crate::request::stream::Wait;
use crate::signals::Signals;
use crate::stderr::{self, Stderr};

/// What can be done instead of sending a message.
pub(super) const INSTEAD: &str =
    "`--file FILE` builds the object in a file, `oci-image task` what a task's parameters describe";

/// How long threads may take to end that read or write when the build is over.
// They end within milliseconds, a tree that is cleared away within seconds; one that hangs in the kernel never does.
const THREADS_DEADLINE: Duration = Duration::from_secs(5);

pub(super) fn run(build: Build, wait: Wait<'_>) -> Result<(), Failure> {
    let directory = build.setting.directory.as_deref();
    let mut request = match &build.file {
        Some(file) => Request::read(file, build.format, wait)?,
        None if build.or_task => Request::message_or_task(directory, wait)?,
        None => Request::message_or_object(wait)?,
    };
    request.refuse_variables();
    enter(directory)?;
    let response = request
        .response_path
        .as_deref()
        .map(ResponseFile::create)
        .transpose()?;
    let built = build_request(&mut request, build.setting.engine, wait.mode, wait.signals)?;
    let responses: Vec<Response> = built.into_iter().map(document).collect();
    match response {
        Some(response) => Ok(response.responses(&responses)?),
        None => Ok(()),
    }
}

/// Plans and builds.
pub(super) fn build_request(
    request: &mut Request,
    engine: Engine,
    mode: Mode,
    signals: &Signals,
) -> Result<Vec<Built>, Failure> {
    let plan = request.plan(signals.cancel())?;
    if let Some(remarks) = request.remarks(&plan) {
        stderr::remarks(&remarks, mode);
    }
    let host = host(engine, mode)?;
    let secrets = std::mem::take(&mut request.secrets);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Engine(Box::new(error)))?;
    let built = runtime.block_on(async {
        let stop = signals
            .stop()
            .map_err(|error| Failure::Engine(Box::new(error)))?;
        Ok(executor::run(&plan, secrets, &host, stop).await?)
    });
    runtime.shutdown_timeout(THREADS_DEADLINE);
    built
}

fn host(engine: Engine, mode: Mode) -> Result<Host, Failure> {
    let directory = std::env::current_dir().map_err(|error| Failure::Engine(Box::new(error)))?;
    Ok(Host {
        root: engine
            .root
            .or_else(|| given(ROOT_VARIABLE))
            .unwrap_or_else(daemon::default_root),
        programs: Overrides {
            buildkitd: engine.buildkitd.map(Into::into),
            runtime: engine.runtime.map(Into::into),
            rootlesskit: engine.rootlesskit.map(Into::into),
        }
        .or(Overrides::from_env()),
        progress: mode,
        audience: Arc::new(Stderr(mode)),
        ..Host::new(directory)
    })
}

/// Names the daemon's root.
const ROOT_VARIABLE: &str = "OCI_IMAGE_ROOT";

/// The path in a variable. One that is empty counts as unset: so does a task hand over every parameter that it leaves open.
fn given(variable: &str) -> Option<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
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
