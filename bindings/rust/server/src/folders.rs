//! What a model's folder holds: one SavedModel, or a numbered folder for each version.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use stele::Error;

const MODEL: &str = "saved_model.pb";

/// What changes when a SavedModel's files do: paths, sizes, times.
pub(crate) type Fingerprint = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The numbered SavedModels of a folder.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    /// By number.
    pub(crate) folders: BTreeMap<i64, PathBuf>,
    /// Folders that have the number of another, as `00002` has that of `2`.
    pub(crate) doubles: Vec<PathBuf>,
}

/// As the crate takes paths: `file://` may stand before one.
pub(crate) fn local(folder: &Path) -> &Path {
    folder.to_str().and_then(|text| text.strip_prefix("file://")).map_or(folder, Path::new)
}

/// Whether a folder is a SavedModel, whatever else it holds.
pub(crate) fn is_saved_model(folder: &Path) -> bool {
    folder.join(MODEL).exists()
}

/// The numbered SavedModels below a folder; of two with one number, the one whose name
/// is written as numbers are.
///
/// # Errors
/// The folder is there and cannot be read.
pub(crate) fn versions(folder: &Path) -> Result<Versions, Error> {
    let mut found = Versions::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(found),
        Err(error) => return Err(Error::file(folder, &error)),
    };
    let mut names: Vec<_> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    // `2` comes before `00002`.
    names.sort_by_key(|name| (name.len(), name.clone()));
    for name in names {
        let path = folder.join(&name);
        let Some(number) = number(&name).filter(|_| is_saved_model(&path)) else { continue };
        match found.folders.entry(number) {
            Entry::Vacant(vacant) => {
                vacant.insert(path);
            }
            Entry::Occupied(_) => found.doubles.push(path),
        }
    }
    Ok(found)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A version is an int64 on the wire.
fn number(name: &str) -> Option<i64> {
    let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    name.parse().ok().filter(|_| digits)
}

/// The fingerprint of everything below a folder.
pub(crate) fn fingerprint(folder: &Path) -> Fingerprint {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(status) = fs::metadata(entry.path()) else { continue };
            // A link to a folder could lead in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
            let size = if status.is_dir() { 0 } else { status.len() };
            found.push((entry.path(), size, status.modified().ok()));
        }
    }
    found.sort();
    found
}

/// What a model is called if nobody said: its folder, or the one above.
///
/// `digits`, `digits/saved_model` and `digits/3` are all called digits.
pub(crate) fn model_name(folder: &Path) -> String {
    let path = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    let path = path.unwrap_or_else(|_| folder.to_path_buf());
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let own = name(&path).unwrap_or_default();
    if own == "saved_model" || number(&own).is_some() {
        return path.parent().and_then(name).unwrap_or_default();
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(folder: &Path, name: &str) {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join(MODEL), "").unwrap();
    }

    #[test]
    fn versions_are_numbers_and_one_number_is_one_version() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["00002", "2", "10", "x3", "9223372036854775808"] {
            add(folder.path(), name);
        }
        fs::create_dir(folder.path().join("11")).unwrap(); // Without a SavedModel.
        let found = versions(folder.path()).unwrap();
        let folders: Vec<_> = found.folders.into_iter().collect();
        assert_eq!(folders, [(2, folder.path().join("2")), (10, folder.path().join("10"))]);
        assert_eq!(found.doubles, [folder.path().join("00002")]);
        assert!(versions(&folder.path().join("missing")).unwrap().folders.is_empty());
    }

    #[test]
    fn a_changed_file_changes_the_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        add(folder.path(), "1");
        let before = fingerprint(folder.path());
        assert_eq!(fingerprint(folder.path()), before);
        fs::write(folder.path().join("1").join(MODEL), "more").unwrap();
        assert_ne!(fingerprint(folder.path()), before);
    }

    #[test]
    fn names_of_models() {
        for path in ["a/digits", "a/digits/saved_model", "a/digits/12"] {
            assert_eq!(model_name(Path::new(path)), "digits");
        }
    }
}
