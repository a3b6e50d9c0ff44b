//! TODO

use std::sync::atomic::AtomicBool;

use crate::terminal::{leave, restore_stderr};

/// The next SIGTSTP is the one we sent to our own job.
pub(crate) static OWN_STOP: AtomicBool = AtomicBool::new(false);

/// Leaves, and lets messages be seen again.
pub(crate) fn give_back() {
    leave();
    restore_stderr();
}
