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

/// How long the end of a process leaves TensorFlow's own threads to put away what a
/// call left them: they do that after they have told the caller.
const SETTLING: Duration = Duration::from_millis(50);

/// This process is the child of one in which TensorFlow had been started: its
/// threads are not here, and a call would wait for them for ever.
static FORKED: AtomicBool = AtomicBool::new(false);

/// The process is at its end: no further call begins.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Calls of TensorFlow's under way.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// A call of TensorFlow's, for as long as it takes.
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
        Call::unless_ending().ok_or_else(|| {
            let message = "this process is ending".to_string();
            Error::TensorFlow { code: Code::Cancelled, message }
        })
    }

    /// For a call that needs none of TensorFlow's threads, hence may be made in a
    /// forked child too; `None` at the end of the process.
    pub(super) fn unless_ending() -> Option<Call> {
        // Counted first: whoever ends the process looks at the count last.
        CALLS.fetch_add(1, Ordering::SeqCst);
        let call = Call(());
        (!ENDING.load(Ordering::SeqCst)).then_some(call)
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

/// Has the end of the process wait for calls, before what TensorFlow has made by now
/// is destroyed: exit handlers run in the reverse order of their registration, and
/// what is destroyed while a thread works with it crashes that thread. Ops make such
/// things when they first run, hence this is called again after the first run of a
/// graph.
#[cfg(unix)]
pub(super) fn watch_end() {
    extern "C" fn at_exit() {
        // The first of several waits for all.
        let first = !ENDING.swap(true, Ordering::SeqCst);
        if first && CALLS.load(Ordering::SeqCst) > 0 && wait_for_calls(PATIENCE) {
            thread::sleep(SETTLING);
        }
    }
    // SAFETY: the handler uses atomics and sleeps.
    unsafe { libc::atexit(at_exit) };
}

#[cfg(unix)]
fn watch() {
    extern "C" fn in_child() {
        FORKED.store(true, Ordering::Relaxed);
        // They are the parent's.
        CALLS.store(0, Ordering::SeqCst);
    }
    // SAFETY: the handler stores to atomics and does nothing else.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    watch_end();
}

#[cfg(not(unix))]
pub(super) fn watch_end() {}

#[cfg(not(unix))]
fn watch() {}
