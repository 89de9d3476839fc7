//! Where libtensorflow is. TensorFlow's wheel is the C library: finding it takes
//! no import of TensorFlow, which costs seconds.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Code, Error, Result};
use crate::sys::Api;

/// The variable that names the library's folder or file.
pub(crate) const VARIABLE: &str = "STELE_LIBTENSORFLOW";

/// File names in the order of preference: the wheel's, then the C library's own.
#[cfg(not(target_os = "macos"))]
const FILES: [&str; 3] = ["libtensorflow_cc.so.2", "libtensorflow.so.2", "libtensorflow.so"];
#[cfg(target_os = "macos")]
const FILES: [&str; 3] =
    ["libtensorflow_cc.2.dylib", "libtensorflow.2.dylib", "libtensorflow.dylib"];

/// Variables that an activated Python environment sets.
const ENVIRONMENTS: [&str; 2] = ["VIRTUAL_ENV", "CONDA_PREFIX"];

/// Prints the folders of the package, without importing it. The first entry of
/// the path is the working directory, where a `tensorflow` would be another.
const ASK: &str = "import sys; sys.path.pop(0)
from importlib.util import find_spec
spec = find_spec('tensorflow')
print(*(spec.submodule_search_locations if spec else ()), sep='\\n')";

/// Loads a library from where the caller says: a folder or a file.
pub(crate) fn load_from(path: &Path) -> Result<&'static Api> {
    let file = in_place(path).ok_or_else(|| Error::Library {
        code: Code::NotFound,
        message: format!("no libtensorflow at \"{}\": {}", path.display(), absent(path)),
    })?;
    let api = Api::load(file.as_os_str())?;
    if Path::new(api.name()) == file {
        return Ok(api);
    }
    Err(Error::Library {
        code: Code::FailedPrecondition,
        message: format!(
            "this process has loaded \"{}\" and cannot load \"{}\" beside it",
            api.name().display(),
            file.display()
        ),
    })
}

/// Loads the library of this process, or the first of: the environment variable,
/// the active Python environment, the system.
pub(crate) fn load() -> Result<&'static Api> {
    if let Some(api) = Api::loaded() {
        return Ok(api);
    }
    let mut tried = Vec::new();
    match candidate(&mut tried, |name| env::var_os(name).filter(|value| !value.is_empty()))? {
        Some(file) => Api::load(file.as_os_str()),
        None => from_system(&mut tried).ok_or_else(|| not_found(&tried)),
    }
}

/// A file from the environment; notes in `tried` what was looked at.
fn candidate(
    tried: &mut Vec<String>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<PathBuf>> {
    match variable(VARIABLE) {
        Some(path) => {
            let path = PathBuf::from(path);
            let file = in_place(&path);
            // Set and wrong is a mistake to report, not one to work around.
            tried.push(format!("{VARIABLE}={}: {}", path.display(), absent(&path)));
            return file.map(Some).ok_or_else(|| not_found(tried));
        }
        None => tried.push(format!("{VARIABLE}: not set")),
    }
    for name in ENVIRONMENTS {
        let Some(prefix) = variable(name) else {
            tried.push(format!("{name}: not set"));
            continue;
        };
        let packages = site_packages(Path::new(&prefix));
        if let Some(file) = packages.iter().find_map(|folder| in_place(&folder.join("tensorflow")))
        {
            return Ok(Some(file));
        }
        let prefix = prefix.display().to_string();
        tried.push(format!("{name}={prefix}: no tensorflow wheel in its site-packages"));
    }
    for python in ["python3", "python"] {
        match ask(python, variable("PATH")) {
            Ok(folders) => {
                if let Some(file) = folders.iter().find_map(|folder| in_place(folder)) {
                    return Ok(Some(file));
                }
                tried.push(format!("{python} on PATH: has no tensorflow wheel"));
            }
            Err(why) => tried.push(format!("{python} on PATH: {why}")),
        }
    }
    Ok(None)
}

/// The library at a path that is it or holds it. The result is the file itself
/// and no link to it: its neighbour, libtensorflow_framework, is found from there.
fn in_place(path: &Path) -> Option<PathBuf> {
    let file = if path.is_dir() {
        FILES.iter().map(|name| path.join(name)).find(|file| file.is_file())?
    } else {
        path.to_path_buf()
    };
    fs::canonicalize(file).ok()
}

fn absent(path: &Path) -> String {
    if path.is_dir() {
        format!("holds none of {}", FILES.join(", "))
    } else {
        "no such file or folder".to_string()
    }
}

/// The folders of an environment where packages are.
fn site_packages(prefix: &Path) -> Vec<PathBuf> {
    let libraries = ["lib", "lib64"].map(|lib| prefix.join(lib));
    let versions = libraries.iter().filter_map(|lib| fs::read_dir(lib).ok()).flatten().flatten();
    let mut folders: Vec<_> = versions
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"python3"))
        .map(|entry| entry.path().join("site-packages"))
        .collect();
    folders.sort();
    folders
}

/// The folders of the tensorflow package that a Python interpreter would import.
fn ask(python: &str, path: Option<OsString>) -> std::result::Result<Vec<PathBuf>, String> {
    let mut command = Command::new(python);
    command.args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null());
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("failed, {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from).collect())
}

fn from_system(tried: &mut Vec<String>) -> Option<&'static Api> {
    for name in FILES {
        match Api::load(OsStr::new(name)) {
            Ok(api) => return Some(api),
            Err(error) => tried.push(format!("the system's loader: {}", error.message())),
        }
    }
    None
}

fn not_found(tried: &[String]) -> Error {
    Error::Library {
        code: Code::NotFound,
        message: format!(
            "libtensorflow was not found. Tried:\n  {}\nInstall TensorFlow's wheel (`pip install \
             tensorflow-cpu`), or set {VARIABLE} to the folder that holds {}.",
            tried.join("\n  "),
            FILES[0]
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tempfile::TempDir;

    fn folder_with(file: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        let file = fs::canonicalize(file).unwrap();
        (folder, file)
    }

    fn find(variables: &[(&str, &Path)]) -> (Result<Option<PathBuf>>, Vec<String>) {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        let mut tried = Vec::new();
        // No interpreter on this PATH, unless a test says so.
        let nowhere = Path::new("/nonexistent");
        let library = candidate(&mut tried, |name| {
            let default = (name == "PATH").then_some(nowhere);
            variables.get(name).copied().or(default).map(|path| path.as_os_str().to_owned())
        });
        (library, tried)
    }

    #[test]
    fn the_variable_comes_before_the_python_environment() {
        let (named, file) = folder_with(FILES[1]);
        let (environment, wheel) =
            folder_with(&format!("lib/python3.99/site-packages/tensorflow/{}", FILES[0]));
        let both = [(VARIABLE, named.path()), ("VIRTUAL_ENV", environment.path())];
        assert_eq!(find(&both).0, Ok(Some(file.clone())));
        assert_eq!(find(&both[1..]).0, Ok(Some(wheel)));
        assert_eq!(find(&[(VARIABLE, &file)]).0, Ok(Some(file)));
    }

    #[test]
    fn a_wrong_variable_is_an_error_of_its_own() {
        let empty = tempfile::tempdir().unwrap();
        let error = find(&[(VARIABLE, empty.path())]).0.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        assert!(error.message().contains(&*empty.path().to_string_lossy()), "{error}");
        assert!(error.message().contains(FILES[0]), "{error}");
    }

    #[test]
    fn nothing_found_lists_what_was_tried() {
        let empty = tempfile::tempdir().unwrap();
        let (library, tried) = find(&[("CONDA_PREFIX", empty.path())]);
        assert_eq!(library, Ok(None));
        let message = not_found(&tried).to_string();
        for part in
            [VARIABLE, "VIRTUAL_ENV: not set", "CONDA_PREFIX=", "python3 on PATH", "pip install"]
        {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_python_on_the_path_is_asked() {
        use std::os::unix::fs::PermissionsExt;
        let (wheel, file) = folder_with(&format!("tensorflow/{}", FILES[0]));
        let python = wheel.path().join("python3");
        let script = format!("#!/bin/sh\necho {}\n", wheel.path().join("tensorflow").display());
        fs::write(&python, script).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find(&[("PATH", wheel.path())]).0, Ok(Some(file)));
    }
}
