//! Tensors in messages of the Open Inference Protocol, and back.
//!
//! A message has its tensors in one of two forms: raw (their bytes, read in place) or
//! typed (protobuf's own lists). FP16, BF16, C64 and C128 have no typed form.

use bytes::Bytes;
use stele::{DType, Element, Tensor};

use crate::declared::{Declared, of_crate};
use crate::output::{Output, Outputs};
use crate::proto::inference::model_infer_request::InferInputTensor;
use crate::proto::inference::model_infer_response::InferOutputTensor;
use crate::proto::inference::{InferTensorContents, ModelInferRequest, ModelInferResponse};
use crate::refusal::{Refusal, Result, shown};

/// Inputs by name, in their order, duplicates kept.
pub(crate) type Inputs = Vec<(String, Tensor)>;

/// Whether a request has its tensors in the typed form.
pub(crate) fn is_typed(request: &ModelInferRequest) -> bool {
    !request.inputs.is_empty() && request.raw_input_contents.is_empty()
}

/// Takes the inputs out of a request.
///
/// # Errors
/// INVALID_ARGUMENT, naming the tensor, for what does not add up.
pub(crate) fn take(request: &mut ModelInferRequest) -> Result<Inputs> {
    let entries = std::mem::take(&mut request.inputs);
    let raws = std::mem::take(&mut request.raw_input_contents);
    if raws.is_empty() {
        return entries.into_iter().map(|entry| named(entry, typed)).collect();
    }
    let filled =
        |entry: &&InferInputTensor| entry.contents.as_ref().is_some_and(|own| !is_empty(own));
    if let Some(entry) = entries.iter().find(filled) {
        return Err(refuse(entry, "has typed contents in a message with raw contents"));
    }
    if raws.len() != entries.len() {
        let message = format!("{} raw contents for {} tensors", raws.len(), entries.len());
        // The first that lacks its bytes; if none does, the last one has too many.
        let culprit = entries.get(raws.len()).or(entries.last());
        return Err(match culprit {
            Some(entry) => refuse(entry, &format!("is in a message with {message}")),
            None => Refusal::invalid(message),
        });
    }
    let pairs = entries.into_iter().zip(raws);
    pairs.map(|(entry, bytes)| named(entry, |entry| raw(entry, bytes))).collect()
}

/// Puts outputs into a response.
///
/// # Errors
/// INVALID_ARGUMENT for a string of 4 GiB.
pub(crate) fn put(response: &mut ModelInferResponse, outputs: Outputs, typed: bool) -> Result<()> {
    let raw = !typed || outputs.iter().any(|(_, output)| field(output.dtype()).is_none());
    for (name, output) in outputs {
        let (datatype, shape) = (output.dtype().to_string(), output.shape().collect());
        let contents = if raw {
            response.raw_output_contents.push(output.raw()?);
            None
        } else {
            Some(contents(&output))
        };
        let entry = InferOutputTensor { name, datatype, shape, contents, ..Default::default() };
        response.outputs.push(entry);
    }
    Ok(())
}

pub(crate) fn named(
    entry: InferInputTensor,
    read: impl FnOnce(&InferInputTensor) -> std::result::Result<Tensor, String>,
) -> Result<(String, Tensor)> {
    let tensor = read(&entry).map_err(|what| refuse(&entry, &what))?;
    Ok((entry.name, tensor))
}

fn refuse(entry: &InferInputTensor, what: &str) -> Refusal {
    Refusal::invalid(format!("tensor \"{}\" {what}", shown(&entry.name)))
}

pub(crate) fn declared(entry: &InferInputTensor) -> std::result::Result<Declared, String> {
    let dtype = DType::from_name(&entry.datatype)
        .ok_or_else(|| format!("has the unknown dtype \"{}\"", shown(&entry.datatype)))?;
    Declared::new(dtype, &entry.shape)
}

pub(crate) fn raw(entry: &InferInputTensor, data: Bytes) -> std::result::Result<Tensor, String> {
    let declared = declared(entry)?;
    if declared.dtype != DType::Bytes {
        return declared.tensor(data);
    }
    let strings = unframed(declared.count, &data)?;
    Tensor::from_strings(declared.shape, strings).map_err(of_crate)
}

/// The strings of framed bytes: the length of each, then its bytes.
fn unframed(count: usize, data: &[u8]) -> std::result::Result<Vec<&[u8]>, String> {
    // Each element takes at least its length: refused before memory is taken for it.
    if count.checked_mul(4).is_none_or(|least| least > data.len()) {
        return Err(format!("has {} bytes, too few for {count} BYTES elements", data.len()));
    }
    let mut strings = Vec::with_capacity(count);
    let mut rest = data;
    for index in 0..count {
        let (length, after) = rest
            .split_first_chunk()
            .ok_or_else(|| format!("ends inside the length of BYTES element {index}"))?;
        let (string, after) = usize::try_from(u32::from_le_bytes(*length))
            .ok()
            .and_then(|length| after.split_at_checked(length))
            .ok_or_else(|| format!("ends inside BYTES element {index}"))?;
        strings.push(string);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(format!("has {} bytes behind its last BYTES element", rest.len()));
    }
    Ok(strings)
}

/// The field of InferTensorContents that holds a dtype's elements.
fn field(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "bool_contents",
        DType::Int8 | DType::Int16 | DType::Int32 => "int_contents",
        DType::Int64 => "int64_contents",
        DType::UInt8 | DType::UInt16 | DType::UInt32 => "uint_contents",
        DType::UInt64 => "uint64_contents",
        DType::Fp32 => "fp32_contents",
        DType::Fp64 => "fp64_contents",
        DType::Bytes => "bytes_contents",
        _ => return None,
    })
}

/// The fields with how many elements each has.
fn lengths(contents: &InferTensorContents) -> [(&'static str, usize); 8] {
    [
        ("bool_contents", contents.bool_contents.len()),
        ("int_contents", contents.int_contents.len()),
        ("int64_contents", contents.int64_contents.len()),
        ("uint_contents", contents.uint_contents.len()),
        ("uint64_contents", contents.uint64_contents.len()),
        ("fp32_contents", contents.fp32_contents.len()),
        ("fp64_contents", contents.fp64_contents.len()),
        ("bytes_contents", contents.bytes_contents.len()),
    ]
}

fn is_empty(contents: &InferTensorContents) -> bool {
    lengths(contents).iter().all(|(_, length)| *length == 0)
}

fn typed(entry: &InferInputTensor) -> std::result::Result<Tensor, String> {
    let declared = declared(entry)?;
    let none = InferTensorContents::default();
    let contents = entry.contents.as_ref().unwrap_or(&none);
    let (dtype, count) = (declared.dtype, declared.count);
    let Some(expected) = field(dtype) else {
        if count > 0 || !is_empty(contents) {
            return Err(format!("has dtype {dtype}, which travels in raw contents only"));
        }
        return Tensor::from_bytes(dtype, declared.shape, &[]).map_err(of_crate);
    };
    let mut given = 0;
    for (name, length) in lengths(contents) {
        if name == expected {
            given = length;
        } else if length > 0 {
            return Err(format!("has {name}; {dtype} is in {expected}"));
        }
    }
    if given != count {
        return Err(format!("has {given} elements; {declared} has {count}"));
    }
    let (shape, ints, uints) = (declared.shape, &contents.int_contents, &contents.uint_contents);
    let made = match dtype {
        DType::Bool => Tensor::new(shape, &contents.bool_contents),
        DType::Int8 => Tensor::new(shape, &narrow::<i8, _>(ints)?),
        DType::Int16 => Tensor::new(shape, &narrow::<i16, _>(ints)?),
        DType::Int32 => Tensor::new(shape, ints),
        DType::Int64 => Tensor::new(shape, &contents.int64_contents),
        DType::UInt8 => Tensor::new(shape, &narrow::<u8, _>(uints)?),
        DType::UInt16 => Tensor::new(shape, &narrow::<u16, _>(uints)?),
        DType::UInt32 => Tensor::new(shape, uints),
        DType::UInt64 => Tensor::new(shape, &contents.uint64_contents),
        DType::Fp32 => Tensor::new(shape, &contents.fp32_contents),
        DType::Fp64 => Tensor::new(shape, &contents.fp64_contents),
        _ => Tensor::from_strings(shape, &contents.bytes_contents),
    };
    made.map_err(of_crate)
}

/// Values as a narrower type.
///
/// # Errors
/// One that it cannot hold.
pub(crate) fn narrow<T: Element + TryFrom<W>, W: Copy>(
    values: &[W],
) -> std::result::Result<Vec<T>, String> {
    let values: Option<Vec<T>> = values.iter().map(|value| T::try_from(*value).ok()).collect();
    values.ok_or_else(|| format!("has a value that {} cannot hold", T::DTYPE))
}

/// The typed form of an output whose dtype has one.
fn contents(output: &Output) -> InferTensorContents {
    let bytes = output.bytes();
    let mut contents = InferTensorContents::default();
    match output.dtype() {
        DType::Bool => contents.bool_contents = bytes.iter().map(|byte| *byte != 0).collect(),
        DType::Int8 => contents.int_contents = values(bytes, i8::from_ne_bytes),
        DType::Int16 => contents.int_contents = values(bytes, i16::from_ne_bytes),
        DType::Int32 => contents.int_contents = values(bytes, i32::from_ne_bytes),
        DType::Int64 => contents.int64_contents = values(bytes, i64::from_ne_bytes),
        DType::UInt8 => contents.uint_contents = values(bytes, u8::from_ne_bytes),
        DType::UInt16 => contents.uint_contents = values(bytes, u16::from_ne_bytes),
        DType::UInt32 => contents.uint_contents = values(bytes, u32::from_ne_bytes),
        DType::UInt64 => contents.uint64_contents = values(bytes, u64::from_ne_bytes),
        DType::Fp32 => contents.fp32_contents = values(bytes, f32::from_ne_bytes),
        DType::Fp64 => contents.fp64_contents = values(bytes, f64::from_ne_bytes),
        _ => contents.bytes_contents = output.strings(),
    }
    contents
}

/// Elements out of their bytes, in the type of the field that holds them.
pub(crate) fn values<T: Into<W>, W, const N: usize>(
    bytes: &[u8],
    read: impl Fn([u8; N]) -> T,
) -> Vec<W> {
    let (chunks, _) = bytes.as_chunks();
    chunks.iter().map(|chunk| read(*chunk).into()).collect()
}
