//! Memory that the allocator keeps.

/// Dropped after all else of a model, gives the pages that it had back to the system.
///
/// TensorFlow builds each version on threads of its own. glibc has a heap for each group
/// of threads and keeps what is freed in it: without this, a server whose models change
/// grows until every heap has held the largest of them.
pub(crate) struct Freed;

impl Drop for Freed {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: it may be called at any time, on any thread, and frees nothing in use.
        unsafe { libc::malloc_trim(0) };
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    fn drop(&mut self) {}
}
