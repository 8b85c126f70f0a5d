//! A directory in memory in which archives are unpacked, beside one that must not change.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::Directory;
use oci_image::image::rootfs::Rootfs;
use oci_image::image::rootfs::error::RootfsError;
use tempfile::TempDir;

/// The directory; it goes with the value.
pub(crate) struct Yard(TempDir);

impl Yard {
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let made = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let yard = Self(made.expect("a directory"));
        fs::create_dir_all(yard.outside().join("directory")).expect("a directory");
        fs::write(yard.outside().join("file"), "untouched").expect("a file");
        for (path, mode) in [("", 0o750), ("directory", 0o750), ("file", 0o640)] {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(yard.outside().join(path), mode).expect("a mode");
        }
        yard
    }

    /// A file in it.
    pub(crate) fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("archive");
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// Unpacks a stream where a tree may grow.
    pub(crate) fn unpack(&self, stream: &[u8]) -> Result<Rootfs, RootfsError> {
        let parent = self.0.path().join("image");
        fs::create_dir(&parent).expect("a directory");
        let parent = Directory::open(parent).expect("it is there");
        Rootfs::unpack(stream, &parent, "rootfs".as_ref())
    }

    /// Where that tree is.
    pub(crate) fn rootfs(&self) -> PathBuf {
        self.0.path().join("image/rootfs")
    }

    /// What must not change.
    pub(crate) fn outside(&self) -> PathBuf {
        self.0.path().join("outside")
    }

    pub(crate) fn assert_untouched_outside(&self) {
        let names = |path: &Path| fs::read_dir(path).expect("a directory").count();
        let of = |path: &str| fs::symlink_metadata(self.outside().join(path)).expect("it is there");
        let (outside, directory, file) = (of(""), of("directory"), of("file"));
        assert_eq!(
            (
                names(&self.outside()),
                names(&self.outside().join("directory"))
            ),
            (2, 0)
        );
        let modes = [&outside, &directory, &file].map(|found| found.mode() & 0o7777);
        assert_eq!(modes, [0o750, 0o750, 0o640]);
        assert_eq!((file.nlink(), file.len()), (1, 9));
        let user = rustix::process::geteuid().as_raw();
        assert_eq!([outside.uid(), directory.uid(), file.uid()], [user; 3]);
        let attributes = rustix::fs::listxattr(self.outside().join("file"), &mut [0_u8; 0]);
        assert!(!attributes.is_ok_and(|length| length > 0), "an attribute");
    }
}
