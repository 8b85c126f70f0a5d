//! The native workspace.

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
    /// Anything else, in the words of the system.
    Other(String),
}

/// What stands at a path, symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Nothing,
    /// A file, or anything that is not a directory.
    File,
    /// A directory.
    Directory,
}

/// What the planner may ask while it plans.
pub trait Workspace: Send {
    /// The text of a small file.
    ///
    /// # Errors
    /// [`FileError`], which the planner turns into a diagnostic.
    fn read_text(&self, path: &str) -> Result<String, FileError>;

    /// What stands at a path.
    ///
    /// # Errors
    /// [`FileError::Denied`] for a path that the object does not name, [`FileError::Other`] if the system refuses.
    fn entry_at(&self, path: &str) -> Result<Entry, FileError>;
}

/// Answers for nothing: validation and description look at no file.
pub(super) struct NoWorkspace;

impl Workspace for NoWorkspace {
    fn read_text(&self, _path: &str) -> Result<String, FileError> {
        Err(FileError::Denied)
    }

    fn entry_at(&self, _path: &str) -> Result<Entry, FileError> {
        Err(FileError::Denied)
    }
}
