//! `oci-image validate --fix`: what can be mended of what is told, as a diff, or in place.
//!
//! Reads: the texts of which mistakes are told, once more. Writes: with `--write`, those that change, each at once.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::{Directory, PartialFile};
use oci_image::boundary::outside::shown;
use oci_image::boundary::regular_file::RegularFile;
use oci_image::diagnostics::{self, Edit, Report, edited, patch, told_in};
use oci_image::progress::amount;
use oci_image::yaml::MAX_TEXT;

use crate::failure::Failure;

/// What the file is called that grows beside one that is mended.
const PARTIAL: &str = ".mended.";

/// A file, as it is and with its changes.
// No `Debug`: it would show secrets.
pub(super) struct MendedFile {
    name: String,
    text: String,
    edits: Vec<Edit>,
    /// The diff, of what may be seen.
    pub(super) patch: String,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", shown(path))]
struct Rewrite {
    path: PathBuf,
    source: io::Error,
}

/// The files of which something can be mended.
pub(super) fn mended(reports: &[Report]) -> Vec<MendedFile> {
    let mut files: Vec<MendedFile> = Vec::new();
    for report in reports {
        for (name, seen) in told_in(report) {
            let is_known = files.iter().any(|file| file.name == name);
            let Some(text) = written(name, seen).filter(|_| !is_known) else {
                continue;
            };
            let edits = diagnostics::edits(report, name, &text);
            if !edits.is_empty() {
                files.push(MendedFile {
                    patch: patch(name, seen, &diagnostics::edits(report, name, seen)),
                    name: name.to_owned(),
                    text,
                    edits,
                });
            }
        }
    }
    files
}

/// The text of a file, if it is the one of which so much was seen.
fn written(name: &str, seen: &str) -> Option<String> {
    let bytes = RegularFile::open(name).ok()?.start(MAX_TEXT + 1).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let is_same = |(seen, byte): (u8, u8)| seen == byte || seen == b'*';
    let is_seen = text.len() == seen.len() && seen.bytes().zip(text.bytes()).all(is_same);
    is_seen.then_some(text)
}

impl MendedFile {
    /// What is told of a file that was changed.
    pub(super) fn told(&self) -> String {
        let changes = amount::counted(self.edits.len(), "change");
        format!("`{}` is written with {changes}", self.name)
    }

    /// Writes it anew, where its name leads to: it is there as it was, or as it shall be.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let write = || {
            let path = fs::canonicalize(&self.name)?;
            let permissions = fs::metadata(&path)?.permissions();
            let name = path.file_name().unwrap_or_default();
            let directory = Directory::open(path.parent().unwrap_or(Path::new("/")))?;
            let mut partial = PartialFile::new(&directory, OsStr::new(PARTIAL))?;
            partial.write_all(edited(&self.text, &self.edits).as_bytes())?;
            partial.file.set_permissions(permissions)?;
            partial.put(&directory, name)
        };
        write().map_err(|source| {
            let path = PathBuf::from(&self.name);
            Failure::Usage(Box::new(Rewrite { path, source }))
        })
    }
}
