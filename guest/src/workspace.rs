//! What the planner may ask of its host, and all it may ask.
//!
//! Every path is one that the object names, or one that follows from it:
//!
//! - `image`, `cache`, `cache/index.json`, and the directories of additional targets;
//! - `<context>/Dockerfile`, and `dockerfile` where `Dockerfile` is not; `<context>/<path of a context input>`;
//! - of an image that is a directory, `oci-layout` and `manifest.json`;
//! - for hints alone `<context>/<dockerfile>`, and in an image's directory or beside it `image.tar`, `image/oci-layout` and `rootfs`.
//!
//! A host that answers [`FileError::Denied`] to a path of a hint loses the hint and nothing else.
//!
//! Source: `planner.wit`, interface `workspace`.

/// Why a path has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// Nothing stands there.
    NotFound,
    /// The file is not UTF-8.
    NotText,
    /// A directory stands there.
    IsDirectory,
    /// The file is larger than the limit given, in bytes.
    TooLarge(u64),
    /// The host does not answer for this path.
    Denied,
    /// Anything else, in the words of the host's system.
    Other(String),
}

/// What stands at a path, symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Nothing,
    /// A file (or anything that is not a directory).
    File,
    /// A directory.
    Directory,
}

/// The host's answers. Paths are as the object wrote them, relative to the working directory unless absolute.
pub trait Workspace {
    /// The text of a small file.
    ///
    /// # Errors
    ///
    /// Why there is none.
    fn read_text(&self, path: &str) -> Result<String, FileError>;

    /// What stands at a path.
    ///
    /// # Errors
    ///
    /// Why there is no answer; never [`FileError::NotFound`], which is [`Entry::Nothing`]. [`FileError::TooLarge`] is for the
    /// file of a secret that holds more than a step can be given.
    fn entry_at(&self, path: &str) -> Result<Entry, FileError>;
}
