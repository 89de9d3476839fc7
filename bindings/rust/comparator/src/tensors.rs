//! Tensors of bundles as the crate's, and back. Its tensors have their dtype in
//! their Rust type, hence the trait objects.

use half::{bf16, f16};
use num_complex::Complex;
use stele::{DType, Element, half, num_complex};
use stele_worker::Refusal;
use tensorflow::{BFloat16, DataType, FetchToken, Operation, SessionRunArgs, Shape, TensorType};

use crate::refusal;

/// An input of any dtype.
pub trait Fed {
    fn add_to<'t>(&'t self, step: &mut SessionRunArgs<'t>, operation: &Operation, index: i32);
}

impl<T: TensorType> Fed for tensorflow::Tensor<T> {
    fn add_to<'t>(&'t self, step: &mut SessionRunArgs<'t>, operation: &Operation, index: i32) {
        step.add_feed(operation, index, self);
    }
}

/// An output of any dtype.
pub trait Fetched {
    fn to_stele(&self) -> Result<stele::Tensor, Refusal>;
}

/// A type that both crates have.
trait Shared: TensorType + Copy {
    type Stele: Element;
    fn to_stele(self) -> Self::Stele;
    fn from_stele(element: Self::Stele) -> Self;
}

macro_rules! shared {
    ($($rust:ty)*) => {$(
        impl Shared for $rust {
            type Stele = $rust;
            fn to_stele(self) -> $rust {
                self
            }
            fn from_stele(element: $rust) -> $rust {
                element
            }
        }
    )*};
}

shared! { bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64> }

/// The crate's own type shows no bits: an f32 has them, and 16 zeros.
impl Shared for BFloat16 {
    type Stele = bf16;
    fn to_stele(self) -> bf16 {
        bf16::from_bits((f32::from(self).to_bits() >> 16) as u16)
    }
    fn from_stele(element: bf16) -> BFloat16 {
        BFloat16::from(f32::from_bits(u32::from(element.to_bits()) << 16))
    }
}

impl<T: Shared> Fetched for tensorflow::Tensor<T> {
    fn to_stele(&self) -> Result<stele::Tensor, Refusal> {
        let elements: Vec<_> = self.iter().map(|element| element.to_stele()).collect();
        Ok(stele::Tensor::new(shape(self.dims()), &elements)?)
    }
}

impl Fetched for tensorflow::Tensor<String> {
    fn to_stele(&self) -> Result<stele::Tensor, Refusal> {
        Ok(stele::Tensor::from_strings(shape(self.dims()), self.iter())?)
    }
}

fn shape(dims: &[u64]) -> Vec<usize> {
    dims.iter().map(|dim| *dim as usize).collect()
}

/// Runs `$body` with `$type` as the crate's type of a dtype.
macro_rules! with_type {
    ($dtype:expr, $type:ident => $body:expr, bytes => $bytes:expr, else $other:expr) => {
        with_type!(@ $dtype, $type, $body, $bytes, $other,
            Bool bool, Int8 i8, Int16 i16, Int32 i32, Int64 i64, UInt8 u8, UInt16 u16,
            UInt32 u32, UInt64 u64, Fp16 f16, Bf16 BFloat16, Fp32 f32, Fp64 f64,
            C64 Complex<f32>, C128 Complex<f64>)
    };
    (@ $dtype:expr, $type:ident, $body:expr, $bytes:expr, $other:expr, $($name:ident $rust:ty),*) => {
        match $dtype {
            $(DType::$name => {
                type $type = $rust;
                $body
            })*
            DType::Bytes => $bytes,
            _ => $other,
        }
    };
}

/// A bundle's tensor as the crate's.
pub fn feed(tensor: &stele::Tensor) -> Result<Box<dyn Fed>, Refusal> {
    let dims: Vec<u64> = tensor.shape().iter().map(|dim| *dim as u64).collect();
    with_type!(tensor.dtype(), T => {
        let elements: Vec<T> =
            tensor.data::<<T as Shared>::Stele>()?.iter().map(|x| T::from_stele(*x)).collect();
        Ok(Box::new(tensorflow::Tensor::<T>::new(&dims).with_values(&elements).map_err(refusal)?))
    }, bytes => {
        let text = tensor.strings()?.map(|bytes| str::from_utf8(bytes).map(str::to_string));
        let text: Vec<_> = text.collect::<Result<_, _>>().map_err(|_| {
            Refusal::Unsupported("BYTES that are not UTF-8: the crate's strings are".to_string())
        })?;
        Ok(Box::new(tensorflow::Tensor::<String>::new(&dims).with_values(&text).map_err(refusal)?))
    }, else Err(unsupported(tensor.dtype())))
}

/// An output of a step.
pub fn fetch(
    step: &mut SessionRunArgs<'_>,
    dtype: DataType,
    token: FetchToken,
) -> Result<Box<dyn Fetched>, Refusal> {
    let dtype = self::dtype(dtype);
    with_type!(dtype, T => Ok(Box::new(step.fetch::<T>(token).map_err(refusal)?)),
        bytes => Ok(Box::new(step.fetch::<String>(token).map_err(refusal)?)),
        else Err(unsupported(dtype)))
}

fn unsupported(dtype: DType) -> Refusal {
    Refusal::Unsupported(format!("dtype {dtype}"))
}

/// The dtype, by the name that the crate gives it.
pub fn dtype(dtype: DataType) -> DType {
    match dtype {
        DataType::Half => DType::Fp16,
        DataType::BFloat16 => DType::Bf16,
        DataType::Float => DType::Fp32,
        DataType::Double => DType::Fp64,
        DataType::Complex64 => DType::C64,
        DataType::Complex128 => DType::C128,
        DataType::String => DType::Bytes,
        DataType::Resource => DType::Other(20),
        DataType::Variant => DType::Other(21),
        DataType::UnrecognizedEnumValue(number) => DType::Other(number as i32),
        named => {
            let name = format!("{named:?}").to_uppercase();
            DType::from_name(&name).unwrap_or(DType::Other(0))
        }
    }
}

/// A signature's shape.
pub fn dims(shape: &Shape) -> Option<Vec<Option<usize>>> {
    let dims: Option<Vec<Option<i64>>> = shape.clone().into();
    let known = |dim: Option<i64>| dim.and_then(|dim| usize::try_from(dim).ok());
    dims.map(|dims| dims.into_iter().map(known).collect())
}
