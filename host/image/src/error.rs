//! Why an image cannot be opened, always with the file and, where there is one, the entry.
//!
//! An entry is named as the archive names it, or as a path below the layout's directory.

use std::io;
use std::path::PathBuf;

use oci_image_boundary::outside::{listed, shown};
use oci_image_tree::entry::EntryError;

/// Why an image cannot be opened. `path` is the archive or the layout's directory.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the message of a variant says what each of its fields is"
)]
pub enum ImageError {
    /// The file or directory itself cannot be opened.
    #[error("cannot open `{}`", shown(path))]
    Open { path: PathBuf, source: io::Error },
    /// A file of the image cannot be read.
    #[error("cannot read `{entry}` of `{}`", shown(path), entry = shown(entry))]
    Read {
        path: PathBuf,
        entry: String,
        source: io::Error,
    },
    /// The archive cannot be written.
    #[error("cannot write `{}`", shown(path))]
    Write { path: PathBuf, source: io::Error },
    /// The file is no readable tar archive.
    #[error("`{}` is not a readable tar archive", shown(path))]
    Tar { path: PathBuf, source: EntryError },
    /// The whole archive is compressed.
    #[error(
        "`{}` is compressed as a whole ({format}); decompress it first, its layers may stay compressed",
        shown(path)
    )]
    Compressed { path: PathBuf, format: &'static str },
    /// Neither an OCI layout nor an archive of `docker save`.
    #[error(
        "`{}` is not an image: it holds neither `oci-layout` nor `manifest.json`",
        shown(path)
    )]
    NotAnImage { path: PathBuf },
    /// The layout is of a version that is unknown here.
    #[error("`{}` is an OCI layout of version `{version}`, only `1.0.0` is known", shown(path), version = shown(version))]
    LayoutVersion { path: PathBuf, version: String },
    /// No image in it at all.
    #[error("`{}` holds no image", shown(path))]
    Empty { path: PathBuf },
    /// More than one image, and nothing says which.
    #[error("`{}` holds {} images, and none is tagged `latest`: {}", shown(path), names.len(), listed(names))]
    SeveralImages { path: PathBuf, names: Vec<String> },
    /// An entry's name is absolute, leaves the archive, or is not UTF-8.
    #[error("entry `{entry}` of `{}` has a path that leaves the archive", shown(path), entry = shown(entry))]
    EntryPath { path: PathBuf, entry: String },
    /// Two entries of one name: readers disagree about which one counts.
    #[error("entry `{entry}` stands twice in `{}`", shown(path), entry = shown(entry))]
    DuplicateEntry { path: PathBuf, entry: String },
    /// A file with holes, whose content and what follows it readers disagree about.
    #[error("entry `{entry}` of `{}` is a sparse file: write the archive without `--sparse`", shown(path), entry = shown(entry))]
    Sparse { path: PathBuf, entry: String },
    /// More entries than an image can need.
    #[error("`{}` holds more than {limit} entries", shown(path))]
    TooManyEntries { path: PathBuf, limit: usize },
    /// The archive ends within an entry.
    #[error("entry `{entry}` of `{}` is cut off: it ends at byte {end} of a file of {size} bytes", shown(path), entry = shown(entry))]
    Truncated {
        path: PathBuf,
        entry: String,
        end: u64,
        size: u64,
    },
    /// A file that the image needs is not there.
    #[error("`{entry}` is missing in `{}`", shown(path), entry = shown(entry))]
    Missing { path: PathBuf, entry: String },
    /// A directory, device or sparse file stands where a file is needed.
    #[error("`{entry}` of `{}` is not a plain file", shown(path), entry = shown(entry))]
    NotAFile { path: PathBuf, entry: String },
    /// Links that lead nowhere.
    #[error("`{entry}` of `{}` is a link behind too many links", shown(path), entry = shown(entry))]
    LinkLoop { path: PathBuf, entry: String },
    /// A JSON document is larger than is read into memory.
    #[error("`{entry}` of `{}` holds {size} bytes, more than the {limit} that a document may have", shown(path), entry = shown(entry))]
    TooLarge {
        path: PathBuf,
        entry: String,
        size: u64,
        limit: u64,
    },
    /// All manifests together are larger than is kept in memory.
    #[error(
        "the manifests of `{}` hold more than {limit} bytes together",
        shown(path)
    )]
    TooManyManifests { path: PathBuf, limit: u64 },
    /// The documents of an image name more than is followed.
    #[error("`{entry}` of `{}` goes beyond the {limit} manifests, configs and layers that an image may name", shown(path), entry = shown(entry))]
    TooManyReferences {
        path: PathBuf,
        entry: String,
        limit: usize,
    },
    /// Indexes above one another, without an end that anybody would come to.
    #[error("`{entry}` of `{}` is an index above {limit} others, one below the other", shown(path), entry = shown(entry))]
    TooDeep {
        path: PathBuf,
        entry: String,
        limit: usize,
    },
    /// A JSON document is malformed.
    #[error("`{entry}` of `{}` is not the JSON document it should be", shown(path), entry = shown(entry))]
    Json {
        path: PathBuf,
        entry: String,
        source: serde_json::Error,
    },
    /// A blob's size is not what its descriptor says.
    #[error("`{entry}` of `{}` holds {actual} bytes, its descriptor says {expected}", shown(path), entry = shown(entry))]
    BlobSize {
        path: PathBuf,
        entry: String,
        expected: u64,
        actual: u64,
    },
    /// A document's content is not what its digest says.
    #[error("`{entry}` of `{}` has another content than its digest says: {actual}", shown(path), entry = shown(entry), actual = shown(actual))]
    BlobDigest {
        path: PathBuf,
        entry: String,
        actual: String,
    },
    /// It is whole, and not the image that it is said to be.
    #[error("`{}` holds the image `{actual}`, and is said to hold `{said}`", shown(path), actual = shown(actual), said = shown(said))]
    AnotherImage {
        path: PathBuf,
        said: String,
        actual: String,
    },
    /// An archive has two lists of what it holds, and they differ.
    #[error(
        "`manifest.json` of `{}` names another config or other layers than its `index.json`",
        shown(path)
    )]
    Disagreement { path: PathBuf },
    /// A document is named by an algorithm that cannot be verified.
    #[error("`{entry}` of `{}` is named by a digest of an unknown algorithm", shown(path), entry = shown(entry))]
    DigestAlgorithm { path: PathBuf, entry: String },
    /// Document and descriptor disagree about what the document is.
    #[error("`{entry}` of `{}` says it is `{actual}`, its descriptor says `{expected}`", shown(path), entry = shown(entry), actual = shown(actual), expected = shown(expected))]
    MediaType {
        path: PathBuf,
        entry: String,
        expected: String,
        actual: String,
    },
    /// The image is of a kind that cannot be a base image.
    #[error("`{entry}` of `{}` is `{media_type}`, not an image manifest or index", shown(path), entry = shown(entry), media_type = shown(media_type))]
    NotAManifest {
        path: PathBuf,
        entry: String,
        media_type: String,
    },
    /// More layers than an image can have.
    #[error("`{entry}` of `{}` is an image of {layers} layers, more than {limit}", shown(path), entry = shown(entry))]
    TooManyLayers {
        path: PathBuf,
        entry: String,
        layers: usize,
        limit: usize,
    },
    /// Config and `manifest.json` disagree about the number of layers.
    #[error("`{entry}` of `{}` has {diff_ids} diff IDs for {layers} layers", shown(path), entry = shown(entry))]
    LayerCount {
        path: PathBuf,
        entry: String,
        diff_ids: usize,
        layers: usize,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use oci_image_boundary::outside::is_unruly;

    /// An error of each kind that names something from outside, by that name alone.
    fn errors(name: &str) -> Vec<ImageError> {
        let (path, entry) = (PathBuf::from(name), name.to_owned());
        let text = || name.to_owned();
        vec![
            ImageError::Open {
                path: path.clone(),
                source: io::ErrorKind::NotFound.into(),
            },
            ImageError::LayoutVersion {
                path: path.clone(),
                version: text(),
            },
            ImageError::SeveralImages {
                path: path.clone(),
                names: vec![text(), text()],
            },
            ImageError::EntryPath {
                path: path.clone(),
                entry: entry.clone(),
            },
            ImageError::DuplicateEntry {
                path: path.clone(),
                entry: entry.clone(),
            },
            ImageError::Truncated {
                path: path.clone(),
                entry: entry.clone(),
                end: 1,
                size: 2,
            },
            ImageError::Missing {
                path: path.clone(),
                entry: entry.clone(),
            },
            ImageError::BlobDigest {
                path: path.clone(),
                entry: entry.clone(),
                actual: text(),
            },
            ImageError::MediaType {
                path: path.clone(),
                entry: entry.clone(),
                expected: text(),
                actual: text(),
            },
            ImageError::NotAManifest {
                path,
                entry,
                media_type: text(),
            },
        ]
    }

    proptest! {
        #[test]
        fn no_name_from_outside_commands_a_terminal(name in any::<String>()) {
            for error in errors(&name) {
                let message = error.to_string();
                prop_assert!(!message.chars().any(is_unruly), "{message:?}");
            }
        }
    }
}
