//! `oci-image man`: the pages of the manual, into a directory.
//!
//! A directory and not standard output: there are a dozen pages, which name each other.
//!
//! Writes: the pages, each whole or not at all.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::{Directory, PartialFile};
use oci_image::boundary::outside::shown;

use crate::failure::Failure;
use crate::manual::{self, Page};

pub(super) fn run(out: &Path) -> Result<(), Failure> {
    write(out).map_err(|source| {
        Failure::Usage(Box::new(UnwrittenManual {
            directory: out.to_owned(),
            source,
        }))
    })
}

fn write(out: &Path) -> io::Result<()> {
    let directory = Directory::open(out)?;
    for Page { name, text } in manual::pages()? {
        let mut file = PartialFile::new(&directory, ".man.".as_ref())?;
        file.write_all(&text)?;
        file.put(&directory, name.as_ref())?;
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write the pages of the manual into `{}`", shown(directory))]
struct UnwrittenManual {
    directory: PathBuf,
    source: io::Error,
}
