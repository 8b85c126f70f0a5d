//! An inquiry: what is asked about this machine, and in which order it is looked at.
//!
//! Reads and writes: through the modules named here; nothing stays.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::boundary::blocking::blocking;
use crate::buildkit::registry::DockerConfig;
use crate::daemon::{self, Cgroups, Occupancy, Overrides, Privileges, Snapshots};
use crate::doctor::examination::Examination;
use crate::doctor::finding::Finding;
use crate::doctor::machine::Machine;
use crate::doctor::{
    builders, cache_mounts, capabilities, cgroups, decompression, disk, emulators, kernel, logins,
    private_directory, privileges, programs, reach, root, seccomp, snapshots, user_namespaces,
};
use crate::fleet::Fleet;

/// What is asked.
pub struct Inquiry {
    /// The daemon's root.
    pub root: PathBuf,
    /// The directory `cache` of the builds that are meant; it may not be there.
    pub cache: PathBuf,
    /// Programs that are not to be looked up on PATH.
    pub programs: Overrides,
    /// PATH.
    pub path: OsString,
    /// Variables of this process's environment that nobody is given who is run.
    pub withheld: Vec<OsString>,
    /// Where logins are kept.
    pub logins: DockerConfig,
    /// The builders of builds, where no daemon is started for them.
    pub fleet: Option<Fleet>,
    /// Registries that are to be reached.
    pub reach: Vec<String>,
    /// Whether this is a task of Concourse, whose author is told what to write there.
    pub is_task: bool,
}

impl Inquiry {
    /// Looks. Nothing stays of what is tried.
    pub async fn examine(self) -> Examination {
        let Self {
            root,
            cache,
            programs,
            path,
            withheld,
            logins,
            fleet,
            reach,
            is_task,
        } = self;
        let mut findings = match &fleet {
            Some(fleet) => builders::look(fleet).await,
            None => blocking(move || own_daemon(&root, is_task)).await,
        };
        findings.extend(blocking(temporary_files).await);
        findings.push(blocking(move || cache_mounts::look(&cache)).await);
        if fleet.is_none() {
            findings.extend(programs::look(&programs, &withheld).await);
            let about_emulators = path.clone();
            let emulators = blocking(move || emulators::look(&Machine::here(), &about_emulators));
            findings.push(emulators.await);
            findings.push(decompression::look(&path));
        }
        findings.extend(logins::look(&logins, &path).await);
        for registry in &reach {
            findings.push(reach::look(registry).await);
        }
        Examination::new(findings)
    }
}

/// What a daemon needs that is started here.
fn own_daemon(root: &Path, is_task: bool) -> Vec<Finding> {
    let mut findings = process(is_task);
    findings.extend(places(root));
    findings
}

/// What this process may do.
fn process(is_task: bool) -> Vec<Finding> {
    let machine = Machine::here();
    let is_root = rustix::process::geteuid().is_root();
    let checked = Privileges::check().map(drop);
    let mut findings = vec![kernel::look(&machine)];
    findings.extend(privileges::look(&checked, is_root, is_task));
    if !is_root && checked.is_ok() {
        findings.extend(privileges::without(&daemon::rootless_warnings()));
    }
    if !findings
        .iter()
        .any(|finding| finding.topic == "user_namespaces")
    {
        findings.push(user_namespaces::look(&machine, is_root, checked.is_ok()));
    }
    findings.push(capabilities::look(&machine, is_root));
    findings.push(seccomp::look(&machine, checked.is_ok()));
    findings.push(cgroups::look(&Cgroups::check(), is_root));
    findings
}

/// Where a daemon would put what.
fn places(root: &Path) -> Vec<Finding> {
    let occupancy = Occupancy::of(root);
    // What is tried is tried where the root would be made.
    let directory = match &occupancy {
        Ok(Occupancy::Absent { parent }) => Some(parent.as_path()),
        Ok(_) => Some(root),
        Err(_) => None,
    };
    let mut findings = vec![root::look(root, &occupancy)];
    if let Some(directory) = directory {
        findings.push(disk::look("disk", directory));
        findings.push(snapshots::look(&Snapshots::check(directory)));
    }
    findings
}

/// Where a build has what nobody else may see.
fn temporary_files() -> Vec<Finding> {
    let private = daemon::private_place();
    let mut findings = vec![private_directory::look(&private)];
    if let Ok(private) = &private {
        findings.push(disk::look("temporary_disk", private));
    }
    findings
}
