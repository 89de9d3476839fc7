//! The elements of a tensor as the bytes of a bundle, by way of the constructors and
//! accessors that a user of the crate calls: what moves raw bytes past them would
//! prove nothing about them.

use stele::num_complex::Complex;
use stele::{DType, Element, Error, Result, Tensor, half};

/// An element and its bytes in a bundle, little-endian.
trait Stored: Element {
    /// `None` for bytes that are no such element.
    fn from_stored(bytes: &[u8]) -> Option<Self>;

    fn store(self, bytes: &mut Vec<u8>);
}

macro_rules! stored {
    ($($rust:ty)*) => {$(
        impl Stored for $rust {
            fn from_stored(bytes: &[u8]) -> Option<$rust> {
                Some(<$rust>::from_le_bytes(bytes.try_into().ok()?))
            }

            fn store(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    )*};
}

stored! { i8 i16 i32 i64 u8 u16 u32 u64 half::f16 half::bf16 f32 f64 }

impl Stored for bool {
    fn from_stored(bytes: &[u8]) -> Option<bool> {
        match bytes {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn store(self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self));
    }
}

impl<T: Stored> Stored for Complex<T>
where
    Complex<T>: Element,
{
    fn from_stored(bytes: &[u8]) -> Option<Complex<T>> {
        let (re, im) = bytes.split_at(bytes.len() / 2);
        Some(Complex::new(T::from_stored(re)?, T::from_stored(im)?))
    }

    fn store(self, bytes: &mut Vec<u8>) {
        self.re.store(bytes);
        self.im.store(bytes);
    }
}

/// Calls `$numbers::<T>` with the type of a dtype's elements, or `$strings`.
macro_rules! by_dtype {
    ($dtype:expr, $numbers:ident $arguments:tt, $strings:expr) => {
        match $dtype {
            DType::Bool => $numbers::<bool> $arguments,
            DType::Int8 => $numbers::<i8> $arguments,
            DType::Int16 => $numbers::<i16> $arguments,
            DType::Int32 => $numbers::<i32> $arguments,
            DType::Int64 => $numbers::<i64> $arguments,
            DType::UInt8 => $numbers::<u8> $arguments,
            DType::UInt16 => $numbers::<u16> $arguments,
            DType::UInt32 => $numbers::<u32> $arguments,
            DType::UInt64 => $numbers::<u64> $arguments,
            DType::Fp16 => $numbers::<half::f16> $arguments,
            DType::Bf16 => $numbers::<half::bf16> $arguments,
            DType::Fp32 => $numbers::<f32> $arguments,
            DType::Fp64 => $numbers::<f64> $arguments,
            DType::C64 => $numbers::<Complex<f32>> $arguments,
            DType::C128 => $numbers::<Complex<f64>> $arguments,
            DType::Bytes => $strings,
            other => Err(Error::Unsupported(format!("a bundle cannot hold {other}"))),
        }
    };
}

/// Makes a tensor of what a bundle's file holds.
///
/// # Errors
/// What does not add up.
pub(crate) fn tensor(dtype: DType, shape: Vec<usize>, bytes: &[u8]) -> Result<Tensor> {
    by_dtype!(dtype, numbers(shape, bytes), strings(shape, bytes))
}

fn numbers<T: Stored>(shape: Vec<usize>, bytes: &[u8]) -> Result<Tensor> {
    let stored = bytes.chunks_exact(size_of::<T>());
    if !stored.remainder().is_empty() {
        let (count, dtype) = (bytes.len(), T::DTYPE);
        return Err(Error::Value(format!("{count} bytes are no whole number of {dtype}")));
    }
    let values: Option<Vec<T>> = stored.map(T::from_stored).collect();
    let values =
        values.ok_or_else(|| Error::Value("a BOOL byte is neither 0 nor 1".to_string()))?;
    Tensor::new(shape, &values)
}

fn strings(shape: Vec<usize>, mut bytes: &[u8]) -> Result<Tensor> {
    let cut_short = Error::Value(format!("{} bytes end inside a string", bytes.len()));
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (string, rest) = split_string(bytes).ok_or_else(|| cut_short.clone())?;
        values.push(string);
        bytes = rest;
    }
    Tensor::from_strings(shape, values)
}

/// The first string, behind its length, and what follows it.
fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length).try_into().ok()?)
}

/// What a bundle's file holds of a tensor.
///
/// # Errors
/// A string of 4 GiB or more, or a BOOL that is neither 0 nor 1.
pub(crate) fn stored(tensor: &Tensor) -> Result<Vec<u8>> {
    by_dtype!(tensor.dtype(), stored_numbers(tensor), stored_strings(tensor))
}

fn stored_numbers<T: Stored>(tensor: &Tensor) -> Result<Vec<u8>> {
    let data = tensor.data::<T>()?;
    let mut bytes = Vec::with_capacity(size_of_val(data));
    data.iter().for_each(|value| value.store(&mut bytes));
    Ok(bytes)
}

fn stored_strings(tensor: &Tensor) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for string in tensor.strings()? {
        let too_long = |_| Error::Value(format!("a string of {} bytes is too long", string.len()));
        bytes.extend(u32::try_from(string.len()).map_err(too_long)?.to_le_bytes());
        bytes.extend(string);
    }
    Ok(bytes)
}
