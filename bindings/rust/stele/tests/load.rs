//! Loading: what is found, and every damaged model with its code and culprit.

mod common;

use std::fs;

use common::{Copy, defaults, digits, sparse};
use stele::{Code, Error, Library, Model, Profile, SavedModel, Tensor};

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
    assert!(
        model.signatures().iter().all(|signature| !signature.name.starts_with("__saved_model_"))
    );
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
    for tags in [&["serve"][..], &[], &["serve", "first", "more"]] {
        let error = tagged(tags).err().expect("a refusal");
        assert_eq!(error.code(), Code::NotFound, "{tags:?}: {error}");
        assert!(matches!(error, Error::Tags(_)), "{error}");
        assert!(error.message().contains("{first,serve}"), "{error}");
    }
}

#[test]
fn nothing_has_a_nul_in_its_name() {
    let message = |error: Option<Error>| error.map(|error| error.to_string());
    let with = |name| Some(format!("INVALID_ARGUMENT: a name or path holds a NUL: \"{name}\""));
    assert_eq!(message(Model::load("se\0rve").err()), with("se\\0rve"));
    let tagged = Model::builder().tags(["se\0rve"]).load(digits());
    assert_eq!(message(tagged.err()), with("se\\0rve"));
    let model = Model::load(digits()).unwrap();
    assert_eq!(message(model.runner("\0").err()), with("\\0"));
}

#[test]
fn what_a_signature_leaves_out_is_known() {
    let read = SavedModel::read(defaults()).unwrap().signatures(["serve"]).unwrap();
    let model = Model::load(defaults()).unwrap();
    for signatures in [&read, model.signatures()] {
        let [scale, x] = &*signatures.named("serving_default").unwrap().inputs else {
            panic!("{signatures:?}");
        };
        assert_eq!(
            (scale.to_string(), x.to_string()),
            ("scale FP32 []".into(), "x FP32 [?,2]".into())
        );
        assert_eq!(scale.default, Some(Tensor::new([], &[2f32]).unwrap()));
        assert_eq!(x.default, None);
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
