//! Ctrl-C: asks the run to stop at its next step; pressed again, it ends the process at once.

use super::failure::Failure;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C asks instead of killing.
///
/// # Errors
/// [`Failure::Bug`] when the system refuses the handler.
pub fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })
    .map_err(|e| Failure::Bug(format!("cannot listen for Ctrl-C: {e}")))
}

/// Has the user asked to stop?
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
