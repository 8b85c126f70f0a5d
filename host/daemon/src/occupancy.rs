//! Whether a root can be used, and who uses it now: looked at, and nothing made.
//!
//! Reads: the root, its lock for a moment, the directory in which it would be made. Writes: nothing.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::directory::Directory;
use crate::error::DaemonError;
use crate::holder::Holder;
use crate::root;

/// Who uses a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occupancy {
    /// Nobody: it is not there, and can be made below this directory.
    Absent {
        /// The nearest directory above it that is there.
        parent: PathBuf,
    },
    /// Nobody.
    Free,
    /// Another build, for which the next one waits; who that is, where it can be told.
    Build(Option<Holder>),
    /// A buildkitd that no build of ours has started, so that none can.
    Buildkitd,
}

impl Occupancy {
    /// Looks at a root as the start of a daemon would. Blocking.
    ///
    /// # Errors
    /// Those of a root that cannot be used.
    pub fn of(root: &Path) -> Result<Self, DaemonError> {
        if std::fs::symlink_metadata(root)
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            return Self::absent(root);
        }
        let directory = Directory::open_existing(root)?;
        let writable = rustix::fs::access(root, Access::WRITE_OK | Access::EXEC_OK);
        writable.map_err(|errno| DaemonError::Root {
            path: root.to_owned(),
            source: errno.into(),
        })?;
        Ok(match root::is_held(&directory)? {
            Some(holder) => Self::Build(holder),
            None if root::runs(&directory)? => Self::Buildkitd,
            None => Self::Free,
        })
    }

    fn absent(root: &Path) -> Result<Self, DaemonError> {
        let failed = |source| DaemonError::Root {
            path: root.to_owned(),
            source,
        };
        let path = std::path::absolute(root).map_err(failed)?;
        let parent = path.ancestors().find(|above| above.exists());
        let parent = parent.unwrap_or(Path::new("/"));
        if !parent.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        rustix::fs::access(parent, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|errno| failed(errno.into()))?;
        Ok(Self::Absent {
            parent: parent.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::root::RootLock;

    #[test]
    fn a_root_is_looked_at_and_nothing_is_made_of_it() {
        let home = tempfile::tempdir().unwrap();
        let (root, deep) = (home.path().join("root"), home.path().join("a/b/root"));
        let parent = home.path().to_owned();
        assert_eq!(Occupancy::of(&deep).unwrap(), Occupancy::Absent { parent });
        assert!(fs::read_dir(home.path()).unwrap().next().is_none());
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o700)).unwrap();

        assert_eq!(Occupancy::of(&root).unwrap(), Occupancy::Free);
        assert!(fs::read_dir(&root).unwrap().next().is_none());
        let held = RootLock::acquire_free(&root).unwrap();
        let holder = match Occupancy::of(&root).unwrap() {
            Occupancy::Build(holder) => holder,
            other => panic!("{other:?}"),
        };
        // Some file systems have another device than they tell of a file.
        assert!(holder.is_none_or(|holder| holder.process == std::process::id()));
        let refused = RootLock::acquire_free(&root).unwrap_err().to_string();
        assert!(
            refused.contains(" uses `") && refused.contains("wait until it has ended"),
            "{refused}"
        );
        drop(held);

        let foreign = fs::File::create(root.join("buildkitd.lock")).unwrap();
        foreign.lock().unwrap();
        assert_eq!(Occupancy::of(&root).unwrap(), Occupancy::Buildkitd);
        fs::write(home.path().join("file"), "").unwrap();
        let beneath = Occupancy::of(&home.path().join("file/root")).unwrap_err();
        assert!(beneath.to_string().starts_with("cannot use `"), "{beneath}");
    }
}
