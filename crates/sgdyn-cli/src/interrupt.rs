//! Ctrl-C and SIGTERM: the first ends a run cleanly, the second ends the process.

use crate::failure::INTERRUPTED;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The flag that the first signal sets; the handler is installed by the first call.
///
/// # Errors
/// What the system says if it refuses the handler.
pub(crate) fn stop_flag() -> Result<Arc<AtomicBool>, ctrlc::Error> {
    static INSTALLED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(stop) = INSTALLED.get() {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED.into());
        }
        eprintln!("\nstopping: finished work is being saved; once more to quit at once");
    })?;
    Ok(Arc::clone(INSTALLED.get_or_init(|| stop)))
}
