//! How the C library's allocator treats this process.

/// Keeps large buffers once they were allocated, instead of giving each back to the system and faulting
/// its pages in again: a network asks for the same tens of megabytes every window, and a sixth of the
/// time went into that. The peak stays what it was; what is not given back is what the next window takes.
///
/// To be called before the first tensor is made. Elsewhere than under glibc it does nothing.
pub fn keep_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // Above these sizes an allocation gets a mapping of its own, and free memory is handed back.
        const LARGE: libc::c_int = 1 << 30;
        // SAFETY: mallopt only sets numbers of the allocator; a refusal is reported by its result, and then
        // the allocator stays as it was, which costs time and nothing else.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE);
            // Further arenas give their memory back whatever was said above.
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}
