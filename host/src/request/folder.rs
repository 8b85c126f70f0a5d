//! All that a directory has to be validated: its files in YAML, and those in the directories below it, that are requests, tasks that build
//! images, or pipelines.
//!
//! What is neither is left, and counted. No link leads out of the directory, and none that stands in place of a directory is followed.

use std::io;
use std::path::{Path, PathBuf};

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::handle::Directory;
use oci_image::boundary::outside::shown;

use super::ours;
use super::subject::{Subject, text_below};
use super::unread::Unread;
use crate::failure::Failure;

/// How many files are read.
const MOST_FILES: usize = 10_000;
/// How many entries are looked at.
const MOST_ENTRIES: usize = 1_000_000;
/// How deep directories are entered.
const MOST_DEPTH: usize = 64;
/// What is not entered: what git keeps is nobody's to judge.
const OF_GIT: &str = ".git";

/// What a directory has.
pub(crate) struct Folder {
    /// What is validated, in the order of the names.
    pub(crate) subjects: Vec<Result<Subject, Unread>>,
    /// How many files are left.
    pub(crate) left: usize,
}

#[derive(Debug, thiserror::Error)]
enum FolderError {
    #[error("cannot read the directory `{}`", shown(path))]
    List { path: PathBuf, source: io::Error },
    #[error(
        "`{}` has more than {MOST_FILES} files in YAML, or {MOST_ENTRIES} of any kind; name the directories that matter",
        shown(path)
    )]
    TooMany { path: PathBuf },
}

impl Folder {
    /// Reads a directory.
    pub(crate) fn read(path: &Path, cancel: &Cancel) -> Result<Self, Failure> {
        let list = |source| FolderError::List {
            path: path.to_owned(),
            source,
        };
        let directory = Directory::open(path).map_err(list);
        let files = directory.and_then(|directory| Ok((files(&directory, path)?, directory)));
        let (files, directory) = files.map_err(|error| Failure::Usage(Box::new(error)))?;
        let mut folder = Self {
            subjects: Vec::new(),
            left: 0,
        };
        for file in files {
            if cancel.is_cancelled() {
                return Err(Failure::Reported);
            }
            let name = path.join(&file).display().to_string();
            let text = text_below(&directory, &file);
            match text.and_then(|text| ours::of_yaml(&name, &text)) {
                Some(subject) => folder.subjects.push(subject),
                None => folder.left += 1,
            }
        }
        Ok(folder)
    }
}

/// The paths of the files in YAML below a directory.
fn files(directory: &Directory, path: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let list = |source| FolderError::List {
        path: path.to_owned(),
        source,
    };
    let (mut found, mut entries) = (Vec::new(), 0);
    let mut open = vec![PathBuf::from(".")];
    while let Some(below) = open.pop() {
        let read = match directory.beneath().read_dir(&below) {
            Ok(read) => read,
            Err(error) if found.is_empty() && below == Path::new(".") => return Err(list(error)),
            Err(_) => continue, // somebody else's
        };
        for entry in read.flatten() {
            entries += 1;
            let name = below.join(entry.file_name());
            let name = name.strip_prefix(".").unwrap_or(&name).to_owned();
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_entered = entry.file_name() != OF_GIT && name.iter().count() < MOST_DEPTH;
            if is_directory && is_entered {
                open.push(name);
            } else if !is_directory && is_yaml(&name) {
                found.push(name);
            }
            if found.len() > MOST_FILES || entries > MOST_ENTRIES {
                let path = path.to_owned();
                return Err(FolderError::TooMany { path });
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_yaml(name: &Path) -> bool {
    let extension = name.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["yml", "yaml"].contains(&extension))
}
