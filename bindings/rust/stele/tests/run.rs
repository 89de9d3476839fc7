//! Running: the same bits by every way to give an input, outputs that are one's
//! own, and every input that does not fit.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{defaults, digits, dtypes, image, sparse, state};
use stele::{Code, DType, Error, Model, Profile, Tensor, TensorView};

const NONE: [(&str, &Tensor); 0] = [];

fn bits(model: &Model, image: TensorView<'_>) -> Vec<u32> {
    let outputs = model.run([("image", image)]).unwrap();
    let probabilities = outputs.get("probabilities").unwrap();
    assert_eq!(probabilities.shape(), [2, 10]);
    probabilities.data::<f32>().unwrap().iter().map(|p| p.to_bits()).collect()
}

#[test]
fn every_way_to_give_an_input_gives_the_same_bits() {
    let pixels = [image(1), image(2)].concat();
    let shape = [2, 8, 8, 1];
    let owned = Tensor::new(shape, &pixels).unwrap();
    let taken = Tensor::from_owner(shape, pixels.clone()).unwrap();
    let bytes: Vec<u8> = pixels.iter().flat_map(|pixel| pixel.to_ne_bytes()).collect();
    // Not even aligned to its elements.
    let shifted: Vec<u8> = [&[0][..], &bytes].concat();
    let shifted = Tensor::from_owner_bytes(DType::Fp32, shape, Tail(shifted)).unwrap();
    let copied = Tensor::from_bytes(DType::Fp32, shape, &bytes).unwrap();
    let borrowed = TensorView::new(&shape, &pixels).unwrap();

    let model = Model::load(digits()).unwrap();
    let expected = bits(&model, borrowed);
    for tensor in [&owned, &taken, &shifted, &copied] {
        assert_eq!(bits(&model, tensor.into()), expected);
    }
    for profile in Profile::ALL {
        let model = Model::builder().profile(profile).load(digits()).unwrap();
        assert_eq!(bits(&model, borrowed), expected, "{profile}");
    }
}

#[test]
fn a_default_stands_for_an_input_that_is_not_given() {
    let model = Model::load(defaults()).unwrap();
    let x = Tensor::new([1, 2], &[1f32, 3.0]).unwrap();
    let scale = Tensor::new([], &[10f32]).unwrap();
    let y = |outputs: stele::Outputs| outputs.get("y").unwrap().data::<f32>().unwrap().to_vec();
    assert_eq!(y(model.run([("x", &x)]).unwrap()), [2.0, 6.0]);
    assert_eq!(y(model.run([("x", &x), ("scale", &scale)]).unwrap()), [10.0, 30.0]);
    let error = model.run([("scale", &scale)]).unwrap_err();
    assert_eq!(error.message(), "input \"x\" of signature \"serving_default\" is missing");
}

struct Tail(Vec<u8>);

impl AsRef<[u8]> for Tail {
    fn as_ref(&self) -> &[u8] {
        &self.0[1..]
    }
}

#[test]
fn inputs_come_as_a_map_too_and_outputs_go_as_one() {
    let model = Model::load(digits()).unwrap();
    let image = Tensor::new([1, 8, 8, 1], &[3f32; 64]).unwrap();
    let inputs = BTreeMap::from([("image".to_string(), image)]);
    let outputs: BTreeMap<String, Tensor> = model.run(&inputs).unwrap().into_iter().collect();
    assert_eq!(outputs["probabilities"].shape(), [1, 10]);
}

#[test]
fn every_dtype_comes_back_as_it_went() {
    let model = Model::load(dtypes()).unwrap();
    for dtype in DType::all() {
        let signature = dtype.to_string().to_lowercase();
        for shape in [vec![], vec![0], vec![5], vec![2, 3], vec![2, 0, 3], vec![2, 1, 3, 1, 2, 1]] {
            let count: usize = shape.iter().product();
            let tensor = match dtype.size() {
                Some(size) => {
                    // NaNs with payloads, infinities and subnormals are among them.
                    let bytes: Vec<u8> =
                        (0..count * size).map(|at| (at * 37 + 250) as u8).collect();
                    let bits = if dtype == DType::Bool { 1 } else { 0xff };
                    let bytes: Vec<u8> = bytes.iter().map(|byte| byte & bits).collect();
                    Tensor::from_bytes(dtype, shape.clone(), &bytes)
                }
                None => {
                    let strings = (0..count).map(|at| vec![at as u8 ^ 0xfe; at * 9]);
                    Tensor::from_strings(shape.clone(), strings)
                }
            };
            let tensor = tensor.unwrap();
            let outputs = model.runner(&signature).unwrap().run([("x", &tensor)]).unwrap();
            let same = outputs.get("same").unwrap();
            assert_eq!((same.dtype(), same.shape()), (dtype, &*shape));
            match tensor.strings() {
                Ok(strings) => assert!(strings.eq(same.strings().unwrap()), "{shape:?}"),
                Err(_) => assert_eq!(tensor.bytes(), same.bytes(), "{dtype} {shape:?}"),
            }
            let lengths = outputs.get("shape").unwrap();
            let expected: Vec<_> = shape.iter().map(|dim| *dim as i64).collect();
            assert_eq!(lengths.data::<i64>().unwrap(), expected);
        }
    }
}

#[test]
fn an_output_is_an_input_of_the_next_call() {
    let model = Model::load(dtypes()).unwrap();
    let runner = model.runner("int32").unwrap();
    let tensor = Tensor::new([2, 3], &[1, 2, 3, 4, 5, 6]).unwrap();
    let first = runner.run([("x", &tensor)]).unwrap();
    let second = runner.run([("x", first.get("transposed").unwrap())]).unwrap();
    assert_eq!(second.get("transposed").unwrap().data::<i32>().unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(second.get("same").unwrap().data::<i32>().unwrap(), [1, 4, 2, 5, 3, 6]);
    let names: Vec<_> = runner.signature().outputs.iter().map(|spec| &*spec.name).collect();
    assert_eq!(names, ["reversed", "same", "shape", "transposed"]);
    let dtypes: Vec<_> = second.into_tensors().iter().map(Tensor::dtype).collect();
    assert_eq!(dtypes, [DType::Int32, DType::Int32, DType::Int64, DType::Int32]);
}

#[test]
fn outputs_share_no_memory() {
    let model = Model::load(state()).unwrap();
    let tensor = Tensor::new([3], &[1f32, 2.0, 3.0]).unwrap();
    let outputs = model.runner("echo").unwrap().run([("x", &tensor)]).unwrap();
    let outputs: BTreeMap<_, _> = outputs.into_iter().collect();
    let addresses: Vec<_> = [&tensor, &outputs["first"], &outputs["second"]]
        .map(|tensor| tensor.data::<f32>().unwrap().as_ptr())
        .into();
    assert!(addresses[0] != addresses[1] && addresses[1] != addresses[2]);
    for (_, mut output) in outputs {
        assert_eq!(output.data::<f32>().unwrap(), [1.0, 2.0, 3.0]);
        output.bytes_mut().unwrap().fill(0);
    }
    assert_eq!(tensor.data::<f32>().unwrap(), [1.0, 2.0, 3.0]);

    // A variable's memory is the model's.
    let read = model.runner("read").unwrap();
    for _ in 0..2 {
        let outputs = read.run(NONE).unwrap();
        let mut kept = outputs.get("kept").unwrap().clone();
        assert!(kept.bytes_mut().is_none(), "a clone shares");
        drop(outputs);
        assert_eq!(kept.data::<f32>().unwrap(), [1.0, 2.0]);
        kept.bytes_mut().unwrap().fill(0);
    }

    let strings = Tensor::from_strings([2], ["short", "too long for the short form of a string"]);
    let strings = strings.unwrap();
    let outputs = model.runner("echo_strings").unwrap().run([("x", &strings)]).unwrap();
    assert!(outputs.get("same").unwrap().strings().unwrap().eq(strings.strings().unwrap()));
}

/// Elements at an address that TensorFlow uses in place. They tell when they are
/// released, by a count and a panic, which nobody must see.
struct Witness {
    memory: Vec<f32>,
    released: Arc<AtomicUsize>,
}

impl AsRef<[f32]> for Witness {
    fn as_ref(&self) -> &[f32] {
        &self.memory[self.memory.as_ptr().align_offset(64)..][..64]
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.released.fetch_add(1, Ordering::SeqCst);
        std::panic::resume_unwind(Box::new("as announced"));
    }
}

#[test]
fn memory_lives_as_long_as_the_model_keeps_it() {
    let released = Arc::new(AtomicUsize::new(0));
    let model = Model::load(state()).unwrap();
    let keep = |tensor: &Tensor| model.runner("keep").unwrap().run([("x", tensor)]).map(drop);
    let kept = || {
        let outputs = model.runner("read").unwrap().run(NONE).unwrap();
        outputs.get("kept").unwrap().data::<f32>().unwrap().to_vec()
    };
    let witness = Witness { memory: vec![7.0; 80], released: Arc::clone(&released) };
    let tensor = Tensor::from_owner([64], witness).unwrap();
    keep(&tensor).unwrap();
    drop(tensor);
    assert_eq!(kept(), [7.0; 64]);
    assert_eq!(released.load(Ordering::SeqCst), 0, "the model still refers to it");
    keep(&Tensor::new([1], &[8f32]).unwrap()).unwrap();
    assert_eq!(kept(), [8.0]);
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

#[test]
fn what_does_not_fit_is_refused() {
    let model = Model::load(digits()).unwrap();
    let image = Tensor::new([1, 8, 8, 1], &image(0)).unwrap();
    let double = Tensor::new([1, 8, 8, 1], &[0f64; 64]).unwrap();
    let flat = Tensor::new([8, 8, 1], &[0f32; 64]).unwrap();
    let deep = Tensor::new([1, 8, 8, 2], &[0f32; 128]).unwrap();
    let rows: [(Vec<(&str, &Tensor)>, &str); 7] = [
        (vec![], "input \"image\" of signature \"serving_default\" is missing"),
        (vec![("img", &image)], "no input \"img\"; signature \"serving_default\" has \"image\""),
        (vec![("image", &image), ("image", &image)], "input \"image\" is given twice"),
        (vec![("image", &double)], "input \"image\" has dtype FP64, expected FP32"),
        (vec![("image", &flat)], "input \"image\" has shape [8,8,1], expected [?,8,8,1]"),
        (vec![("image", &deep)], "input \"image\" has shape [1,8,8,2], expected [?,8,8,1]"),
        (vec![("i\0", &image)], "a name or path holds a NUL: \"i\\0\""),
    ];
    for (inputs, message) in rows {
        let error = model.run(inputs).unwrap_err();
        assert_eq!(error.to_string(), format!("INVALID_ARGUMENT: {message}"));
    }
    for name in ["no_such", "__saved_model_init_op", ""] {
        let error = model.runner(name).err().expect("a refusal");
        assert!(matches!(error, Error::Signature(_)), "{error}");
        assert_eq!(error.code(), Code::NotFound);
        assert!(error.message().contains("\"serving_default\""), "{error}");
    }
    let outputs = model.run([("image", &image)]).unwrap();
    let error = outputs.get("probability").unwrap_err();
    assert!(error.message().contains("\"probabilities\""), "{error}");
}

#[test]
fn a_sparse_signature_is_unimplemented() {
    let model = Model::builder().tags(["serve", "first"]).load(sparse()).unwrap();
    let error = model.runner("serving_default").err().expect("a refusal");
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    assert_eq!(error.code(), Code::Unimplemented);
    assert!(error.message().contains("\"x\""), "{error}");
}

#[test]
fn what_tensorflow_refuses_keeps_its_code_and_message() {
    let model = Model::load(state()).unwrap();
    let runner = model.runner("fail").unwrap();
    let negative = Tensor::new([1], &[-1f32]).unwrap();
    let error = runner.run([("x", &negative)]).unwrap_err();
    assert!(matches!(error, Error::TensorFlow { code: Code::InvalidArgument, .. }), "{error}");
    assert!(error.message().contains("x must be positive"), "{error}");
    let four = Tensor::new([1], &[4f32]).unwrap();
    assert_eq!(runner.run([("x", &four)]).unwrap().get("root").unwrap().data(), Ok(&[2f32][..]));
}
