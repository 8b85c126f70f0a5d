//! A tree of files, with what each takes of a disk; nothing of another file system, and no link is followed.
//!
//! Reads: the tree, which may change meanwhile. Writes: nothing. Unknown here: what it is for.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::boundary::cancel::Cancel;

/// What stat(2) counts blocks in, whatever those of the file system are.
const BLOCK: u64 = 512;

/// A file or a directory of a tree.
pub(super) struct FileUse<'t> {
    /// Its path from the top.
    pub(super) path: &'t Path,
    /// What it takes of the disk; nothing if that was told before under another name.
    pub(super) bytes: u64,
}

/// What was not seen of a tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unseen {
    /// How many directories could not be read.
    pub(super) directories: u64,
}

/// Tells each file of a tree. What is gone by then is passed over.
///
/// # Errors
/// That it was called off; the top's.
pub(super) fn each(
    top: &Path,
    cancel: &Cancel,
    mut tell: impl FnMut(FileUse<'_>),
) -> io::Result<Unseen> {
    let mut unseen = Unseen::default();
    let mut told = HashSet::new();
    let device = fs::metadata(top)?.dev();
    let mut left = vec![PathBuf::new()];
    while let Some(directory) = left.pop() {
        cancel.check()?;
        let entries = match fs::read_dir(top.join(&directory)) {
            Err(error) if directory.as_os_str().is_empty() => return Err(error),
            Err(error) => {
                unseen.directories += u64::from(error.kind() != io::ErrorKind::NotFound);
                continue;
            }
            Ok(entries) => entries,
        };
        for entry in entries.flatten() {
            let Ok(found) = entry.metadata() else {
                continue;
            };
            if found.dev() != device {
                continue;
            }
            let path = directory.join(entry.file_name());
            let bytes = if is_new(&found, &mut told) {
                found.blocks() * BLOCK
            } else {
                0
            };
            tell(FileUse { path: &path, bytes });
            if found.is_dir() {
                left.push(path);
            }
        }
    }
    Ok(unseen)
}

/// Whether a file was not told under another name.
fn is_new(found: &Metadata, told: &mut HashSet<u64>) -> bool {
    found.is_dir() || found.nlink() == 1 || told.insert(found.ino())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_of_two_names_is_counted_once_and_no_link_is_followed() {
        let (top, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(top.path().join("a")).unwrap();
        fs::write(top.path().join("a/one"), vec![1; 100_000]).unwrap();
        fs::hard_link(top.path().join("a/one"), top.path().join("two")).unwrap();
        fs::write(outside.path().join("far"), vec![1; 100_000]).unwrap();
        symlink(outside.path(), top.path().join("link")).unwrap();

        let mut files = Vec::new();
        let unseen = each(top.path(), &Cancel::default(), |file| {
            files.push((file.path.to_owned(), file.bytes));
        });

        assert_eq!(unseen.unwrap(), Unseen::default());
        files.sort();
        let names: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        assert_eq!(names, ["a", "a/one", "link", "two"].map(Path::new));
        let total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
        assert!((100_000..150_000).contains(&total), "{total}");
        let called_off = Cancel::default();
        called_off.cancel();
        assert!(each(top.path(), &called_off, |_| ()).is_err());
    }
}
