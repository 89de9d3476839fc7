//! Tensors in messages of the Open Inference Protocol, and back.

use prost::bytes::Bytes;

use super::proto::inference::{
    InferTensorContents, ModelInferRequest, ModelInferResponse,
    model_infer_request::InferInputTensor, model_infer_response::InferOutputTensor,
};
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorView};

/// Adds an input to a request, in the raw form.
///
/// # Errors
/// As [`TensorView::raw_contents`], with the input's name.
pub(super) fn put(
    request: &mut ModelInferRequest,
    name: &str,
    tensor: TensorView<'_>,
) -> Result<()> {
    let contents = tensor
        .raw_contents()
        .map_err(|error| Error::Value(format!("input \"{name}\": {}", error.message())))?;
    request.raw_input_contents.push(Bytes::copy_from_slice(&contents));
    request.inputs.push(InferInputTensor {
        name: name.to_string(),
        datatype: tensor.dtype().to_string(),
        // At most 2^63-1 each, or there would be no such tensor.
        shape: tensor.shape().iter().map(|dim| *dim as i64).collect(),
        ..Default::default()
    });
    Ok(())
}

/// Takes the outputs out of a response, in either form.
///
/// # Errors
/// What does not add up, with the output's name.
pub(super) fn take(
    response: ModelInferResponse,
) -> std::result::Result<Vec<(String, Tensor)>, String> {
    let (outputs, raw) = (response.outputs, response.raw_output_contents);
    let typed = raw.is_empty();
    if !typed && raw.len() != outputs.len() {
        return Err(format!("{} raw contents for {} tensors", raw.len(), outputs.len()));
    }
    let raw = raw.into_iter().map(Some).chain(std::iter::repeat(None));
    let tensors = outputs.into_iter().zip(raw).map(|(output, raw)| {
        let name = output.name.clone();
        match tensor(output, raw) {
            Ok(tensor) => Ok((name, tensor)),
            Err(what) => Err(format!("tensor \"{name}\": {what}")),
        }
    });
    tensors.collect()
}

fn tensor(output: InferOutputTensor, raw: Option<Bytes>) -> std::result::Result<Tensor, String> {
    let InferOutputTensor { datatype, shape, contents, .. } = output;
    let dtype =
        DType::from_name(&datatype).ok_or_else(|| format!("the unknown dtype \"{datatype}\""))?;
    let dims = shape.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<Vec<_>>>();
    let dims = dims.ok_or_else(|| format!("the shape {shape:?}"))?;
    let tensor = match raw {
        Some(bytes) => Tensor::from_raw_contents(dtype, dims, &bytes),
        None => typed(dtype, dims, contents.unwrap_or_default()),
    };
    tensor.map_err(|error| error.message().to_string())
}

fn typed(dtype: DType, shape: Vec<usize>, contents: InferTensorContents) -> Result<Tensor> {
    let InferTensorContents { int_contents: ints, uint_contents: uints, .. } = &contents;
    match dtype {
        DType::Bool => Tensor::new(shape, &contents.bool_contents),
        DType::Int8 => narrow::<i8, _>(shape, ints),
        DType::Int16 => narrow::<i16, _>(shape, ints),
        DType::Int32 => Tensor::new(shape, ints),
        DType::Int64 => Tensor::new(shape, &contents.int64_contents),
        DType::UInt8 => narrow::<u8, _>(shape, uints),
        DType::UInt16 => narrow::<u16, _>(shape, uints),
        DType::UInt32 => Tensor::new(shape, uints),
        DType::UInt64 => Tensor::new(shape, &contents.uint64_contents),
        DType::Fp32 => Tensor::new(shape, &contents.fp32_contents),
        DType::Fp64 => Tensor::new(shape, &contents.fp64_contents),
        DType::Bytes => Tensor::from_strings(shape, &contents.bytes_contents),
        // None of them has a field; there is one with no elements all the same.
        _ => Tensor::from_bytes(dtype, shape, &[]),
    }
}

fn narrow<T, W>(shape: Vec<usize>, values: &[W]) -> Result<Tensor>
where
    T: Element + TryFrom<W>,
    W: Copy,
{
    let values: Option<Vec<T>> = values.iter().map(|value| T::try_from(*value).ok()).collect();
    let values =
        values.ok_or_else(|| Error::Value(format!("a value that {} cannot hold", T::DTYPE)))?;
    Tensor::new(shape, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(
        datatype: &str,
        shape: &[i64],
        contents: InferTensorContents,
    ) -> ModelInferResponse {
        let output = InferOutputTensor {
            name: "y".to_string(),
            datatype: datatype.to_string(),
            shape: shape.to_vec(),
            contents: Some(contents),
            ..Default::default()
        };
        ModelInferResponse { outputs: vec![output], ..Default::default() }
    }

    fn raw(datatype: &str, shape: &[i64], bytes: &'static [u8]) -> ModelInferResponse {
        let raw_output_contents = vec![Bytes::from_static(bytes)];
        ModelInferResponse { raw_output_contents, ..response(datatype, shape, Default::default()) }
    }

    #[test]
    fn typed_contents_are_what_raw_ones_are() {
        let ints = || InferTensorContents { int_contents: vec![-2, 1], ..Default::default() };
        let uints = || InferTensorContents { uint_contents: vec![254, 1], ..Default::default() };
        let rows: [(&str, InferTensorContents, &[u8]); 12] = [
            (
                "BOOL",
                InferTensorContents { bool_contents: vec![true, false], ..Default::default() },
                &[1, 0],
            ),
            ("INT8", ints(), &[254, 1]),
            ("INT16", ints(), &[254, 255, 1, 0]),
            ("INT32", ints(), &[254, 255, 255, 255, 1, 0, 0, 0]),
            ("UINT8", uints(), &[254, 1]),
            ("UINT16", uints(), &[254, 0, 1, 0]),
            ("UINT32", uints(), &[254, 0, 0, 0, 1, 0, 0, 0]),
            (
                "INT64",
                InferTensorContents { int64_contents: vec![-2, 1], ..Default::default() },
                b"\xfe\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\0\0",
            ),
            (
                "UINT64",
                InferTensorContents { uint64_contents: vec![1, 2], ..Default::default() },
                b"\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0",
            ),
            (
                "FP32",
                InferTensorContents { fp32_contents: vec![-0.0, 1.0], ..Default::default() },
                b"\0\0\0\x80\0\0\x80\x3f",
            ),
            (
                "FP64",
                InferTensorContents { fp64_contents: vec![0.0, 1.0], ..Default::default() },
                b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x3f",
            ),
            (
                "BYTES",
                InferTensorContents {
                    bytes_contents: vec!["".into(), "a\0".into()],
                    ..Default::default()
                },
                b"\0\0\0\0\x02\0\0\0a\0",
            ),
        ];
        for (dtype, contents, bytes) in rows {
            for response in [response(dtype, &[2], contents), raw(dtype, &[2], bytes)] {
                let tensors = take(response).unwrap();
                let [(name, tensor)] = &*tensors else { panic!("{tensors:?}") };
                assert_eq!((&**name, tensor.shape()), ("y", &[2][..]));
                assert_eq!(*TensorView::from(tensor).raw_contents().unwrap(), *bytes, "{dtype}");
            }
        }
    }

    #[test]
    fn what_does_not_add_up_is_said() {
        let none = InferTensorContents::default;
        let ints = |values| InferTensorContents { int_contents: values, ..none() };
        let both = ModelInferResponse {
            raw_output_contents: vec![Bytes::new(); 2],
            ..response("FP32", &[0], none())
        };
        let rows = [
            (response("FP8", &[0], none()), "the unknown dtype \"FP8\""),
            (response("FP32", &[-1], none()), "the shape [-1]"),
            (response("FP32", &[1], none()), "shape [1] has 1 elements, 0 given"),
            (response("INT8", &[1], ints(vec![128])), "a value that INT8 cannot hold"),
            (response("BF16", &[1], none()), "BF16 [1] has 2 bytes, 0 given"),
            (raw("FP32", &[1], b"abc"), "FP32 [1] has 4 bytes, 3 given"),
            (raw("BOOL", &[1], b"\x02"), "a BOOL byte is neither 0 nor 1"),
            (raw("BYTES", &[1], b"\x02\0\0\0a"), "5 bytes end inside a string"),
            (raw("BYTES", &[2], b"\x01\0\0\0a"), "shape [2] has 2 elements, 1 given"),
            (raw("INT8", &[i64::MAX, 2], b""), "is beyond 2^63-1 bytes"),
            (both, "2 raw contents for 1 tensors"),
        ];
        for (response, what) in rows {
            let message = take(response).unwrap_err();
            assert!(message.contains(what), "{message}");
        }
    }

    #[test]
    fn no_elements_need_no_contents() {
        for dtype in DType::all() {
            let tensors = take(response(&dtype.to_string(), &[0, 3], Default::default())).unwrap();
            assert_eq!((tensors[0].1.dtype(), tensors[0].1.shape()), (dtype, &[0, 3][..]));
        }
        assert!(take(ModelInferResponse::default()).unwrap().is_empty());
    }
}
