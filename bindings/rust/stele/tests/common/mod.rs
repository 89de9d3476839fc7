//! Where the models of the tests are, and copies of them to damage.

#![allow(dead_code)] // Each test file is a program of its own and uses a part.

pub(crate) mod contract;
pub(crate) mod values;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The zoo's handwritten digits: `image` FP32 [?,8,8,1] to `probabilities`.
pub(crate) fn digits() -> PathBuf {
    model("STELE_MODELS", "digits/saved_model")
}

/// The zoo's torture of dtypes and ranks.
pub(crate) fn dtypes() -> PathBuf {
    model("STELE_MODELS", "dtypes/saved_model")
}

/// Signatures that share and keep memory.
pub(crate) fn state() -> PathBuf {
    model("STELE_ODD_MODELS", "state")
}

/// A signature with a sparse input, under the tags `serve` and `first`.
pub(crate) fn sparse() -> PathBuf {
    model("STELE_ODD_MODELS", "sparse")
}

/// A call that waits for another call.
pub(crate) fn queue() -> PathBuf {
    model("STELE_ODD_MODELS", "queue")
}

/// A call whose time grows with its rows of 128 FP32.
pub(crate) fn busy() -> PathBuf {
    model("STELE_ODD_MODELS", "busy")
}

/// `y = x * scale`, whose `scale` has a default; its TensorInfos have no shapes.
pub(crate) fn defaults() -> PathBuf {
    model("STELE_ODD_MODELS", "defaults")
}

fn model(variable: &str, name: &str) -> PathBuf {
    let folder = env::var_os(variable).expect("the Makefile and .cargo/config.toml set it");
    let path = PathBuf::from(folder).join(name);
    assert!(path.is_dir(), "{} is missing: run `make test`", path.display());
    path
}

/// An image for `digits`, different for each seed.
pub(crate) fn image(seed: usize) -> Vec<f32> {
    (0..64).map(|index| ((index * 7 + seed * 13) % 17) as f32).collect()
}

/// A copy of a model, to be damaged.
pub(crate) struct Copy {
    folder: TempDir,
}

impl Copy {
    pub(crate) fn of(model: &Path) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        copy(model, folder.path());
        Copy { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Keeps the first half of a file.
    pub(crate) fn truncate(&self, name: &str) {
        let bytes = fs::read(self.file(name)).unwrap();
        fs::write(self.file(name), &bytes[..bytes.len() / 2]).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        let path = self.file(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
