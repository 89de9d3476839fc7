//! TensorFlow's TensorProto, in which a signature has its defaults.

use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::decode_varint;

use crate::dtype::DType;
use crate::proto::serving::TensorProto;
use crate::shape;
use crate::tensor::Tensor;

/// A few bytes can stand for a tensor of any size: this many bytes are believed.
const FILL_LIMIT: usize = 64 << 20;

/// Reads a serialized TensorProto; `None` if it does not add up.
///
/// The elements are either `tensor_content` or values in the field of the dtype,
/// the last of which stands for all that are missing, and no value for zeros.
pub(crate) fn read(bytes: Bytes) -> Option<Tensor> {
    let proto = TensorProto::decode(bytes).ok()?;
    let dtype = DType::from_number(proto.dtype);
    let shape = proto.tensor_shape.clone().unwrap_or_default();
    if shape.unknown_rank {
        return None;
    }
    let dims: Option<Vec<_>> = shape.dim.iter().map(|dim| usize::try_from(dim.size).ok()).collect();
    let dims = dims?;
    let count = shape::count(&dims, dtype.size().unwrap_or(1)).ok()?;
    if dtype == DType::Bytes {
        return Tensor::from_strings(dims, strings(proto, count)?).ok();
    }
    let size = dtype.size()?;
    if !proto.tensor_content.is_empty() {
        return Tensor::from_bytes(dtype, dims, &proto.tensor_content).ok();
    }
    Tensor::from_bytes(dtype, dims, &filled(numbers(dtype, &proto), size, count)?).ok()
}

/// The bytes of the typed values.
fn numbers(dtype: DType, proto: &TensorProto) -> Vec<u8> {
    match dtype {
        DType::Bool => bytes(&proto.bool_val, |value| [u8::from(value)]),
        DType::Int8 | DType::UInt8 => bytes(&proto.int_val, |value| (value as u8).to_ne_bytes()),
        DType::Int16 | DType::UInt16 => bytes(&proto.int_val, |value| (value as u16).to_ne_bytes()),
        DType::Fp16 | DType::Bf16 => bytes(&proto.half_val, |value| (value as u16).to_ne_bytes()),
        DType::Int32 => bytes(&proto.int_val, i32::to_ne_bytes),
        DType::Int64 => bytes(&proto.int64_val, i64::to_ne_bytes),
        DType::UInt32 => bytes(&proto.uint32_val, u32::to_ne_bytes),
        DType::UInt64 => bytes(&proto.uint64_val, u64::to_ne_bytes),
        DType::Fp32 => bytes(&proto.float_val, f32::to_ne_bytes),
        DType::Fp64 => bytes(&proto.double_val, f64::to_ne_bytes),
        // Real and imaginary parts in turn.
        DType::C64 => bytes(&proto.scomplex_val, f32::to_ne_bytes),
        DType::C128 => bytes(&proto.dcomplex_val, f64::to_ne_bytes),
        DType::Bytes | DType::Other(_) => Vec::new(),
    }
}

fn bytes<T: Copy, const N: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|value| to_bytes(*value)).collect()
}

fn filled(mut values: Vec<u8>, size: usize, count: usize) -> Option<Vec<u8>> {
    let whole = size * count;
    if values.len() > whole || !values.len().is_multiple_of(size) {
        return None;
    }
    let last = values.rchunks(size).next().map_or_else(|| vec![0; size], <[u8]>::to_vec);
    if values.len() < whole && whole > FILL_LIMIT {
        return None;
    }
    while values.len() < whole {
        values.extend(&last);
    }
    Some(values)
}

fn strings(proto: TensorProto, count: usize) -> Option<Vec<Bytes>> {
    if !proto.tensor_content.is_empty() {
        return packed(proto.tensor_content, count);
    }
    let mut strings = proto.string_val;
    let fits = strings.len() == count || count.saturating_mul(size_of::<Bytes>()) <= FILL_LIMIT;
    if strings.len() > count || !fits {
        return None;
    }
    let last = strings.last().cloned().unwrap_or_default();
    strings.resize(count, last);
    Some(strings)
}

/// Strings as TensorFlow packs them: all lengths as varints, then all bytes.
fn packed(mut content: Bytes, count: usize) -> Option<Vec<Bytes>> {
    if count > content.len() {
        return None;
    }
    let lengths: Option<Vec<_>> =
        (0..count).map(|_| decode_varint(&mut content).ok()?.try_into().ok()).collect();
    let take = |length: usize| (length <= content.len()).then(|| content.split_to(length));
    let strings: Option<Vec<_>> = lengths?.into_iter().map(take).collect();
    strings.filter(|_| content.is_empty())
}
