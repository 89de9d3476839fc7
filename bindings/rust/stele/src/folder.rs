//! The files of a SavedModel, and what is said of what people give in its place:
//! the contract's `wrong_models.tsv` holds every binding to these answers.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};
use crate::names;

const MODEL: &str = "saved_model.pb";
const TEXT: &str = "saved_model.pbtxt";
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";
const URLS: [&str; 5] = ["gs://", "s3://", "hdfs://", "http://", "https://"];

/// protobuf's own limit for a message, in bytes.
const MOST: u64 = (1 << 31) - 1;

/// A path without the `file://` that TensorFlow's own tools put in front.
pub(crate) fn local(path: &Path) -> &Path {
    path.to_str().and_then(|text| text.strip_prefix("file://")).map_or(path, Path::new)
}

/// The `saved_model.pb` of a folder: a regular file of a size that can be read.
pub(crate) fn model_file(dir: &Path) -> Result<PathBuf> {
    names::check(&dir.to_string_lossy())?;
    match fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(not_found(no_folder(dir))),
        Err(error) if is_absent(&error) => return Err(not_found(no_path(dir))),
        Err(error) => return Err(Error::file(dir, &error)),
    }
    let file = dir.join(MODEL);
    let Some(size) = whole(&file)? else {
        let text = dir.join(TEXT);
        if text.exists() {
            let (code, text) = (Code::Unimplemented, text.display());
            let message = format!(
                "\"{text}\" is a SavedModel in text form, which cannot be loaded here; load it in \
                 Python and save it again"
            );
            return Err(Error::File { code, message });
        }
        return Err(not_found(no_model(dir)));
    };
    if size > MOST {
        let file = file.display();
        let message = format!("\"{file}\" is larger than 2 GiB, which no SavedModel can be");
        return Err(Error::Corrupt(message));
    }
    Ok(file)
}

/// That the variables of a model are there, as far as TensorFlow itself does not
/// say so: without their index it loads a model without them, in silence.
pub(crate) fn check_variables(dir: &Path) -> Result<()> {
    let folder = dir.join("variables");
    let index = folder.join("variables.index");
    if whole(&index)?.is_none() {
        return Err(not_found(format!("the variables are missing: no \"{}\"", index.display())));
    }
    let entries = fs::read_dir(&folder).map_err(|error| Error::file(&folder, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::file(&folder, &error))?;
        if entry.file_name().as_encoded_bytes().starts_with(b"variables.data-") {
            whole(&entry.path())?;
        }
    }
    Ok(())
}

/// The size of a file in bytes; None if there is none. Opens none but a regular
/// one: a FIFO would block for ever.
fn whole(file: &Path) -> Result<Option<u64>> {
    let metadata = match fs::metadata(file) {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(Error::file(file, &error)),
    };
    if !metadata.is_file() {
        return Err(Error::Corrupt(format!("\"{}\" is not a regular file", file.display())));
    }
    let mut start = Vec::with_capacity(LFS.len());
    let opened = File::open(file).map_err(|error| Error::file(file, &error))?;
    let read = opened.take(LFS.len() as u64).read_to_end(&mut start);
    read.map_err(|error| Error::file(file, &error))?;
    if start == LFS {
        let file = file.display();
        let message = format!("\"{file}\" is a Git LFS pointer, not the file; run: git lfs pull");
        return Err(Error::Corrupt(message));
    }
    Ok(Some(metadata.len()))
}

/// Missing, or below something that is no folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn not_found(message: String) -> Error {
    Error::File { code: Code::NotFound, message }
}

fn no_path(path: &Path) -> String {
    let shown = path.display();
    if URLS.iter().any(|scheme| path.to_str().is_some_and(|text| text.starts_with(scheme))) {
        return format!("\"{shown}\" is a URL; copy the SavedModel folder to this machine first");
    }
    format!("no SavedModel at \"{shown}\": no such folder")
}

fn no_folder(path: &Path) -> String {
    let shown = path.display();
    let folder = path.parent().unwrap_or(Path::new(""));
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("keras" | "h5" | "hdf5") => format!(
            "\"{shown}\" is a Keras model file, not a SavedModel folder; export it in Python: \
             keras.models.load_model(\"{shown}\").export(\"saved_model\")"
        ),
        Some("tflite") => format!("\"{shown}\" is a LiteRT model, not a SavedModel folder"),
        _ if folder.join(MODEL).exists() => format!(
            "\"{shown}\" is a file of a SavedModel; give its folder: \"{}\"",
            folder.display()
        ),
        _ => format!("no SavedModel at \"{shown}\": a file, not a folder"),
    }
}

fn no_model(dir: &Path) -> String {
    let shown = dir.display();
    let names = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let versions = names.filter_map(|name| {
        let name = name.into_string().ok()?;
        let digits = name.bytes().all(|byte| byte.is_ascii_digit());
        let version = name.parse::<u64>().ok().filter(|_| digits)?;
        dir.join(&name).join(MODEL).exists().then_some((version, name))
    });
    match versions.max() {
        Some((_, newest)) => format!(
            "\"{shown}\" is a folder of versions; give one of them, such as \"{}\"",
            dir.join(newest).display()
        ),
        None => format!("no SavedModel at \"{shown}\": no saved_model.pb in it"),
    }
}
