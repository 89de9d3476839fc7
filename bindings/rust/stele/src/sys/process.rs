//! What happens to a process that TensorFlow works in: forks, and its end.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};

/// How long the end of a process waits for calls that are under way.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it looks whether they are done.
const PAUSE: Duration = Duration::from_millis(2);

/// This process is the child of one in which TensorFlow had been started: its
/// threads are not here, and a call would wait for them for ever.
static FORKED: AtomicBool = AtomicBool::new(false);

/// The process is at its end: no further call begins.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Calls of TensorFlow's under way.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// A call of TensorFlow's that uses its threads, for as long as it takes.
pub(super) struct Call(());

impl Call {
    /// # Errors
    /// [`Error::Forked`] in the child of a process in which there has been one;
    /// `CANCELLED` at the end of the process.
    pub(super) fn begin() -> Result<Call> {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(watch);
        if FORKED.load(Ordering::Relaxed) {
            return Err(Error::Forked);
        }
        // Counted first: whoever ends the process looks at the count last.
        CALLS.fetch_add(1, Ordering::SeqCst);
        let call = Call(());
        if ENDING.load(Ordering::SeqCst) {
            let message = "this process is ending".to_string();
            return Err(Error::TensorFlow { code: Code::Cancelled, message });
        }
        Ok(call)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        CALLS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits until no call is under way; whether that came within the limit.
pub(crate) fn wait_for_calls(limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while CALLS.load(Ordering::SeqCst) > 0 {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}

#[cfg(unix)]
fn watch() {
    extern "C" fn in_child() {
        FORKED.store(true, Ordering::Relaxed);
        // They are the parent's.
        CALLS.store(0, Ordering::SeqCst);
    }
    // TensorFlow's destructors run at the end of a process and crash calls that
    // other threads are in. Registered after the library was loaded, this runs
    // before them.
    extern "C" fn at_exit() {
        ENDING.store(true, Ordering::SeqCst);
        wait_for_calls(PATIENCE);
    }
    // SAFETY: the handler stores to atomics and does nothing else.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    // SAFETY: the handler uses atomics and sleeps.
    unsafe { libc::atexit(at_exit) };
}

#[cfg(not(unix))]
fn watch() {}
