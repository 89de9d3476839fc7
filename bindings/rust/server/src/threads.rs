//! On which threads models run.
//!
//! To hand a run to another thread and its answer back are two wake-ups, which may take
//! longer than a small model. So a signature that has turned out quick runs on the
//! threads that serve connections. Of these there is always one more than may run models:
//! a run that is long for once holds up neither other calls nor its own deadline.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, Thread, available_parallelism};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::version::Prepared;

/// A run that takes longer is not quick.
const QUICK: Duration = Duration::from_millis(5);

/// From so many points on, of which a quick run brings one, a signature is quick.
const TRUSTED: u32 = 32;

/// How many serve connections: one for each core, and one that runs no models.
pub(crate) fn serving() -> usize {
    1 + cores()
}

fn cores() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// Where models run. Clones share the threads.
#[derive(Clone)]
pub(crate) struct Threads {
    own: Arc<Own>,
}

/// The threads that serve connections, as far as they run models.
struct Own {
    cores: usize,
    free: Arc<Semaphore>,
    watch: OnceLock<Option<Thread>>,
    watched: AtomicBool,
}

impl Threads {
    pub(crate) fn new() -> Threads {
        let (cores, watched) = (cores(), AtomicBool::new(false));
        let free = Arc::new(Semaphore::new(cores));
        Threads { own: Arc::new(Own { cores, free, watch: OnceLock::new(), watched }) }
    }

    /// Runs what runs a signature. Whoever waits for it may stop; it runs to its end.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        prepared: Arc<Prepared>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let quick = prepared.pace.is_quick();
        let timed = move || {
            let started = Instant::now();
            let result = work();
            prepared.pace.took(started.elapsed());
            result
        };
        match quick.then(|| self.own.take()).flatten() {
            // A task of its own is not stopped by the deadline of the call.
            Some(thread) => tokio::spawn(async move {
                let _thread = thread;
                timed()
            }),
            None => spawn_blocking(timed),
        }
    }
}

impl Own {
    /// A thread to run a model, until what is returned is dropped; `None` if no more may.
    fn take(self: &Arc<Own>) -> Option<OwnedSemaphorePermit> {
        let thread = Arc::clone(&self.free).try_acquire_owned().ok()?;
        self.is_watched().then_some(thread)
    }

    /// Has somebody look, from now on, whether a run takes long; there may be no thread
    /// for that.
    fn is_watched(self: &Arc<Own>) -> bool {
        let watch = self.watch.get_or_init(|| {
            let (own, runtime) = (Arc::downgrade(self), Handle::current());
            let watch = thread::Builder::new().name("stele-watch".into());
            let started = watch.spawn(move || look(&own, &runtime));
            started.ok().map(|handle| handle.thread().clone())
        });
        if let Some(thread) = watch
            && !self.watched.swap(true, Ordering::SeqCst)
        {
            thread.unpark();
        }
        watch.is_some()
    }

    fn is_idle(&self) -> bool {
        self.free.available_permits() == self.cores
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(Some(thread)) = self.watch.get() {
            thread.unpark();
        }
    }
}

/// Wakes another thread while some run models. One of them waits for the network; if that
/// one has begun a run, no other does its work until it is woken by a task.
fn look(own: &Weak<Own>, runtime: &Handle) {
    while let Some(own) = own.upgrade() {
        if !own.is_idle() {
            runtime.spawn(async {});
        } else {
            own.watched.store(false, Ordering::SeqCst);
            // Who has begun since then found the watch awake, or wakes it.
            if own.is_idle() {
                drop(own);
                thread::park();
            }
        }
        thread::sleep(QUICK);
    }
}

/// Whether a signature is quick, as its last runs have it.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    points: AtomicU32,
}

impl Pace {
    fn is_quick(&self) -> bool {
        self.points.load(Ordering::Relaxed) >= TRUSTED
    }

    /// A run took so long. One long run may be the machine's fault, two in a row are not.
    fn took(&self, time: Duration) {
        let after = |points: u32| {
            Some(if time <= QUICK { (points + 1).min(2 * TRUSTED) } else { points / 2 })
        };
        let _ = self.points.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_quick_until_it_is_slow_twice() {
        let pace = Pace::default();
        for _ in 1..TRUSTED {
            pace.took(QUICK);
        }
        assert!(!pace.is_quick());
        for _ in 0..3 * TRUSTED {
            pace.took(QUICK);
        }
        pace.took(QUICK * 2);
        assert!(pace.is_quick());
        pace.took(QUICK * 2);
        assert!(!pace.is_quick());
    }
}
