//! Loading: what is found, and every damaged model with its code and culprit.

mod common;

use std::fs;

use common::{Copy, digits, sparse};
use stele::{Code, Error, Library, Model, Profile, SavedModel};

const VARIABLES: &str = "variables/variables.data-00000-of-00001";
const INDEX: &str = "variables/variables.index";

fn refusal(dir: impl AsRef<std::path::Path>) -> Error {
    Model::load(dir).err().expect("a refusal")
}

#[test]
fn the_signatures_are_those_on_disk() {
    let model = Model::load(digits()).unwrap();
    let read = SavedModel::read(digits()).unwrap();
    assert_eq!(model.signatures(), &read.signatures(["serve"]).unwrap());
    assert_eq!(read.tags().collect::<Vec<_>>(), [["serve"].into()]);
    assert!(model.signatures().iter().all(|found| !found.name.starts_with("__saved_model_")));
    let serving = model.signatures().named("serving_default").unwrap();
    assert_eq!(serving.inputs[0].to_string(), "image FP32 [?,8,8,1]");
    assert_eq!(serving.outputs[0].to_string(), "probabilities FP32 [?,10]");
}

#[test]
fn a_missing_model_is_not_found() {
    let copy = Copy::of(&digits());
    let nowhere = copy.file("nowhere");
    let file = copy.file("saved_model.pb");
    for path in [nowhere, file, copy.file("assets"), copy.file(INDEX).join("below")] {
        let error = refusal(&path);
        assert_eq!(error.code(), Code::NotFound, "{error}");
        assert!(error.message().contains(&*path.to_string_lossy()), "{error}");
    }
}

#[test]
fn a_damaged_graph_is_data_loss() {
    let copy = Copy::of(&digits());
    let file = copy.file("saved_model.pb");
    let whole = fs::read(&file).unwrap();
    let cut = &whole[..whole.len() / 2];
    for bytes in [cut, &whole[..whole.len() - 1], b"", b"\x08\x01", b"# a text", &[0xff; 64]] {
        fs::write(&file, bytes).unwrap();
        let error = refusal(copy.path());
        assert_eq!(error.code(), Code::DataLoss, "{} bytes: {error}", bytes.len());
        assert!(error.message().contains(&*file.to_string_lossy()), "{error}");
    }
}

#[test]
fn missing_variables_are_not_found() {
    for missing in ["variables", INDEX, VARIABLES] {
        let copy = Copy::of(&digits());
        copy.remove(missing);
        let error = refusal(copy.path());
        assert_eq!(error.code(), Code::NotFound, "{missing}: {error}");
        assert!(error.message().contains(&*copy.path().to_string_lossy()), "{missing}: {error}");
    }
}

#[test]
fn damaged_variables_are_data_loss() {
    for damaged in [INDEX, VARIABLES] {
        let copy = Copy::of(&digits());
        copy.truncate(damaged);
        let error = refusal(copy.path());
        assert_eq!(error.code(), Code::DataLoss, "{damaged}: {error}");
    }
}

#[test]
fn tags_are_a_set_and_must_be_all() {
    let tagged = |tags: &[&str]| Model::builder().tags(tags.iter().copied()).load(sparse());
    assert!(tagged(&["first", "serve"]).is_ok());
    assert!(tagged(&["serve", "first", "serve"]).is_ok());
    for tags in [&["serve"][..], &[], &["serve", "first", "more"], &["se\0rve"]] {
        let error = tagged(tags).err().expect("a refusal");
        assert_eq!(error.code(), Code::NotFound, "{tags:?}: {error}");
        assert!(matches!(error, Error::Tags(_)), "{error}");
        assert!(error.message().contains("{first,serve}"), "{error}");
    }
}

#[test]
fn a_config_is_a_config_proto() {
    for profile in Profile::ALL {
        assert!(Model::builder().profile(profile).load(digits()).is_ok(), "{profile}");
    }
    let error = Model::builder().config([0xff, 0xff]).load(digits()).err().expect("a refusal");
    assert!(matches!(error, Error::Config(_)), "{error}");
    assert!(error.message().contains("ffff"), "{error}");
}

#[test]
fn a_process_has_one_library() {
    let library = Library::find().unwrap();
    assert!(library.version().starts_with("2."), "{library:?} {}", library.version());
    assert_eq!(Library::loaded().map(|loaded| loaded.path()), Some(library.path()));
    let again = Library::open(library.path().parent().unwrap()).unwrap();
    assert_eq!(again.path(), library.path());

    let elsewhere = tempfile::tempdir().unwrap();
    let other = elsewhere.path().join("libtensorflow.so");
    let builder = || Model::builder().library(elsewhere.path());
    let error = builder().load(digits()).err().expect("a refusal");
    assert_eq!(error.code(), Code::NotFound, "{error}");
    fs::write(&other, "no library").unwrap();
    let error = builder().load(digits()).err().expect("a refusal");
    assert_eq!(error.code(), Code::FailedPrecondition, "{error}");
    assert!(error.message().contains(&*other.to_string_lossy()), "{error}");
}
