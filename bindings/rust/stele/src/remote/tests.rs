//! The client against a server that answers as a test says; `tests/remote.rs` has
//! the real one.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use prost::Message;
use prost::bytes::Bytes;

use super::mock::{Answer, Call, Mock};
use super::proto::inference::model_infer_response::InferOutputTensor;
use super::proto::inference::model_metadata_response::TensorMetadata;
use super::proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelMetadataResponse, RepositoryModelLoadRequest,
    infer_parameter, model_repository_parameter,
};
use super::proto::serving::{
    Any, GetModelMetadataRequest, GetModelMetadataResponse, SignatureDefMap,
};
use super::{Connection, Model, tensors};
use crate::proto::{SignatureDef, TensorInfo, TensorShape, tensor_shape::Dim};
use crate::{Code, DType, Error, Profile, Result, Tensor};

const UNAVAILABLE: i32 = 14;
const UNIMPLEMENTED: i32 = 12;

fn info(name: &str, dtype: DType, dims: &[i64]) -> TensorInfo {
    let dim = dims.iter().map(|size| Dim { size: *size, ..Default::default() }).collect();
    let tensor_shape = Some(TensorShape { dim, unknown_rank: false });
    TensorInfo { name: name.to_string(), dtype: dtype.number(), tensor_shape }
}

/// `serving_default` and `other` take `a` FP32 [?] and `b` BYTES [], and give `y`
/// FP32 [?] and `z` INT8 []; `sparse` takes a sparse tensor.
fn metadata() -> Answer {
    let named = |infos: [(&str, TensorInfo); 2]| {
        BTreeMap::from(infos.map(|(name, info)| (name.to_string(), info)))
    };
    let signature = SignatureDef {
        inputs: named([
            ("a", info("a:0", DType::Fp32, &[-1])),
            ("b", info("b:0", DType::Bytes, &[])),
        ]),
        outputs: named([
            ("y", info("y:0", DType::Fp32, &[-1])),
            ("z", info("z:0", DType::Int8, &[])),
        ]),
        ..Default::default()
    };
    let sparse = SignatureDef {
        inputs: BTreeMap::from([("s".to_string(), info("", DType::Fp32, &[]))]),
        ..Default::default()
    };
    let signatures = [("serving_default", &signature), ("other", &signature), ("sparse", &sparse)];
    let signature_def = signatures.map(|(name, signature)| (name.to_string(), signature.clone()));
    let map = SignatureDefMap { signature_def: signature_def.into() };
    let any = Any { type_url: String::new(), value: map.encode_to_vec().into() };
    let metadata = BTreeMap::from([("signature_def".to_string(), any)]);
    Answer::message(&GetModelMetadataResponse { metadata, ..Default::default() })
}

fn output(name: &str, datatype: &str, shape: &[i64]) -> InferOutputTensor {
    let (name, datatype, shape) = (name.to_string(), datatype.to_string(), shape.to_vec());
    InferOutputTensor { name, datatype, shape, ..Default::default() }
}

/// `z` and `y`, in another order than the signature's.
fn inference() -> ModelInferResponse {
    ModelInferResponse {
        outputs: vec![output("z", "INT8", &[]), output("y", "FP32", &[2])],
        raw_output_contents: vec![
            Bytes::from_static(&[7]),
            Bytes::from_static(&[0, 0, 128, 63, 0, 0, 0, 64]),
        ],
        ..Default::default()
    }
}

/// A server with the model, whose predictions go as a test says.
fn server(infer: impl Fn(usize, &Call) -> Answer + Send + Sync + 'static) -> Mock {
    let predictions = std::sync::atomic::AtomicUsize::new(0);
    Mock::start(move |_, call| match call.path.rsplit('/').next() {
        Some("GetModelMetadata") => metadata(),
        Some("ModelInfer") => {
            infer(predictions.fetch_add(1, std::sync::atomic::Ordering::SeqCst), call)
        }
        _ => Answer::Status(UNIMPLEMENTED, ""),
    })
}

fn inputs() -> [(&'static str, Tensor); 2] {
    let b = Tensor::from_strings([], ["text"]).unwrap();
    [("b", b), ("a", Tensor::new([2], &[1f32, 2.0]).unwrap())]
}

fn run(model: &Model) -> Result<crate::Outputs> {
    let inputs = inputs();
    model.run(inputs.iter().map(|(name, tensor)| (name, tensor)))
}

#[test]
fn a_prediction_goes_raw_and_comes_back_by_name() {
    let server = server(|_, _| Answer::message(&inference()));
    let model = Model::connect(server.address(), "m").unwrap();
    let asked =
        GetModelMetadataRequest::decode(server.calls("GetModelMetadata")[0].message.clone());
    let asked = asked.unwrap();
    assert_eq!(asked.metadata_field, ["signature_def"]);
    assert_eq!(asked.model_spec.unwrap().name, "m");
    let names: Vec<_> = model.signatures().iter().map(|signature| &*signature.name).collect();
    assert_eq!(names, ["other", "serving_default", "sparse"]);

    for signature in ["serving_default", "other"] {
        let inputs = inputs();
        let runner = model.runner(signature).unwrap();
        let outputs = runner.run(inputs.iter().map(|(name, tensor)| (name, tensor))).unwrap();
        let names: Vec<_> = outputs.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["y", "z"]);
        assert_eq!(outputs.get("y").unwrap().data::<f32>(), Ok(&[1.0, 2.0][..]));
        assert_eq!(outputs.get("z").unwrap().data::<i8>(), Ok(&[7][..]));
    }
    for (call, signature) in server.calls("ModelInfer").iter().zip([None, Some("other")]) {
        let request = ModelInferRequest::decode(call.message.clone()).unwrap();
        assert_eq!((&*request.model_name, &*request.model_version), ("m", ""));
        let sent: Vec<_> =
            request.inputs.iter().map(|input| (&*input.name, &*input.datatype)).collect();
        assert_eq!(sent, [("a", "FP32"), ("b", "BYTES")]);
        assert_eq!(request.inputs[0].shape, [2]);
        assert_eq!(*request.raw_input_contents[0], [0, 0, 128, 63, 0, 0, 0, 64]);
        assert_eq!(*request.raw_input_contents[1], *b"\x04\0\0\0text");
        let parameter = request.parameters.get("signature_name");
        let chosen = parameter.and_then(|parameter| parameter.parameter_choice.clone());
        let expected =
            signature.map(|name| infer_parameter::ParameterChoice::StringParam(name.into()));
        assert_eq!(chosen, expected);
        assert!(call.headers["user-agent"].to_str().unwrap().starts_with("tf-stele/"));
        assert!(!call.headers.contains_key("grpc-timeout"));
    }
}

#[test]
fn what_does_not_fit_is_not_sent() {
    let server = server(|_, _| Answer::message(&inference()));
    let model = Model::connect(server.address(), "m").unwrap();
    let [(_, b), (_, a)] = &inputs();
    let rows: [(&[(&str, &Tensor)], &str); 4] = [
        (
            &[("a", a), ("b", b), ("c", b)],
            "no input \"c\"; signature \"serving_default\" has \"a\", \"b\"",
        ),
        (&[("a", a)], "input \"b\" of signature \"serving_default\" is missing"),
        (&[("a", a), ("b", a)], "input \"b\" has dtype FP32, expected BYTES"),
        (
            &[("a", &Tensor::new([], &[1f32]).unwrap()), ("b", b)],
            "input \"a\" has shape [], expected [?]",
        ),
    ];
    for (inputs, message) in rows {
        let error = model.run(inputs.iter().copied()).unwrap_err();
        assert_eq!(error.to_string(), format!("INVALID_ARGUMENT: {message}"));
    }
    let error = model.runner("none").unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.message().contains("\"serving_default\""), "{error}");
    assert!(matches!(model.runner("sparse").unwrap_err(), Error::Unsupported(_)));
    assert_eq!(server.calls("ModelInfer").len(), 0);
}

/// A server that knows the Open Inference Protocol alone.
fn foreign(refusal: i32, metadata: ModelMetadataResponse) -> Mock {
    Mock::start(move |_, call| match call.path.rsplit('/').next() {
        Some("GetModelMetadata") => Answer::Status(refusal, "not here"),
        Some("ModelMetadata") => Answer::message(&metadata),
        Some("ModelInfer") => Answer::message(&inference()),
        _ => Answer::Status(UNIMPLEMENTED, ""),
    })
}

fn tensor_metadata(name: &str, datatype: &str, shape: &[i64]) -> TensorMetadata {
    let (name, datatype, shape) = (name.to_string(), datatype.to_string(), shape.to_vec());
    TensorMetadata { name, datatype, shape }
}

#[test]
fn another_servers_model_has_one_signature() {
    let metadata = ModelMetadataResponse {
        inputs: vec![tensor_metadata("b", "BYTES", &[]), tensor_metadata("a", "FP32", &[-1])],
        outputs: vec![tensor_metadata("z", "INT8", &[]), tensor_metadata("y", "FP32", &[-1])],
        ..Default::default()
    };
    for refusal in [UNIMPLEMENTED, Code::NotFound.number()] {
        let server = foreign(refusal, metadata.clone());
        let model = Connection::open(server.address()).unwrap().model_version("m", "3").unwrap();
        let [signature] = &**model.signatures() else { panic!("{:?}", model.signatures()) };
        assert_eq!(signature.name, "serving_default");
        let inputs: Vec<_> = signature.inputs.iter().map(ToString::to_string).collect();
        assert_eq!(inputs, ["a FP32 [?]", "b BYTES []"]);
        assert_eq!(run(&model).unwrap().get("z").unwrap().data::<i8>(), Ok(&[7][..]));
        let request = server.calls("ModelInfer")[0].message.clone();
        assert_eq!(ModelInferRequest::decode(request).unwrap().model_version, "3");
    }
    // A version that is no number is none of TensorFlow Serving's.
    let server = foreign(UNIMPLEMENTED, metadata);
    Connection::open(server.address()).unwrap().model_version("m", "blue").unwrap();
    assert_eq!(server.calls("GetModelMetadata").len(), 0);
}

#[test]
fn a_model_of_which_nothing_is_said_runs_unchecked() {
    let server = foreign(UNIMPLEMENTED, ModelMetadataResponse::default());
    let model = Model::connect(server.address(), "m").unwrap();
    assert!(model.signatures().is_empty());
    let runner = model.runner("anything").unwrap();
    assert!(runner.signature().is_none());
    let outputs = runner.run([("x", &Tensor::new([], &[true]).unwrap())]).unwrap();
    let names: Vec<_> = outputs.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["y", "z"]);
    assert_eq!(outputs.get("y").unwrap().data::<f32>(), Ok(&[1.0, 2.0][..]));
}

#[test]
fn an_unknown_dtype_is_unsupported() {
    let inputs = vec![tensor_metadata("x", "FP8", &[])];
    let server = foreign(UNIMPLEMENTED, ModelMetadataResponse { inputs, ..Default::default() });
    let model = Model::connect(server.address(), "m").unwrap();
    assert!(matches!(model.runner("serving_default").unwrap_err(), Error::Unsupported(_)));
}

#[test]
fn a_servers_codes_and_words_are_kept() {
    for number in (1..=16).filter(|number| *number != UNAVAILABLE) {
        let server = server(move |_, _| Answer::Status(number, "na%C3%AFve %22x%22"));
        let error = run(&Model::connect(server.address(), "m").unwrap()).unwrap_err();
        assert!(matches!(error, Error::Remote { .. }));
        assert_eq!((error.code().number(), error.message()), (number, "naïve \"x\""));
        assert_eq!(server.calls("ModelInfer").len(), 1, "not made again");
    }
}

#[test]
fn a_call_is_made_again_while_the_server_is_unavailable() {
    let answer = |number, _: &Call| match number {
        0 => Answer::Status(UNAVAILABLE, "warming up"),
        1 => Answer::Close,
        _ => Answer::message(&inference()),
    };
    let server_of_two = server(answer);
    let model = Model::connect(server_of_two.address(), "m").unwrap();
    let begun = Instant::now();
    run(&model).unwrap();
    assert!(begun.elapsed() > Duration::from_millis(230), "two pauses");
    assert_eq!(server_of_two.calls("ModelInfer").len(), 3);

    let down = server(|_, _| Answer::Status(UNAVAILABLE, "down"));
    for retries in [0, 1] {
        let connection = Connection::builder().retries(retries).open(down.address()).unwrap();
        let before = down.calls("ModelInfer").len();
        let error = run(&connection.model("m").unwrap()).unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::Unavailable, "down"));
        assert_eq!(down.calls("ModelInfer").len() - before, retries as usize + 1);
    }
}

#[test]
fn nobody_there_is_unavailable() {
    let address = server(|_, _| Answer::Silence).address().to_string();
    let connection = Connection::builder().retries(0).open(&address).unwrap();
    let error = connection.model("m").unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().starts_with(&format!("no answer from {address}: ")), "{error}");
    assert!(error.message().to_lowercase().contains("refused"), "{error}");
}

#[test]
fn a_deadline_ends_a_call_and_its_retries() {
    let silent = server(|_, _| Answer::Silence);
    let down = server(|_, _| Answer::Status(UNAVAILABLE, "down"));
    for server in [silent, down] {
        let deadline = Duration::from_millis(300);
        let connection = Connection::builder().deadline(deadline).open(server.address()).unwrap();
        let model = connection.model("m").unwrap();
        let begun = Instant::now();
        let error = run(&model).unwrap_err();
        assert!(begun.elapsed() >= deadline);
        assert_eq!(error.code(), Code::DeadlineExceeded, "{error}");
        assert_eq!(error.message(), format!("no answer from {} within 0.3 s", server.address()));
        assert!(server.calls("ModelInfer")[0].headers.contains_key("grpc-timeout"));
    }
    let server = server(|_, _| Answer::message(&inference()));
    let connection = Connection::builder().deadline(Duration::MAX).open(server.address()).unwrap();
    run(&connection.model("m").unwrap()).unwrap();
}

#[test]
fn messages_have_the_limit_that_was_set_and_no_other() {
    let large = || ModelInferResponse { id: "x".repeat(5 << 20), ..inference() };
    let server = server(move |_, _| Answer::message(&large()));
    run(&Model::connect(server.address(), "m").unwrap()).unwrap();

    let connection = Connection::builder().max_message(1 << 20).open(server.address()).unwrap();
    let model = connection.model("m").unwrap();
    let received = run(&model).unwrap_err();
    let many = Tensor::new([1 << 20], &vec![0f32; 1 << 20]).unwrap();
    let [(_, text), _] = &inputs();
    let before = server.calls("ModelInfer").len();
    let sent = model.run([("a", &many), ("b", text)]).unwrap_err();
    assert_eq!(server.calls("ModelInfer").len(), before);
    for error in [received, sent] {
        assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
        // The message's size, and the limit's.
        let numbers = error.message().split(|character: char| !character.is_ascii_digit());
        let sizes: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
        assert!(
            matches!(sizes[..], [size, limit] if size > 4 << 20 && limit == 1 << 20),
            "{error}"
        );
    }
}

#[test]
fn an_answer_that_does_not_add_up_is_internal() {
    let none = ModelInferResponse::default();
    let short = ModelInferResponse { raw_output_contents: vec![Bytes::new(); 2], ..inference() };
    let rows = [(none, "no tensor \"y\""), (short, "tensor \"z\": INT8 [] has 1 bytes, 0 given")];
    for (response, what) in rows {
        let server = server(move |_, _| Answer::message(&response));
        let error = run(&Model::connect(server.address(), "m").unwrap()).unwrap_err();
        let address = server.address();
        assert_eq!(
            error.to_string(),
            format!("INTERNAL: the answer of {address} does not add up: {what}")
        );
    }
    let damaged = Mock::start(|_, _| {
        let any = Any { value: Bytes::from_static(b"\xff"), ..Default::default() };
        let metadata = BTreeMap::from([("signature_def".to_string(), any)]);
        Answer::message(&GetModelMetadataResponse { metadata, ..Default::default() })
    });
    let error = Model::connect(damaged.address(), "m").unwrap_err();
    assert_eq!(error.code(), Code::Internal, "{error}");
    let garbage = server(|_, _| Answer::Message(vec![0xff; 9]));
    let error = run(&Model::connect(garbage.address(), "m").unwrap()).unwrap_err();
    assert_eq!(error.code(), Code::Internal, "{error}");
}

#[test]
fn loads_and_unloads_are_asked_for() {
    let server = Mock::start(|_, call| match call.path.rsplit('/').next() {
        Some("RepositoryModelLoad") => Answer::Message(Vec::new()),
        _ => Answer::Status(Code::NotFound.number(), "no such model"),
    });
    let connection = Connection::open(server.address()).unwrap();
    connection.load("m", "/models/m", &["serve", "gpu"], Profile::Inline.config()).unwrap();
    let request = server.calls("RepositoryModelLoad")[0].message.clone();
    let request = RepositoryModelLoadRequest::decode(request).unwrap();
    let parameter = |key| match &request.parameters[key].parameter_choice {
        Some(model_repository_parameter::ParameterChoice::StringParam(text)) => &**text,
        other => panic!("{other:?}"),
    };
    assert_eq!(request.model_name, "m");
    assert_eq!((parameter("path"), parameter("tags")), ("/models/m", "serve,gpu"));
    assert_eq!(parameter("config"), "hex:28ffffffffffffffffff013801");
    let error = connection.unload("m").unwrap_err();
    assert_eq!(error.to_string(), "NOT_FOUND: no such model");
}

#[test]
fn calls_may_be_made_and_awaited_in_any_runtime() {
    let server = server(|_, _| Answer::message(&inference()));
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    other.block_on(async {
        let connection = Connection::open(server.address()).unwrap();
        let model = connection.model_async("m", "").await.unwrap();
        let runner = model.runner("other").unwrap();
        let inputs = inputs();
        let outputs = runner.run_async(inputs.iter().map(|(name, tensor)| (name, tensor))).await;
        assert_eq!(outputs.unwrap().get("z").unwrap().data::<i8>(), Ok(&[7][..]));
        run(&model).unwrap();
    });
}

#[test]
fn threads_share_a_model() {
    let server = server(|_, _| Answer::message(&inference()));
    let model = Model::connect(server.address(), "m").unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(run(&model).unwrap())));
        }
    });
    assert_eq!(server.calls("ModelInfer").len(), 400);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_answer_is_taken_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = inference().encode_to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(response) = ModelInferResponse::decode(&*bytes) {
            let _ = tensors::take(response);
        }
    }
}
