//! The end of the interpreter, with threads in calls.
//!
//! From its end on, Python ends a thread that asks for its lock in the middle of
//! whatever that is in, and Rust aborts the process when that is a frame of its own.
//! So no thread may be in one then: those that are inside are waited for, those that
//! come back from TensorFlow later sleep until the process is gone.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use stele::{Code, Library};

use crate::errors::refuse;

/// How long the end of the interpreter waits for runs in daemon threads.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it looks whether there are any.
const PAUSE: Duration = Duration::from_millis(1);

/// The interpreter is at its end: nobody enters any more.
static OVER: AtomicBool = AtomicBool::new(false);

/// Threads in this module that have Python's lock, or are about to take it.
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// A thread in this module, for the length of a call.
pub(crate) struct Inside(());

impl Inside {
    /// # Errors
    /// `CANCELLED` at the end of the interpreter.
    pub(crate) fn enter(py: Python<'_>) -> PyResult<Inside> {
        // Counted first: whoever ends the interpreter looks at the count last.
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(());
        if OVER.load(Ordering::SeqCst) {
            return Err(refuse(py, Code::Cancelled, "this process is ending"));
        }
        Ok(inside)
    }

    /// Does work without Python's lock, and without being waited for here.
    pub(crate) fn detach<T: Send>(&self, py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
        py.detach(|| {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
            let value = work();
            INSIDE.fetch_add(1, Ordering::SeqCst);
            if OVER.load(Ordering::SeqCst) {
                INSIDE.fetch_sub(1, Ordering::SeqCst);
                loop {
                    thread::park();
                }
            }
            value
        })
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Wait until no thread is in TensorFlow, ten seconds at most.
///
/// Called at the end of the interpreter, after which nobody can wait in order.
#[pyfunction]
pub(crate) fn _wait_for_calls(py: Python<'_>) {
    py.detach(|| {
        Library::wait_for_calls(PATIENCE);
        OVER.store(true, Ordering::SeqCst);
        let until = Instant::now() + PATIENCE;
        while INSIDE.load(Ordering::SeqCst) > 0 && Instant::now() < until {
            thread::sleep(PAUSE);
        }
    });
}
