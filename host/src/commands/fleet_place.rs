//! The builders of a build: as flags say it, else the environment; none: a daemon is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use oci_image::boundary::outside::shown;
use oci_image::buildkit::endpoint::{
    Address, AddressError, CertificateError, Certificates, Endpoint,
};
use oci_image::fleet::{Builder, Fleet};
use oci_image_schema::parameter;

use crate::cli::FleetFlags;
use crate::commands::builders_file::{self, BuildersError};
use crate::commands::engine_place::seen;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::quantity;

/// Names builders, with white space or commas between.
const HOST: &str = "BUILDKIT_HOST";
/// Names a directory of certificates.
const TLS: &str = "OCI_IMAGE_BUILDER_TLS";
/// Names a file of builders.
const FILE: &str = "OCI_IMAGE_BUILDERS";
/// Labels, with commas between.
const LABELS: &str = "OCI_IMAGE_BUILDER_LABELS";

/// How long builders are waited for.
const WAIT: &str = "OCI_IMAGE_BUILDER_WAIT";
/// Whether a builder may emulate platforms, as parameters of tasks are written.
const EMULATE: &str = "OCI_IMAGE_EMULATE";

/// Why builders cannot be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum FleetError {
    /// An address is none.
    #[error("{}", listed(.0))]
    Addresses(Vec<AddressError>),
    /// A directory of certificates has none.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// Certificates are given, and no builder that could have one.
    #[error(
        "certificates are given, and no builder that is reached by `tcp://`: name one by `--builder`"
    )]
    NobodyToKnow,
    /// Labels are given, and no file of builders.
    #[error(
        "labels of builders are given, and no file in which builders have labels: name one by `--builders`"
    )]
    NoFile,
    /// How long builders are waited for is no time.
    #[error("`{WAIT}` is no time: {0}")]
    Wait(String),
    /// Whether a builder may emulate is neither yes nor no.
    #[error("`{EMULATE}` is neither `true` nor `false`, but `{}`", shown(.0))]
    Emulate(String),
    /// The file of builders cannot be used.
    #[error(transparent)]
    File(#[from] BuildersError),
}

impl From<FleetError> for Failure {
    fn from(error: FleetError) -> Self {
        Self::Usage(error.into())
    }
}

/// Whether a builder may emulate platforms.
pub(super) fn emulates(flags: &FleetFlags, environment: &Environment) -> Result<bool, FleetError> {
    let given = environment.given(EMULATE).filter(|_| !flags.emulate);
    let Some(given) = given else {
        return Ok(flags.emulate);
    };
    let given = given.to_string_lossy();
    parameter::flag(&given).ok_or_else(|| FleetError::Emulate(given.into_owned()))
}

/// The fleet as it is seen from a directory; `None` if no builder is named.
pub(super) fn fleet(
    flags: FleetFlags,
    directory: Option<&Path>,
    environment: &Environment,
) -> Result<Option<Fleet>, FleetError> {
    let given = environment.given(WAIT);
    let given =
        given.map(|value| quantity::time(&value.to_string_lossy()).map_err(FleetError::Wait));
    let wait = flags.builder_wait.map(Ok).or(given).transpose()?;
    let fleet = Fleet::new(builders(flags, directory, environment)?);
    Ok(fleet.map(|fleet| match wait {
        Some(wait) => fleet.patient(wait),
        None => fleet,
    }))
}

/// The builders; none, if none is named.
fn builders(
    flags: FleetFlags,
    directory: Option<&Path>,
    environment: &Environment,
) -> Result<Vec<Builder>, FleetError> {
    let given = |name| environment.given(name);
    let is_flagged = !flags.builder.is_empty();
    let file = flags
        .builders
        .or_else(|| given(FILE).filter(|_| !is_flagged).map(PathBuf::from));
    let labels = listed_or(flags.builder_label, || given(LABELS));
    if let Some(file) = file {
        let builders = builders_file::read(&seen(file, directory), &labels)?;
        return Ok(withholding(builders, environment));
    }
    if !labels.is_empty() {
        return Err(FleetError::NoFile);
    }
    let addresses = listed_or(flags.builder, || given(HOST));
    let tls = flags.builder_tls.or_else(|| given(TLS).map(PathBuf::from));
    let certificates = tls
        .map(|tls| Certificates::of_directory(&seen(tls, directory)))
        .transpose()?;
    let builders = named(&addresses, certificates.as_ref())?;
    Ok(withholding(builders, environment))
}

/// A list of flags; where there is none, that of a variable.
fn listed_or(flags: Vec<String>, variable: impl FnOnce() -> Option<OsString>) -> Vec<String> {
    if !flags.is_empty() {
        return flags;
    }
    let text = variable()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let parts = text.split(|sign: char| sign.is_whitespace() || sign == ',');
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Builders by their addresses.
fn named(
    addresses: &[String],
    certificates: Option<&Certificates>,
) -> Result<Vec<Builder>, FleetError> {
    let (mut builders, mut mistakes) = (Vec::new(), Vec::new());
    for address in addresses {
        match address.parse::<Address>() {
            Ok(address) => {
                let is_tcp = matches!(address, Address::Tcp { .. });
                builders.push(Builder::at(Endpoint {
                    certificates: certificates.filter(|_| is_tcp).cloned(),
                    ..Endpoint::new(address)
                }));
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(FleetError::Addresses(mistakes));
    }
    let has_tls = |builder: &Builder| builder.endpoint.certificates.is_some();
    if certificates.is_some() && !builders.iter().any(has_tls) {
        return Err(FleetError::NobodyToKnow);
    }
    Ok(builders)
}

/// The same, whose programs are given no secrets.
fn withholding(mut builders: Vec<Builder>, environment: &Environment) -> Vec<Builder> {
    for builder in &mut builders {
        builder.endpoint.withheld = environment.withheld();
    }
    builders
}

fn listed(mistakes: &[AddressError]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
