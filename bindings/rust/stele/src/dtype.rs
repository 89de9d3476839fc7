//! Element types: what a tensor holds.

use std::fmt;

use half::{bf16, f16};
use num_complex::Complex;

/// The element type of a tensor, displayed by its name in the Open Inference
/// Protocol (`FP32`), plus `C64` and `C128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DType {
    /// `bool`, one byte.
    Bool,
    /// `i8`.
    Int8,
    /// `i16`.
    Int16,
    /// `i32`.
    Int32,
    /// `i64`.
    Int64,
    /// `u8`.
    UInt8,
    /// `u16`.
    UInt16,
    /// `u32`.
    UInt32,
    /// `u64`.
    UInt64,
    /// [`half::f16`], IEEE 754 binary16.
    Fp16,
    /// [`half::bf16`], bfloat16.
    Bf16,
    /// `f32`.
    Fp32,
    /// `f64`.
    Fp64,
    /// [`Complex<f32>`].
    C64,
    /// [`Complex<f64>`].
    C128,
    /// Strings of any bytes: TensorFlow's `DT_STRING`.
    Bytes,
    /// One that has no name here (resources, variants, quantized integers), by
    /// its number in TensorFlow; displayed as `TF_<number>`.
    Other(i32),
}

/// TensorFlow's number, name and element size of every dtype with a name.
const TABLE: [(DType, i32, &str, usize); 16] = [
    (DType::Bool, 10, "BOOL", 1),
    (DType::Int8, 6, "INT8", 1),
    (DType::Int16, 5, "INT16", 2),
    (DType::Int32, 3, "INT32", 4),
    (DType::Int64, 9, "INT64", 8),
    (DType::UInt8, 4, "UINT8", 1),
    (DType::UInt16, 17, "UINT16", 2),
    (DType::UInt32, 22, "UINT32", 4),
    (DType::UInt64, 23, "UINT64", 8),
    (DType::Fp16, 19, "FP16", 2),
    (DType::Bf16, 14, "BF16", 2),
    (DType::Fp32, 1, "FP32", 4),
    (DType::Fp64, 2, "FP64", 8),
    (DType::C64, 8, "C64", 8),
    (DType::C128, 18, "C128", 16),
    (DType::Bytes, 7, "BYTES", 0),
];

impl DType {
    /// Every dtype with a name.
    pub fn all() -> impl Iterator<Item = DType> {
        TABLE.iter().map(|row| row.0)
    }

    /// The dtype with this number in TensorFlow's `DataType`.
    pub fn from_number(number: i32) -> DType {
        let row = TABLE.iter().find(|row| row.1 == number);
        row.map_or(DType::Other(number), |row| row.0)
    }

    /// The dtype with this name, such as `FP32`.
    pub fn from_name(name: &str) -> Option<DType> {
        TABLE.iter().find(|row| row.2 == name).map(|row| row.0)
    }

    /// The number in TensorFlow's `DataType`.
    pub fn number(self) -> i32 {
        match self {
            DType::Other(number) => number,
            named => named.row().map_or(0, |row| row.1),
        }
    }

    /// Bytes of one element; `None` for [`DType::Bytes`], whose elements differ
    /// in size, and for [`DType::Other`].
    pub fn size(self) -> Option<usize> {
        self.row().map(|row| row.3).filter(|size| *size > 0)
    }

    fn row(self) -> Option<&'static (DType, i32, &'static str, usize)> {
        TABLE.iter().find(|row| row.0 == self)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(row) => f.write_str(row.2),
            None => write!(f, "TF_{}", self.number()),
        }
    }
}

/// A Rust type that is the element of a tensor. Strings are not among them: they
/// have [`Tensor::from_strings`](crate::Tensor::from_strings).
pub trait Element: Copy + Send + Sync + 'static + sealed::Plain {
    /// The dtype of a tensor of these.
    const DTYPE: DType;
}

pub(crate) mod sealed {
    use bytemuck::{CheckedBitPattern, NoUninit};

    /// A type that is its bytes.
    pub trait Plain: NoUninit + CheckedBitPattern {}
}

macro_rules! elements {
    ($($rust:ty => $dtype:ident,)*) => {$(
        impl sealed::Plain for $rust {}

        impl Element for $rust {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}

elements! {
    bool => Bool,
    i8 => Int8,
    i16 => Int16,
    i32 => Int32,
    i64 => Int64,
    u8 => UInt8,
    u16 => UInt16,
    u32 => UInt32,
    u64 => UInt64,
    f16 => Fp16,
    bf16 => Bf16,
    f32 => Fp32,
    f64 => Fp64,
    Complex<f32> => C64,
    Complex<f64> => C128,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for dtype in DType::all() {
            assert_eq!(DType::from_number(dtype.number()), dtype);
            assert_eq!(DType::from_name(&dtype.to_string()), Some(dtype));
        }
        assert_eq!(DType::from_number(20), DType::Other(20));
        assert_eq!(DType::Other(20).to_string(), "TF_20");
        assert_eq!(DType::Other(20).size(), None);
        assert_eq!(DType::from_name("FP8"), None);
    }

    #[test]
    fn a_rust_type_has_the_size_of_its_dtype() {
        assert_eq!(<Complex<f64> as Element>::DTYPE.size(), Some(size_of::<Complex<f64>>()));
        assert_eq!(<bf16 as Element>::DTYPE.size(), Some(size_of::<bf16>()));
        assert_eq!(<bool as Element>::DTYPE.size(), Some(size_of::<bool>()));
    }
}
