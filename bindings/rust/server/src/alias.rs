//! A folder under a name that another one has later.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::refusal::Refusal;

/// Another path of a folder, until this is dropped. TensorFlow counts loads by path, for
/// its metrics, and forgets none of the paths: of a version that is never to be loaded
/// again, a few pages of memory would remain, for as long as the server runs.
pub(crate) struct Alias {
    folder: PathBuf,
    path: PathBuf,
    /// The path ends with its number.
    _open: Option<File>,
}

impl Alias {
    /// One below /proc; the folder's own path where there is none.
    pub(crate) fn of(folder: &Path) -> Alias {
        let open = folder.is_dir().then(|| File::open(folder).ok()).flatten();
        let path = open.as_ref().and_then(below_proc).unwrap_or_else(|| folder.to_path_buf());
        Alias { folder: folder.to_path_buf(), path, _open: open }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The error with the folder's own path in its message.
    pub(crate) fn explained(&self, error: impl Into<Refusal>) -> Refusal {
        let refusal = error.into();
        let (path, folder) = (self.path.to_string_lossy(), self.folder.to_string_lossy());
        Refusal::new(refusal.code, refusal.message.replace(&*path, &folder))
    }
}

#[cfg(target_os = "linux")]
fn below_proc(folder: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let path = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    path.is_dir().then_some(path)
}

#[cfg(not(target_os = "linux"))]
fn below_proc(_folder: &File) -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use stele::Code;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_has_another_name() {
        let folder = std::env::temp_dir();
        let alias = Alias::of(&folder);
        assert!(alias.path().starts_with("/proc/self/fd"));
        assert_eq!(alias.path().canonicalize().ok(), folder.canonicalize().ok());
    }

    #[test]
    fn messages_have_the_folder() {
        let folder = std::env::temp_dir();
        let alias = Alias::of(&folder);
        let error = Refusal::new(Code::NotFound, format!("\"{}\"", alias.path().display()));
        assert_eq!(alias.explained(error).message, format!("\"{}\"", folder.display()));
    }

    #[test]
    fn what_is_no_folder_keeps_its_path() {
        assert_eq!(Alias::of(Path::new("not there")).path(), Path::new("not there"));
    }
}
