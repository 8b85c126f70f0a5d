//! The Dockerfile that the request names, where its symbolic links lead.
//!
//! The daemon follows links in the directory that it is offered, and none out of it. That is as it should be for a Dockerfile that was
//! found in the context; one that is named may stand anywhere, so the directory that it stands in is offered.
//!
//! Reads: links, once, when the build begins. Writes: nothing.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use oci_image_schema::plan::Solve;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, statat};

use crate::boundary::handle::{Directory, real_path};
use crate::buildkit::context::clean;
use crate::executor::error::BuildError;
use crate::executor::work::{Work, unopened};
use crate::planner::checked_plan::CheckedPlan;

/// The local that holds the Dockerfile, and the frontend attribute that names it there.
pub(super) const LOCAL: &str = "dockerfile";
pub(super) const ATTRIBUTE: &str = "filename";

/// The name of a Dockerfile that the request does not name.
const DEFAULT: &str = "Dockerfile";

/// The list of what is left out of a context, unless the Dockerfile has one of its own.
pub(super) const IGNORE_LIST: &str = ".dockerignore";

/// Where a Dockerfile is.
#[derive(Debug, Clone)]
pub(super) struct Dockerfile {
    pub(super) directory: Directory,
    /// Its name there.
    pub(super) name: String,
}

impl Dockerfile {
    /// The Dockerfile of a plan whose locals are open; `None` if its solves read none. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Open`] for one that is named, and whose links cannot be followed.
    pub(super) fn find(
        plan: &CheckedPlan,
        locals: &BTreeMap<String, Directory>,
        work: &mut Work,
    ) -> Result<Option<Self>, BuildError> {
        let solves = plan.solves();
        let reads = |solve| Some((solve, Solve::local(solve, LOCAL)?));
        let Some((solve, local)) = solves.iter().find_map(reads) else {
            return Ok(None);
        };
        let directory = locals.get(&local.path).cloned();
        let offered = Self {
            directory: directory.expect("every local of a plan is open"),
            name: solve.text(ATTRIBUTE).unwrap_or(DEFAULT).to_owned(),
        };
        if !plan.names_dockerfile() || !offered.leads_out() {
            return Ok(Some(offered));
        }
        let path = Path::new(&local.path).join(&offered.name);
        let followed = offered.followed();
        let followed = followed.map_err(|source| unopened("Dockerfile", &path, source))?;
        let real = followed.directory.full_path(&followed.name);
        work.warn(&path.to_string_lossy(), Some(real));
        Ok(Some(followed))
    }

    /// Whether it is a link out of its directory. The daemon follows every other, and reads what is ignored under the name that was
    /// given.
    fn leads_out(&self) -> bool {
        let found = statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW);
        let is_link = |found: Stat| FileType::from_raw_mode(found.st_mode) == FileType::Symlink;
        found.is_ok_and(is_link) && self.directory.beneath().metadata(&self.name).is_err()
    }

    /// Where its links lead: the directory, and the name of the very file there.
    fn followed(&self) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let file: OwnedFd = openat(&self.directory, &self.name, flags, Mode::empty())?;
        let path = real_path(&file).ok_or(io::ErrorKind::NotFound)?;
        let (parent, name) = path
            .parent()
            .zip(path.file_name())
            .ok_or(io::ErrorKind::NotFound)?;
        let directory = Directory::open(parent)?;
        let (meant, found) = (
            fstat(&file)?,
            statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?,
        );
        if (meant.st_dev, meant.st_ino) != (found.st_dev, found.st_ino) {
            return Err(io::Error::other("another file took its place meanwhile"));
        }
        let name = name.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
        Ok(Self {
            directory,
            name: name.to_owned(),
        })
    }
}

/// The list of what is left out of a context for the Dockerfile of this name, in the same directory.
pub(super) fn own_ignore_list(name: &str) -> String {
    format!("{name}{IGNORE_LIST}")
}

/// The name that the frontend tries where there is no Dockerfile of this one; `None` if it tries none.
pub(super) fn lower_case(name: &str) -> Option<String> {
    let directory = name.strip_suffix(DEFAULT)?;
    if !(directory.is_empty() || directory.ends_with('/')) {
        return None;
    }
    let path = clean(format!("{directory}{}", DEFAULT.to_lowercase()).as_bytes());
    String::from_utf8(path).ok()
}
