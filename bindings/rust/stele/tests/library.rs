//! A file that is no libtensorflow: alone in its process, which has loaded none.

use std::fs;

use stele::{Code, Library};

#[test]
fn a_library_that_is_none_is_refused_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("libtensorflow.so.2");
    fs::write(&file, "no library").unwrap();
    let error = Library::open(folder.path()).unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition, "{error}");
    assert!(error.message().contains(&*file.to_string_lossy()), "{error}");
    assert!(Library::loaded().is_none());
    assert!(Library::find().is_ok());
}
