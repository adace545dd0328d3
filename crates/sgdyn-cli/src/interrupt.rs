//! Ctrl-C and SIGTERM: the first ends a run cleanly, the second ends the process.

use crate::failure::INTERRUPTED;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Installs the handler; the flag it answers is set by the first signal.
///
/// # Errors
/// What the system says if it refuses the handler.
pub(crate) fn stop_flag() -> Result<Arc<AtomicBool>, ctrlc::Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED.into());
        }
        eprintln!("\nstopping: finished work is being saved; once more to quit at once");
    })?;
    Ok(stop)
}
