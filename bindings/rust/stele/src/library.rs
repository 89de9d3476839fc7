//! The libtensorflow of the process.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::locate;
use crate::sys::{self, Api};

/// libtensorflow, loaded. A process has one, and keeps it.
///
/// [`Model::load`](crate::Model::load) finds it by itself; this is for those who
/// want to choose it, to load it early (it takes half a second), or to know its
/// version.
#[derive(Clone, Copy)]
pub struct Library {
    pub(crate) api: &'static Api,
}

impl Library {
    /// Loads it from a folder or a file.
    ///
    /// # Errors
    /// [`Error::Library`](crate::Error::Library): `NOT_FOUND` if it is not
    /// there; `FAILED_PRECONDITION` if it cannot be loaded, or if this process
    /// has already loaded another.
    pub fn open(path: impl AsRef<Path>) -> Result<Library> {
        locate::load_from(path.as_ref()).map(|api| Library { api })
    }

    /// Loads the first that is found: the one that this process has, the folder
    /// or file in the environment variable `STELE_LIBTENSORFLOW`, the wheel of
    /// the active Python environment, the system's.
    ///
    /// # Errors
    /// [`Error::Library`](crate::Error::Library) lists everything that was
    /// tried, and says what to do.
    pub fn find() -> Result<Library> {
        locate::load().map(|api| Library { api })
    }

    /// The one that this process has loaded by this crate, if any.
    pub fn loaded() -> Option<Library> {
        Api::loaded().map(|api| Library { api })
    }

    /// Waits until no load or run of this process is under way, at most this long;
    /// whether that came. The end of a process waits so for ten seconds: it takes
    /// TensorFlow apart, and with it whatever other threads are in the middle of.
    pub fn wait_for_calls(limit: Duration) -> bool {
        sys::wait_for_calls(limit)
    }

    /// TensorFlow's version, such as `2.21.0`.
    pub fn version(&self) -> String {
        self.api.version()
    }

    /// The file, or its bare name if the system found it.
    pub fn path(&self) -> &'static Path {
        Path::new(self.api.name())
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Library({:?})", self.path())
    }
}
