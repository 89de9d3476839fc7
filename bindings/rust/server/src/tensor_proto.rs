//! Tensors as TensorFlow's TensorProto, and back.
//!
//! A TensorProto has its elements as `tensor_content` (bytes) or in the typed field of
//! its dtype, where the last value stands for all that are missing, and no value at all
//! for zeros.

use bytes::Bytes;
use prost::encoding::decode_varint;
use stele::{DType, Tensor};

use crate::declared::{Declared, of_crate};
use crate::memory::{Held, Memory};
use crate::oip_tensors::{narrow, values};
use crate::output::Output;
use crate::proto::stele::savedmodel::{TensorShape, tensor_shape::Dim};
use crate::proto::tensorflow::serving::TensorProto;
use crate::refusal::{Refusal, Result, shown};

/// A few bytes can stand for a tensor of any size: this much is believed.
const FILL_LIMIT: usize = 64 << 20;

/// Reads a TensorProto.
///
/// Whatever is filled in takes room of its own in `memory`, held by `held`.
///
/// # Errors
/// INVALID_ARGUMENT, naming the tensor, for what does not add up; RESOURCE_EXHAUSTED if
/// there is no room.
pub(crate) fn take(
    name: &str,
    proto: TensorProto,
    memory: &Memory,
    held: &mut Vec<Held>,
) -> Result<Tensor> {
    let refuse = |what: &str| Refusal::invalid(format!("tensor \"{}\" {what}", shown(name)));
    let dtype = DType::from_number(proto.dtype);
    if let DType::Other(_) = dtype {
        return Err(refuse(&format!("has the unknown dtype \"{dtype}\"")));
    }
    let declared = declared(dtype, &proto).map_err(|what| refuse(&what))?;
    let missing = missing(&declared, &proto).map_err(|what| refuse(&what))?;
    held.push(memory.hold(missing)?);
    read(declared, proto).map_err(|what| refuse(&what))
}

type Said<T> = std::result::Result<T, String>;

fn declared(dtype: DType, proto: &TensorProto) -> Said<Declared> {
    let none = TensorShape::default();
    let shape = proto.tensor_shape.as_ref().unwrap_or(&none);
    if shape.unknown_rank {
        return Err("has a shape of unknown rank".to_string());
    }
    let dims: Vec<_> = shape.dim.iter().map(|dim| dim.size).collect();
    let declared = Declared::new(dtype, &dims)?;
    let expected = field(dtype);
    for (name, length) in lengths(proto) {
        if name != expected && length > 0 {
            return Err(format!("has {name}; {dtype} is in {expected}"));
        }
        if name == expected && length > 0 && !proto.tensor_content.is_empty() {
            return Err(format!("has both tensor_content and {expected}"));
        }
    }
    Ok(declared)
}

/// Bytes of the elements that the last value, or zero, stands for.
fn missing(declared: &Declared, proto: &TensorProto) -> Said<usize> {
    if !proto.tensor_content.is_empty() {
        return Ok(0);
    }
    let width = width(declared.dtype);
    let given = given(declared.dtype, proto);
    if given > declared.count * width {
        let expected = declared.count * width;
        return Err(format!("has {given} values; {declared} has {expected}"));
    }
    if !given.is_multiple_of(width) {
        return Err(format!("has half of a complex number: {given} values"));
    }
    let elements = given / width;
    // An element of BYTES takes at least its pointer.
    let size = declared.dtype.size().unwrap_or(8);
    if elements < declared.count && declared.count.saturating_mul(size) > FILL_LIMIT {
        return Err(format!(
            "has {elements} values; {declared} has {}, too many to fill in",
            declared.count
        ));
    }
    Ok((declared.count - elements) * size)
}

fn read(declared: Declared, proto: TensorProto) -> Said<Tensor> {
    let content = proto.tensor_content.clone();
    if declared.dtype != DType::Bytes {
        return if content.is_empty() {
            let bytes = filled(numbers(declared.dtype, &proto)?, &declared);
            declared.tensor(bytes.into())
        } else {
            declared.tensor(content)
        };
    }
    let strings = if content.is_empty() {
        let mut strings = proto.string_val;
        let last = strings.last().cloned().unwrap_or_default();
        strings.resize(declared.count, last);
        strings
    } else {
        packed(declared.count, content)?
    };
    Tensor::from_strings(declared.shape, strings).map_err(of_crate)
}

/// The field that holds a dtype's values.
fn field(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool_val",
        DType::Int64 => "int64_val",
        DType::UInt32 => "uint32_val",
        DType::UInt64 => "uint64_val",
        DType::Fp16 | DType::Bf16 => "half_val",
        DType::Fp32 => "float_val",
        DType::Fp64 => "double_val",
        DType::C64 => "scomplex_val",
        DType::C128 => "dcomplex_val",
        DType::Bytes => "string_val",
        _ => "int_val",
    }
}

/// The typed fields, with how many values each has.
fn lengths(proto: &TensorProto) -> [(&'static str, usize); 11] {
    [
        ("float_val", proto.float_val.len()),
        ("double_val", proto.double_val.len()),
        ("int_val", proto.int_val.len()),
        ("string_val", proto.string_val.len()),
        ("scomplex_val", proto.scomplex_val.len()),
        ("int64_val", proto.int64_val.len()),
        ("bool_val", proto.bool_val.len()),
        ("dcomplex_val", proto.dcomplex_val.len()),
        ("half_val", proto.half_val.len()),
        ("uint32_val", proto.uint32_val.len()),
        ("uint64_val", proto.uint64_val.len()),
    ]
}

fn given(dtype: DType, proto: &TensorProto) -> usize {
    let expected = field(dtype);
    lengths(proto).iter().find(|(name, _)| *name == expected).map_or(0, |(_, length)| *length)
}

/// How many values make an element.
fn width(dtype: DType) -> usize {
    if matches!(dtype, DType::C64 | DType::C128) { 2 } else { 1 }
}

/// The bytes of the typed values.
fn numbers(dtype: DType, proto: &TensorProto) -> Said<Vec<u8>> {
    Ok(match dtype {
        DType::Bool => proto.bool_val.iter().map(|value| u8::from(*value)).collect(),
        DType::Int8 => bytes(&narrow(&proto.int_val)?, i8::to_ne_bytes),
        DType::Int16 => bytes(&narrow(&proto.int_val)?, i16::to_ne_bytes),
        DType::Int32 => bytes(&proto.int_val, i32::to_ne_bytes),
        DType::Int64 => bytes(&proto.int64_val, i64::to_ne_bytes),
        DType::UInt8 => narrow::<u8, _>(&proto.int_val)?,
        DType::UInt16 => bytes(&narrow(&proto.int_val)?, u16::to_ne_bytes),
        DType::UInt32 => bytes(&proto.uint32_val, u32::to_ne_bytes),
        DType::UInt64 => bytes(&proto.uint64_val, u64::to_ne_bytes),
        DType::Fp16 | DType::Bf16 => bytes(&narrow(&proto.half_val)?, u16::to_ne_bytes),
        DType::Fp32 => bytes(&proto.float_val, f32::to_ne_bytes),
        DType::Fp64 => bytes(&proto.double_val, f64::to_ne_bytes),
        // Real and imaginary parts in turn.
        DType::C64 => bytes(&proto.scomplex_val, f32::to_ne_bytes),
        _ => bytes(&proto.dcomplex_val, f64::to_ne_bytes),
    })
}

fn bytes<T: Copy, const N: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|value| to_bytes(*value)).collect()
}

/// Repeats the last element, or zero, until the shape is full.
fn filled(mut given: Vec<u8>, declared: &Declared) -> Vec<u8> {
    let (size, whole) = (declared.dtype.size().unwrap_or(1), declared.bytes());
    let last = given.rchunks(size).next().map_or_else(|| vec![0; size], <[u8]>::to_vec);
    given.reserve_exact(whole.saturating_sub(given.len()));
    while given.len() < whole {
        given.extend(&last);
    }
    given
}

/// Strings as TensorFlow packs them: all lengths as varints, then all bytes.
fn packed(count: usize, mut content: Bytes) -> Said<Vec<Bytes>> {
    if count > content.len() {
        let given = content.len();
        return Err(format!("has {given} bytes, too few for {count} BYTES elements"));
    }
    let mut lengths = Vec::with_capacity(count);
    for index in 0..count {
        let length = decode_varint(&mut content).ok().and_then(|length| u32::try_from(length).ok());
        let length = length.ok_or_else(|| format!("has no length of BYTES element {index}"))?;
        lengths.push(length as usize);
    }
    let sum: usize = lengths.iter().sum();
    if sum != content.len() {
        return Err(format!(
            "has {} bytes behind the lengths of its BYTES elements, which add up to {sum}",
            content.len()
        ));
    }
    Ok(lengths.into_iter().map(|length| content.split_to(length)).collect())
}

/// An output in the typed form: TensorFlow Serving answers in it, and many clients read
/// nothing else.
pub(crate) fn put(output: &Output) -> TensorProto {
    let dim = output.shape().map(|size| Dim { size, ..Default::default() }).collect();
    let mut proto = TensorProto {
        dtype: output.dtype().number(),
        tensor_shape: Some(TensorShape { dim, unknown_rank: false }),
        ..Default::default()
    };
    let bytes = output.bytes();
    match output.dtype() {
        DType::Bool => proto.bool_val = bytes.iter().map(|byte| *byte != 0).collect(),
        DType::Int8 => proto.int_val = values(bytes, i8::from_ne_bytes),
        DType::Int16 => proto.int_val = values(bytes, i16::from_ne_bytes),
        DType::Int32 => proto.int_val = values(bytes, i32::from_ne_bytes),
        DType::Int64 => proto.int64_val = values(bytes, i64::from_ne_bytes),
        DType::UInt8 => proto.int_val = values(bytes, u8::from_ne_bytes),
        DType::UInt16 => proto.int_val = values(bytes, u16::from_ne_bytes),
        DType::UInt32 => proto.uint32_val = values(bytes, u32::from_ne_bytes),
        DType::UInt64 => proto.uint64_val = values(bytes, u64::from_ne_bytes),
        DType::Fp16 | DType::Bf16 => proto.half_val = values(bytes, u16::from_ne_bytes),
        DType::Fp32 => proto.float_val = values(bytes, f32::from_ne_bytes),
        DType::Fp64 => proto.double_val = values(bytes, f64::from_ne_bytes),
        DType::C64 => proto.scomplex_val = values(bytes, f32::from_ne_bytes),
        DType::C128 => proto.dcomplex_val = values(bytes, f64::from_ne_bytes),
        _ => proto.string_val = output.strings(),
    }
    proto
}
