//! Work that blocks, such as file I/O, on a thread that may.

/// Runs it on a thread of its own. A caller that goes away leaves it to finish, and its result to be dropped.
///
/// # Panics
/// As the work does.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
