//! Small disks: file systems of a few megabytes that only one thread and the programs it starts can see.
//!
//! Mounts: tmpfs, in a mount namespace that goes with the thread. For root only.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, mount_remount, unmount,
};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Runs `work` on a thread whose mounts nobody else sees; `None`, with a line that says so, where only root may mount.
///
/// # Panics
/// Where `work` does.
#[expect(clippy::print_stdout, reason = "where tests say that they are skipped")]
pub fn with_own_mounts<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root may mount a small disk");
        return None;
    }
    let work = || {
        // SAFETY: without FILES in the flags the table of file descriptors stays shared with the other threads.
        unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.expect("a mount namespace");
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", private).expect("private mounts");
        work()
    };
    let done = thread::scope(|scope| scope.spawn(work).join());
    Some(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// A disk over a directory; dropping it brings the directory back.
#[derive(Debug)]
pub struct Disk {
    directory: PathBuf,
}

impl Disk {
    /// Puts a disk of so many KiB over a directory.
    ///
    /// # Panics
    /// Outside of [`with_own_mounts`], or if the system refuses.
    #[must_use]
    pub fn mount(directory: &Path, size: u32) -> Self {
        let options = size_option(size);
        let flags = MountFlags::empty();
        mount("none", directory, "tmpfs", flags, options.as_c_str()).expect("a small disk");
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Gives it another size, in KiB.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn resize(&self, size: u32) {
        let options = size_option(size);
        mount_remount(&self.directory, MountFlags::empty(), options.as_c_str())
            .expect("another size");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It goes with the thread at the latest; a directory that is one's mount point could not be removed before.
        let _ = unmount(&self.directory, UnmountFlags::DETACH);
    }
}

fn size_option(size: u32) -> CString {
    CString::new(format!("size={size}k,mode=755")).expect("digits and letters")
}
