//! Why an image cannot be opened, always with the file and, where there is one, the entry.
//!
//! An entry is named as the archive names it, or as a path below the layout's directory.

use std::io;
use std::path::PathBuf;

use super::entry::EntryError;

/// Why an image cannot be opened. `path` is the archive or the layout's directory.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the message of a variant says what each of its fields is"
)]
pub enum ImageError {
    /// The file or directory itself cannot be opened.
    #[error("cannot open `{}`", path.display())]
    Open { path: PathBuf, source: io::Error },
    /// A file of the image cannot be read.
    #[error("cannot read `{entry}` of `{}`", path.display())]
    Read {
        path: PathBuf,
        entry: String,
        source: io::Error,
    },
    /// The file is no readable tar archive.
    #[error("`{}` is not a readable tar archive", path.display())]
    Tar { path: PathBuf, source: EntryError },
    /// The whole archive is compressed.
    #[error("`{}` is compressed as a whole ({format}); decompress it first, its layers may stay compressed", path.display())]
    Compressed { path: PathBuf, format: &'static str },
    /// Neither an OCI layout nor an archive of `docker save`.
    #[error("`{}` is not an image: it holds neither `oci-layout` nor `manifest.json`", path.display())]
    NotAnImage { path: PathBuf },
    /// The layout is of a version that is unknown here.
    #[error("`{}` is an OCI layout of version `{version}`, only `1.0.0` is known", path.display())]
    LayoutVersion { path: PathBuf, version: String },
    /// No image in it at all.
    #[error("`{}` holds no image", path.display())]
    Empty { path: PathBuf },
    /// More than one image, and nothing says which.
    #[error("`{}` holds {} images, and none is tagged `latest`: {}", path.display(), names.len(), names.join(", "))]
    SeveralImages { path: PathBuf, names: Vec<String> },
    /// An entry's name is absolute, leaves the archive, or is not UTF-8.
    #[error("entry `{entry}` of `{}` has a path that leaves the archive", path.display())]
    EntryPath { path: PathBuf, entry: String },
    /// Two entries of one name: readers disagree about which one counts.
    #[error("entry `{entry}` stands twice in `{}`", path.display())]
    DuplicateEntry { path: PathBuf, entry: String },
    /// More entries than an image can need.
    #[error("`{}` holds more than {limit} entries", path.display())]
    TooManyEntries { path: PathBuf, limit: usize },
    /// The archive ends within an entry.
    #[error("entry `{entry}` of `{}` is cut off: it ends at byte {end} of a file of {size} bytes", path.display())]
    Truncated {
        path: PathBuf,
        entry: String,
        end: u64,
        size: u64,
    },
    /// A file that the image needs is not there.
    #[error("`{entry}` is missing in `{}`", path.display())]
    Missing { path: PathBuf, entry: String },
    /// A directory, device or sparse file stands where a file is needed.
    #[error("`{entry}` of `{}` is not a plain file", path.display())]
    NotAFile { path: PathBuf, entry: String },
    /// Links that lead nowhere.
    #[error("`{entry}` of `{}` is a link behind too many links", path.display())]
    LinkLoop { path: PathBuf, entry: String },
    /// A JSON document is larger than is read into memory.
    #[error("`{entry}` of `{}` holds {size} bytes, more than the {limit} that a document may have", path.display())]
    TooLarge {
        path: PathBuf,
        entry: String,
        size: u64,
        limit: u64,
    },
    /// All manifests together are larger than is kept in memory.
    #[error("the manifests of `{}` hold more than {limit} bytes together", path.display())]
    TooManyManifests { path: PathBuf, limit: u64 },
    /// A JSON document is malformed.
    #[error("`{entry}` of `{}` is not the JSON document it should be", path.display())]
    Json {
        path: PathBuf,
        entry: String,
        source: serde_json::Error,
    },
    /// A blob's size is not what its descriptor says.
    #[error("`{entry}` of `{}` holds {actual} bytes, its descriptor says {expected}", path.display())]
    BlobSize {
        path: PathBuf,
        entry: String,
        expected: u64,
        actual: u64,
    },
    /// A document's content is not what its digest says.
    #[error("`{entry}` of `{}` has another content than its digest says: {actual}", path.display())]
    BlobDigest {
        path: PathBuf,
        entry: String,
        actual: String,
    },
    /// A document is named by an algorithm that cannot be verified.
    #[error("`{entry}` of `{}` is named by a digest of an unknown algorithm", path.display())]
    DigestAlgorithm { path: PathBuf, entry: String },
    /// Document and descriptor disagree about what the document is.
    #[error("`{entry}` of `{}` says it is `{actual}`, its descriptor says `{expected}`", path.display())]
    MediaType {
        path: PathBuf,
        entry: String,
        expected: String,
        actual: String,
    },
    /// The image is of a kind that cannot be a base image.
    #[error("`{entry}` of `{}` is `{media_type}`, not an image manifest or index", path.display())]
    NotAManifest {
        path: PathBuf,
        entry: String,
        media_type: String,
    },
    /// More layers than an image can have.
    #[error("`{}` holds an image of {layers} layers, more than {limit}", path.display())]
    TooManyLayers {
        path: PathBuf,
        layers: usize,
        limit: usize,
    },
    /// Config and `manifest.json` disagree about the number of layers.
    #[error("`{entry}` of `{}` has {diff_ids} diff IDs for {layers} layers", path.display())]
    LayerCount {
        path: PathBuf,
        entry: String,
        diff_ids: usize,
        layers: usize,
    },
}
