//! Stub.

/// Stub.
#[derive(Debug)]
pub enum FileError {
    /// Stub.
    NotFound,
    /// Stub.
    NotText,
    /// Stub.
    IsDirectory,
    /// Stub.
    TooLarge(u64),
    /// Stub.
    Denied,
    /// Stub.
    Other(String),
}
/// Stub.
#[derive(Debug)]
pub enum Entry {
    /// Stub.
    Nothing,
    /// Stub.
    File,
    /// Stub.
    Directory,
}
/// Stub.
pub trait Workspace {
    /// Stub.
    ///
    /// # Errors
    /// Stub.
    fn read_text(&self, path: &str) -> Result<String, FileError>;
    /// Stub.
    ///
    /// # Errors
    /// Stub.
    fn entry_at(&self, path: &str) -> Result<Entry, FileError>;
}
