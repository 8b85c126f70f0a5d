//! The Dockerfile that the request names, where its symbolic links lead.
//!
//! The daemon follows links in the directory that it is offered, and none out of it. That is as it should be for a Dockerfile that was
//! found in the context; one that is named may stand anywhere, so the directory that it stands in is offered.
//!
//! Reads: links. Writes: nothing.

use std::fs;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use oci_image_schema::plan::{AttributeValue, Solve};

use crate::planner::checked_plan::CheckedPlan;

/// The local that holds the Dockerfile, and the frontend attribute that names it there.
pub(super) const LOCAL: &str = "dockerfile";
pub(super) const ATTRIBUTE: &str = "filename";

/// A Dockerfile that is not where it is named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dockerfile {
    pub(super) directory: PathBuf,
    pub(super) name: String,
}

/// The Dockerfile of a solve in a working directory, if it is named and its links lead out of its directory. Blocking.
pub(super) fn elsewhere(plan: &CheckedPlan, solve: &Solve, work: &Path) -> Option<Dockerfile> {
    if !plan.names_dockerfile() {
        return None;
    }
    let local = solve.locals.iter().find(|local| local.name == LOCAL)?;
    let mut attributes = solve.attributes.iter();
    let attribute = attributes.find(|attribute| attribute.key == ATTRIBUTE)?;
    let AttributeValue::Text(name) = &attribute.value else {
        return None;
    };
    let directory = work.join(&local.path);
    let named = directory.join(name);
    if !named.is_symlink() {
        return None;
    }
    let offered = Dir::open_ambient_dir(&directory, ambient_authority()).ok()?;
    if offered.metadata(name).is_ok() {
        return None; // the daemon follows it, and reads what is ignored under the name that was given
    }
    let file = fs::canonicalize(named).ok()?;
    Some(Dockerfile {
        directory: file.parent()?.to_owned(),
        name: file.file_name()?.to_str()?.to_owned(),
    })
}
