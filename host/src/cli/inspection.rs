//! The arguments of commands that look into what would be built.

use clap::Args;

use super::choice::ReportForm;
use super::fleet_flags::BuildPlace;
use super::named::Named;

/// `oci-image plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The request.
    #[command(flatten)]
    pub(crate) named: Named,

    /// Ask the Dockerfile's frontend, over a daemon, what each target reads from outside: add it to the plan, and to its warnings where
    /// that and the request do not go together.
    #[arg(long)]
    pub(crate) outline: bool,

    /// Where the frontend is asked.
    #[command(flatten)]
    pub(crate) place: BuildPlace,
}

/// `oci-image outline` and `oci-image targets`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The request.
    #[command(flatten)]
    pub(crate) named: Named,

    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    /// Where the frontend is asked.
    #[command(flatten)]
    pub(crate) place: BuildPlace,
}

/// `oci-image check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The request.
    #[command(flatten)]
    pub(crate) named: Named,

    /// How what is found is shown.
    #[arg(long, value_enum, default_value_t = ReportForm::Text)]
    pub(crate) output_format: ReportForm,

    /// Where the frontend is asked.
    #[command(flatten)]
    pub(crate) place: BuildPlace,
}
