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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{TensorShape, tensor_shape::Dim};
    use crate::tensor::TensorView;

    fn shape(sizes: &[i64]) -> Option<TensorShape> {
        let dim = sizes.iter().map(|size| Dim { size: *size, ..Default::default() }).collect();
        Some(TensorShape { dim, unknown_rank: false })
    }

    fn proto(dtype: DType, sizes: &[i64]) -> TensorProto {
        let dtype = dtype.number();
        TensorProto { dtype, tensor_shape: shape(sizes), ..Default::default() }
    }

    fn contents(proto: &TensorProto) -> Option<Vec<u8>> {
        let tensor = read(proto.encode_to_vec().into())?;
        assert_eq!(tensor.dtype().number(), proto.dtype);
        Some(TensorView::from(&tensor).raw_contents().unwrap().into_owned())
    }

    #[test]
    fn elements_are_content_or_typed_values() {
        let content = Bytes::from_static(b"\x00\x00\x80\x3f\x00\x00\x00\x40");
        let fp32 = || proto(DType::Fp32, &[2]);
        let int = |dtype, int_val| TensorProto { int_val, ..proto(dtype, &[2]) };
        let rows = [
            (TensorProto { tensor_content: content.clone(), ..fp32() }, &content[..]),
            (TensorProto { float_val: vec![1.0, 2.0], ..fp32() }, &content),
            (TensorProto { float_val: vec![1.0], ..fp32() }, b"\0\0\x80\x3f\0\0\x80\x3f"),
            (fp32(), &[0; 8]),
            (int(DType::Int8, vec![-2, 1]), b"\xfe\x01"),
            (int(DType::UInt16, vec![65535, 1]), b"\xff\xff\x01\0"),
            (int(DType::Int32, vec![-2]), b"\xfe\xff\xff\xff\xfe\xff\xff\xff"),
            (
                TensorProto { half_val: vec![0x3c00], ..proto(DType::Fp16, &[2]) },
                b"\x00\x3c\x00\x3c",
            ),
            (TensorProto { bool_val: vec![true, false], ..proto(DType::Bool, &[2]) }, b"\x01\0"),
            (TensorProto { scomplex_val: vec![1.0, 2.0], ..proto(DType::C64, &[]) }, &content),
        ];
        for (proto, expected) in rows {
            assert_eq!(contents(&proto).as_deref(), Some(expected), "{proto:?}");
        }
    }

    #[test]
    fn strings_are_values_or_packed() {
        let framed = b"\x01\0\0\0a\x02\0\0\0bc";
        let bytes = || proto(DType::Bytes, &[2]);
        let string_val = vec![Bytes::from("a"), Bytes::from("bc")];
        let typed = TensorProto { string_val, ..bytes() };
        let packed = TensorProto { tensor_content: Bytes::from_static(b"\x01\x02abc"), ..bytes() };
        for proto in [typed, packed] {
            assert_eq!(contents(&proto).as_deref(), Some(&framed[..]));
        }
        assert_eq!(contents(&bytes()).as_deref(), Some(&[0; 8][..]));
    }

    #[test]
    fn what_does_not_add_up_is_none() {
        let fp32 = |sizes| proto(DType::Fp32, sizes);
        let content = Bytes::from_static(b"abc");
        let rows = [
            TensorProto { float_val: vec![1.0, 2.0], ..fp32(&[1]) },
            TensorProto { tensor_content: content.clone(), ..fp32(&[1]) },
            TensorProto { tensor_content: content.clone(), ..proto(DType::Bytes, &[3]) },
            TensorProto { tensor_content: content, ..proto(DType::Bytes, &[1 << 40]) },
            TensorProto { float_val: vec![1.0], ..fp32(&[1 << 40]) },
            TensorProto { scomplex_val: vec![1.0], ..proto(DType::C64, &[1]) },
            fp32(&[-1]),
            proto(DType::Other(20), &[1]),
            proto(DType::Bytes, &[1 << 40]),
            TensorProto {
                tensor_shape: Some(TensorShape { unknown_rank: true, ..Default::default() }),
                ..fp32(&[])
            },
        ];
        for proto in rows {
            assert_eq!(contents(&proto), None, "{proto:?}");
        }
        assert!(read(Bytes::from_static(b"\xff")).is_none());
    }
}
