//! `oci-image build`: the image that a request describes.

use std::io;

use oci_image::daemon::{self, Overrides};
use oci_image::executor::{self, Built, Host, Stop};
use oci_image::progress::Mode;
use oci_image::protocol::ResponseFile;
use oci_image_schema::protocol::{ImageObject, Metadatum, Response};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Build, Engine};
use crate::commands::enter;
use crate::failure::Failure;
use crate::request::Request;
use crate::stderr;

pub(super) fn run(build: Build, mode: Mode) -> Result<(), Failure> {
    let directory = build.setting.directory.as_deref();
    let mut request = match &build.file {
        Some(file) => Request::read(file, build.format)?,
        None if build.or_task => Request::message_or_task(directory)?,
        None => Request::message()?,
    };
    request.refuse_variables();
    enter(directory)?;
    let response = request
        .response_path
        .as_deref()
        .map(ResponseFile::create)
        .transpose()?;
    let built = build_request(&mut request, build.setting.engine, mode)?;
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
) -> Result<Vec<Built>, Failure> {
    let plan = request.plan()?;
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
    runtime.block_on(async {
        let stop = stop().map_err(|error| Failure::Engine(Box::new(error)))?;
        Ok(executor::run(&plan, secrets, &host, stop).await?)
    })
}

fn host(engine: Engine, mode: Mode) -> Result<Host, Failure> {
    let directory = std::env::current_dir().map_err(|error| Failure::Engine(Box::new(error)))?;
    Ok(Host {
        root: engine.root.unwrap_or_else(daemon::default_root),
        programs: Overrides {
            buildkitd: engine.buildkitd.map(Into::into),
            runtime: engine.runtime.map(Into::into),
            rootlesskit: engine.rootlesskit.map(Into::into),
        },
        progress: mode,
        on_wait: stderr::waiting(mode),
        on_warning: stderr::warning(mode),
        ..Host::new(directory)
    })
}

/// Resolves when this process is asked to end.
///
/// # Errors
/// The system's, if a handler cannot be installed.
fn stop() -> io::Result<impl Future<Output = Stop>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        let (kind, name) = tokio::select! {
            _ = hangup.recv() => (SignalKind::hangup(), "SIGHUP"),
            _ = interrupt.recv() => (SignalKind::interrupt(), "SIGINT"),
            _ = terminate.recv() => (SignalKind::terminate(), "SIGTERM"),
        };
        Stop {
            signal: kind.as_raw_value(),
            name,
        }
    })
}

/// The response's document for an image.
fn document(built: Built) -> Response {
    let fact = |name: &str, value: &str| Metadatum {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let metadata = [fact("digest", &built.digest), fact("image", &built.image)]
        .into_iter()
        .chain(built.target.as_deref().map(|target| fact("target", target)))
        .collect();
    let object = ImageObject {
        target: built.target,
        image: built.image,
        digest: built.digest,
    };
    Response { object, metadata }
}
