//! The thread that a connection works on.

use std::io;
use std::sync::mpsc;

use tokio::runtime::{Builder, EnterGuard};

/// A tokio runtime of one thread, which may be waited for and dropped anywhere:
/// tokio's own ways to do that panic inside of another runtime.
pub(super) struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    pub(super) fn new() -> io::Result<Runtime> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("stele-remote").enable_all();
        builder.build().map(|runtime| Runtime(Some(runtime)))
    }

    /// For what must be made inside of the runtime.
    pub(super) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(tokio::runtime::Runtime::enter)
    }

    /// Blocks until a future is done; `None` if it panicked.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.0.as_ref()?.spawn(async move { sender.send(future.await) });
        receiver.recv().ok()
    }

    /// Runs a future here and not where it is awaited; `None` if it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.0.as_ref()?.spawn(future).await.ok()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
