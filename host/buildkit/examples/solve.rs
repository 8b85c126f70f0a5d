//! Builds the Dockerfile of a directory with a daemon at an address, and prints what the daemon reports.
//!
//!     cargo run --example solve -- unix:///run/buildkit/buildkitd.sock DIRECTORY
//!
//! The result stays in the daemon's cache: an exporter in [`Solve::exporters`] would fetch it.

use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::io::{self, Write};

use oci_image_buildkit::context::Local;
use oci_image_buildkit::status::Status;
use oci_image_buildkit::{Client, Directory, Endpoint, Solve};
use tokio::sync::mpsc::{self, Receiver};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(address), Some(directory)) = (arguments.next(), arguments.next()) else {
        return Err("give the daemon's address and a directory with a Dockerfile".into());
    };
    let directory = Directory::open(&directory)?;
    let offered = |name: &str| Local {
        name: name.to_owned(),
        directory: directory.clone(),
    };
    let solve = Solve {
        frontend: "dockerfile.v0".to_owned(),
        locals: vec![offered("context"), offered("dockerfile")],
        ..Solve::default()
    };

    let client = Client::connect(&Endpoint::new(address.parse()?)).await?;
    let (status, reports) = mpsc::channel(8);
    let (solved, shown) = tokio::join!(client.solve(solve, status), show(reports));
    shown?;
    for (key, value) in solved?.exporter_response {
        writeln!(io::stdout(), "{key}: {value}")?;
    }
    Ok(())
}

/// Prints each vertex when it is first reported, and what its process prints.
async fn show(mut reports: Receiver<Status>) -> io::Result<()> {
    let mut out = io::stdout();
    let mut known = HashSet::new();
    while let Some(report) = reports.recv().await {
        for vertex in report.vertices {
            if known.insert(vertex.digest) {
                writeln!(out, "{}", vertex.name)?;
            }
        }
        for log in report.logs {
            out.write_all(&log.message)?;
        }
    }
    Ok(())
}
