//! A file or a directory that grows beside its final name, and either takes that name at once or vanishes.
//!
//! Both go by the handle of the directory that they are in, and never through a link.
//!
//! Reads: nothing. Writes: the file, the directory. Unknown here: what grows in it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::directory::Directory;
use super::tree::remove;

/// A file under a name that nobody else has. Dropping it removes it.
#[derive(Debug)]
pub struct PartialFile {
    /// The file, open for reading and writing.
    pub file: File,
    place: Place,
}

/// A directory under such a name. Dropping it removes it with all that is in it; after it was put, what it replaced.
#[derive(Debug)]
pub struct PartialDirectory {
    directory: Directory,
    place: Place,
}

/// A name in a directory, to be cleared.
#[derive(Debug)]
struct Place {
    parent: Directory,
    name: OsString,
    is_cleared: bool,
}

impl PartialFile {
    /// A new file in a directory; its name begins with `prefix`, its mode is that of any new file: 0666 less the umask.
    ///
    /// # Errors
    /// The system's.
    pub fn new(parent: &Directory, prefix: &OsStr) -> io::Result<Self> {
        let name = unique(prefix)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(0o666);
        let file = openat(parent, &name, flags | OFlags::CLOEXEC, mode)?;
        Ok(Self {
            file: file.into(),
            place: Place::new(parent, name),
        })
    }

    /// Gives it its name in a directory of the same file system, in the place of what is there.
    ///
    /// # Errors
    /// The system's; then it is removed.
    pub fn put(mut self, directory: &Directory, name: &OsStr) -> io::Result<()> {
        renameat(&self.place.parent, &self.place.name, directory, name)?;
        self.place.is_cleared = true;
        Ok(())
    }
}

impl Write for PartialFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl PartialDirectory {
    /// A new directory in another; its name begins with `prefix`.
    ///
    /// # Errors
    /// The system's.
    pub fn new(parent: &Directory, prefix: &OsStr, mode: Mode) -> io::Result<Self> {
        let name = unique(prefix)?;
        mkdirat(parent, &name, mode)?;
        let place = Place::new(parent, name);
        let directory = parent.own_directory(&place.name)?;
        Ok(Self { directory, place })
    }

    /// The directory.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Gives it its name beside itself, so that the name is never without what it stands for. Of what had the name before, what
    /// [`PartialDirectory::clear`] removes is left.
    ///
    /// # Errors
    /// The system's; then it is removed.
    pub fn put(&mut self, name: &OsStr) -> io::Result<()> {
        let Place {
            parent,
            name: partial,
            ..
        } = &self.place;
        match renameat(parent, partial, parent, name) {
            Ok(()) => self.place.is_cleared = true,
            // Something stands there that is not an empty directory.
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {
                rustix::fs::renameat_with(parent, partial, parent, name, RenameFlags::EXCHANGE)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Removes what has its name.
    ///
    /// # Errors
    /// The system's.
    pub fn clear(mut self) -> io::Result<()> {
        self.place.clear()
    }
}

impl Place {
    fn new(parent: &Directory, name: OsString) -> Self {
        Self {
            parent: parent.clone(),
            name,
            is_cleared: false,
        }
    }

    fn clear(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.is_cleared, true) {
            return Ok(());
        }
        match unlinkat(&self.parent, &self.name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => remove(&self.parent, &self.name),
            removed => Ok(removed?),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Nothing can be done about a failure here. It shows as a name that stays.
        let _ = self.clear();
    }
}

/// A name that nobody else has.
fn unique(prefix: &OsStr) -> io::Result<OsString> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let mut name = prefix.to_owned();
    name.push(format!("{:016x}", u64::from_ne_bytes(bytes)));
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> = (entries.map(|entry| entry.unwrap().file_name()))
            .map(|name| name.into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_takes_its_name_where_its_directory_is_by_then() {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().join(name);
        for name in ["output", "other"] {
            fs::create_dir(at(name)).unwrap();
        }
        let output = Directory::open(at("output")).unwrap();
        let mut given_up = PartialFile::new(&output, ".a.".as_ref()).unwrap();
        let mut kept = PartialFile::new(&output, ".b.".as_ref()).unwrap();
        given_up.file.write_all(b"no").unwrap();
        kept.file.write_all(b"yes").unwrap();

        fs::rename(at("output"), at("away")).unwrap();
        fs::rename(at("other"), at("output")).unwrap();
        drop(given_up);
        kept.put(&output, "b".as_ref()).unwrap();

        assert_eq!(names(&at("away")), ["b"]);
        assert_eq!(fs::read(at("away/b")).unwrap(), b"yes");
        assert_eq!(names(&at("output")), Vec::<String>::new());
    }

    #[test]
    fn a_directory_replaces_whatever_has_its_name() {
        let top = tempfile::tempdir().unwrap();
        let parent = Directory::open(top.path()).unwrap();
        for old in ["nothing", "file", "empty", "tree"] {
            let name = top.path().join("name");
            match old {
                "file" => fs::write(&name, "").unwrap(),
                "empty" => fs::create_dir(&name).unwrap(),
                "tree" => fs::create_dir_all(name.join("old/deep")).unwrap(),
                _ => {}
            }
            let mut grown = PartialDirectory::new(&parent, ".p".as_ref(), Mode::RWXU).unwrap();
            fs::write(top.path().join(&grown.place.name).join("new"), "").unwrap();

            grown.put("name".as_ref()).unwrap();
            grown.clear().unwrap();

            assert_eq!(names(top.path()), ["name"], "{old}");
            assert_eq!(names(&name), ["new"], "{old}");
            fs::remove_dir_all(&name).unwrap();
        }
    }
}
