//! Memory given back to the system.

/// After a database was closed. That of a song of hours held tens of megabytes in small pieces, made by many
/// threads, and glibc gives none of them back unless it is asked to (malloc_trim(3)).
pub(super) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes no pointer, and may be called from any thread at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
