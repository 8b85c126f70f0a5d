//! Images as go-containerregistry reads them: crane, ko and Concourse's resource are made of it.

use std::path::Path;
use std::process::Command;

use crate::engine;
use crate::toolbox::output;

/// The platforms of an archive or a layout that is whole: all that is told of it is so.
///
/// # Panics
/// If it is not whole; with what was found.
#[must_use]
pub fn whole(image: &Path) -> Vec<String> {
    let read = output(Command::new(engine::directory().join("read")).arg(image));
    read.lines().map(str::to_owned).collect()
}
