//! The crate's tables, held against those of the contract in `bindings/contract`.

mod common;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::contract::table;
use stele::{Code, DType, Profile, SavedModel};

const DATA: &str = "variables/variables.data-00000-of-00001";
const INDEX: &str = "variables/variables.index";
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";

#[test]
fn codes() {
    for row in table("codes.tsv", &["number", "name"]) {
        let number: i32 = row[0].parse().unwrap();
        if number > 0 {
            let code = Code::from_number(number);
            assert_eq!((code.number(), code.name()), (number, &*row[1]));
        }
    }
}

macro_rules! errno {
    ($name:expr, $($known:ident)*) => {
        match $name {
            $(stringify!($known) => libc::$known,)*
            other => panic!("errors.tsv: {other} is unknown here"),
        }
    };
}

fn number(name: &str) -> i32 {
    errno!(name, ENOENT ENODEV ENXIO ESRCH EEXIST EACCES EPERM EROFS EISDIR ENOTDIR ENOTEMPTY
        EBADF EBUSY EPIPE ETXTBSY ENOSPC EDQUOT EMFILE ENFILE EMLINK ENOMEM ENOBUFS EINVAL
        ENAMETOOLONG E2BIG EILSEQ ESPIPE ENOTTY EFBIG EOVERFLOW ERANGE ENOSYS ENOTSUP EXDEV
        EAGAIN EINTR ECONNREFUSED ECONNRESET ECONNABORTED EHOSTUNREACH ENETUNREACH ENETDOWN
        EDEADLK ESTALE ETIMEDOUT ECANCELED)
}

#[test]
fn errors() {
    let rows = table("errors.tsv", &["errno", "code"]);
    for row in &rows {
        let error = io::Error::from_raw_os_error(number(&row[0]));
        assert_eq!(Code::from(&error).name(), row[1], "{}", row[0]);
    }
    let known: Vec<i32> = rows.iter().map(|row| number(&row[0])).collect();
    for other in (1..=133).filter(|other| !known.contains(other)) {
        let error = io::Error::from_raw_os_error(other);
        assert_eq!(Code::from(&error), Code::Unknown, "{error}");
    }
}

#[test]
fn dtypes() {
    let rows = table("dtypes.tsv", &["name", "number", "size", "kind"]);
    assert_eq!(rows.len(), DType::all().count());
    for row in rows {
        let dtype = DType::from_name(&row[0]).unwrap();
        assert_eq!(dtype.number().to_string(), row[1], "{dtype}");
        assert_eq!(dtype.size().unwrap_or(0).to_string(), row[2], "{dtype}");
        assert_eq!(dtype == DType::Bytes, row[3] == "bytes", "{dtype}");
    }
}

#[test]
fn profiles() {
    let rows = table("profiles.tsv", &["name", "config", "meaning"]);
    assert_eq!(rows.len(), Profile::ALL.len());
    for row in rows {
        let profile: Profile = row[0].parse().unwrap();
        let hex: String = profile.config().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, row[1], "{profile}");
    }
    let error = "fast".parse::<Profile>().unwrap_err();
    let names = "\"default\", \"inline\", \"python\", \"single\"";
    assert_eq!(error.message(), format!("no profile \"fast\"; there are {names}"));
}

/// A SavedModel of one graph, tagged `serve`, whose variables are saved.
fn write(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder.join("variables")).unwrap();
    // meta_graphs { meta_info_def { tags: "serve" } saver_def { … } }
    let graph = b"\x12\x0d\x0a\x07\x22\x05serve\x1a\x02\x0a\x00";
    fs::write(folder.join("saved_model.pb"), graph).unwrap();
    fs::write(folder.join(INDEX), "index").unwrap();
    fs::write(folder.join(DATA), "data").unwrap();
    folder.to_path_buf()
}

fn fifo(file: &Path) {
    fs::remove_file(file).unwrap();
    assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
}

/// What a row gives, made below `folder`.
fn make(given: &str, folder: &Path) -> PathBuf {
    let path = folder.join(given);
    match given {
        "missing" => {}
        "file" | "model.keras" | "model.h5" | "model.hdf5" | "model.tflite" => {
            fs::write(&path, "").unwrap();
        }
        "empty-folder" => fs::create_dir(&path).unwrap(),
        "saved_model.pb" => return write(&folder.join("model")).join(given),
        "versions" => ["2", "10"].into_iter().for_each(|version| {
            write(&path.join(version));
        }),
        "pbtxt" => {
            fs::create_dir(&path).unwrap();
            fs::write(path.join("saved_model.pbtxt"), "").unwrap();
        }
        "lfs-pointer" => fs::write(write(&path).join("saved_model.pb"), POINTER).unwrap(),
        "lfs-pointer-index" => fs::write(write(&path).join(INDEX), POINTER).unwrap(),
        "lfs-pointer-data" => fs::write(write(&path).join(DATA), POINTER).unwrap(),
        "fifo" => fifo(&write(&path).join("saved_model.pb")),
        "fifo-index" => fifo(&write(&path).join(INDEX)),
        "endless" => {
            let file = write(&path).join("saved_model.pb");
            File::options().write(true).open(file).unwrap().set_len(3 << 30).unwrap();
        }
        url if url.contains("://") => return PathBuf::from(url),
        other => panic!("wrong_models.tsv: nobody makes {other}"),
    }
    path
}

#[test]
fn wrong_models() {
    for row in table("wrong_models.tsv", &["given", "code", "message"]) {
        let folder = tempfile::tempdir().unwrap();
        let path = make(&row[0], folder.path());
        let read = SavedModel::read(&path).and_then(|model| model.signatures(["serve"]));
        let error = read.err().unwrap_or_else(|| panic!("{}: read", row[0]));
        let around = path.parent().unwrap_or(Path::new("")).display().to_string();
        let message = row[2].replace("{path}", &path.display().to_string());
        assert_eq!(error.code().name(), row[1], "{error}");
        assert_eq!(error.message(), message.replace("{folder}", &around));
    }
}

#[test]
fn a_file_url_is_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let model = write(&folder.path().join("model"));
    let read = SavedModel::read(format!("file://{}", model.display())).unwrap();
    assert!(read.signatures(["serve"]).unwrap().is_empty());
}
