//! The values of the contract: as a person writes them, and their bytes.

use stele::num_complex::Complex;
use stele::{DType, Element, Outputs, Tensor, TensorView, half};

use super::contract::{table, unhex};

/// An element that a table can hold.
trait Literal: Element {
    fn parse(text: &str) -> Self;

    /// Its bits, little-endian: a NaN is its payload, and -0.0 is not 0.0.
    fn bits(self) -> Vec<u8>;
}

macro_rules! literals {
    ($($rust:ty)*) => {$(
        impl Literal for $rust {
            fn parse(text: &str) -> $rust {
                text.parse().unwrap()
            }

            fn bits(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        }
    )*};
}

macro_rules! float_literals {
    ($($rust:ty as $bits:ty;)*) => {$(
        impl Literal for $rust {
            fn parse(text: &str) -> $rust {
                match text.strip_prefix("nan:") {
                    Some(hex) => <$rust>::from_bits(<$bits>::from_str_radix(hex, 16).unwrap()),
                    None => text.parse().unwrap(),
                }
            }

            fn bits(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        }
    )*};
}

literals! { i8 i16 i32 i64 u8 u16 u32 u64 }
float_literals! { half::f16 as u16; half::bf16 as u16; f32 as u32; f64 as u64; }

impl Literal for bool {
    fn parse(text: &str) -> bool {
        text.parse().unwrap()
    }

    fn bits(self) -> Vec<u8> {
        vec![u8::from(self)]
    }
}

impl<T: Literal> Literal for Complex<T>
where
    Complex<T>: Element,
{
    fn parse(text: &str) -> Complex<T> {
        let (re, im) = text.split_once(';').unwrap();
        Complex::new(T::parse(re), T::parse(im))
    }

    fn bits(self) -> Vec<u8> {
        [self.re.bits(), self.im.bits()].concat()
    }
}

/// A row of `values.tsv`.
struct Row {
    dtype: DType,
    shape: Vec<usize>,
    literals: Vec<String>,
    bytes: Vec<u8>,
}

/// Takes every value of the contract through the constructors, a call of the model
/// `dtypes`, and the accessors. `run` calls a signature, whose output `same` is its
/// input.
pub(crate) fn survive(run: impl Fn(&str, TensorView<'_>) -> Outputs) {
    let rows = table("values.tsv", &["dtype", "shape", "literals", "bytes"]);
    assert_eq!(rows.len(), DType::all().count());
    for row in rows {
        let row = Row {
            dtype: DType::from_name(&row[0]).unwrap(),
            shape: row[1].split(',').map(|dim| dim.parse().unwrap()).collect(),
            literals: row[2].split(',').map(String::from).collect(),
            bytes: unhex(&row[3]),
        };
        let signature = row.dtype.to_string().to_lowercase();
        let same = |input: TensorView<'_>| run(&signature, input).get("same").unwrap().clone();
        match row.dtype {
            DType::Bool => numbers::<bool>(&row, same),
            DType::Int8 => numbers::<i8>(&row, same),
            DType::Int16 => numbers::<i16>(&row, same),
            DType::Int32 => numbers::<i32>(&row, same),
            DType::Int64 => numbers::<i64>(&row, same),
            DType::UInt8 => numbers::<u8>(&row, same),
            DType::UInt16 => numbers::<u16>(&row, same),
            DType::UInt32 => numbers::<u32>(&row, same),
            DType::UInt64 => numbers::<u64>(&row, same),
            DType::Fp16 => numbers::<half::f16>(&row, same),
            DType::Bf16 => numbers::<half::bf16>(&row, same),
            DType::Fp32 => numbers::<f32>(&row, same),
            DType::Fp64 => numbers::<f64>(&row, same),
            DType::C64 => numbers::<Complex<f32>>(&row, same),
            DType::C128 => numbers::<Complex<f64>>(&row, same),
            DType::Bytes => strings(&row, same),
            other => panic!("values.tsv: {other} is unknown here"),
        }
    }
}

fn numbers<T: Literal>(row: &Row, same: impl Fn(TensorView<'_>) -> Tensor) {
    let values: Vec<T> = row.literals.iter().map(|text| T::parse(text)).collect();
    let bits: Vec<_> = values.iter().map(|value| value.bits()).collect();
    assert_eq!(bits.concat(), row.bytes, "{}: the row itself", row.dtype);

    let tensor = Tensor::new(&*row.shape, &values).unwrap();
    let of_bytes = Tensor::from_bytes(row.dtype, &*row.shape, &row.bytes).unwrap();
    let outputs = [
        same(TensorView::new(&row.shape, &values).unwrap()),
        same(TensorView::from(&tensor)),
        same(TensorView::from(&of_bytes)),
    ];
    for tensor in outputs.iter().chain([&tensor, &of_bytes]) {
        assert_eq!((tensor.dtype(), tensor.shape()), (row.dtype, &*row.shape));
        assert_eq!(tensor.bytes(), Ok(&*row.bytes), "{}", row.dtype);
        let data = tensor.data::<T>().unwrap();
        let read: Vec<_> = data.iter().map(|value| value.bits()).collect();
        assert_eq!(read, bits, "{}", row.dtype);
    }
}

fn strings(row: &Row, same: impl Fn(TensorView<'_>) -> Tensor) {
    let values: Vec<_> =
        row.literals.iter().map(|text| unhex(text.strip_prefix("hex:").unwrap())).collect();
    let tensor = Tensor::from_strings(&*row.shape, &values).unwrap();
    let of_bytes = Tensor::from_raw_contents(row.dtype, &*row.shape, &row.bytes).unwrap();
    let outputs = [same(TensorView::from(&tensor)), same(TensorView::from(&of_bytes))];
    for tensor in outputs.iter().chain([&tensor, &of_bytes]) {
        assert_eq!((tensor.dtype(), tensor.shape()), (row.dtype, &*row.shape));
        assert_eq!(*TensorView::from(tensor).raw_contents().unwrap(), *row.bytes);
        assert!(tensor.strings().unwrap().eq(&values), "{:?}", tensor.strings());
    }
}
