//! One tensor out of nested lists of JSON, with TensorFlow Serving's rules and texts.
//!
//! An integer is never a float on its way, a float is rounded once, from its text.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use jiter::Peek;
use stele::{Code, DType, Tensor};

use crate::declared::{Declared, of_crate};
use crate::refusal::{Refusal, Result, shown};
use crate::rest::dtypes::display_name;
use crate::rest::json::{Json, kind};

/// With padding or without, as TensorFlow Serving reads it.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The values of a tensor, as they are read.
pub(crate) struct Values {
    dtype: DType,
    /// Of one item; the sizes that are not known yet are those of lists that are open.
    dims: Vec<Option<usize>>,
    /// Whether there are no more dimensions to come.
    ranked: bool,
    /// How many items have been read.
    pub(crate) items: usize,
    bytes: Vec<u8>,
    strings: Vec<Bytes>,
}

impl Values {
    pub(crate) fn new(dtype: DType) -> Values {
        let (dims, bytes, strings) = (Vec::new(), Vec::new(), Vec::new());
        Values { dtype, dims, ranked: false, items: 0, bytes, strings }
    }

    /// Reads one item: a value, or lists of lists of values, as deep and as long as the
    /// items before it.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what does not fit; UNIMPLEMENTED for a dtype without a form
    /// in JSON.
    pub(crate) fn item(&mut self, json: &mut Json<'_>) -> Result<()> {
        let peek = json.peek()?;
        self.value(json, peek, 0)?;
        self.ranked = true;
        self.items += 1;
        Ok(())
    }

    /// The tensor of the only item.
    ///
    /// # Errors
    /// What is wrong with it, to stand behind its name.
    pub(crate) fn alone(self) -> std::result::Result<Tensor, String> {
        let dims = self.sizes();
        self.tensor(dims)
    }

    /// The tensor of the only item, which has this shape or is a flat list of its
    /// elements.
    ///
    /// # Errors
    /// What is wrong with it, to stand behind its name.
    pub(crate) fn shaped(self, declared: Declared) -> std::result::Result<Tensor, String> {
        let sizes = self.sizes();
        let count: usize = sizes.iter().product();
        if (sizes.len() != 1 && sizes != declared.shape) || count != declared.count {
            return Err(format!("has data of shape {sizes:?}; it is {declared}"));
        }
        self.tensor(declared.shape)
    }

    /// The tensor of all items, one behind the other.
    ///
    /// # Errors
    /// What is wrong with it, to stand behind its name.
    pub(crate) fn batch(self) -> std::result::Result<Tensor, String> {
        let dims = [vec![self.items], self.sizes()].concat();
        self.tensor(dims)
    }

    fn sizes(&self) -> Vec<usize> {
        self.dims.iter().map(|dim| dim.unwrap_or(0)).collect()
    }

    fn tensor(self, shape: Vec<usize>) -> std::result::Result<Tensor, String> {
        if self.dtype == DType::Bytes {
            return Tensor::from_strings(shape, self.strings).map_err(of_crate);
        }
        let size = self.dtype.size().unwrap_or(1);
        let count = self.bytes.len() / size;
        Declared { dtype: self.dtype, shape, count }.tensor(self.bytes.into())
    }

    /// Recursive: a [`Span`](super::json::Span) is nested 200 levels deep at most.
    fn value(&mut self, json: &mut Json<'_>, peek: Peek, level: usize) -> Result<()> {
        if peek != Peek::Array {
            return self.leaf(json, peek, level);
        }
        if self.dims.len() == level {
            if self.ranked {
                return Err(Refusal::invalid(format!(
                    "Encountered list at unexpected level: {level} expected < {level}"
                )));
            }
            self.dims.push(None);
        }
        let mut size = 0;
        let mut element = json.array()?;
        while let Some(peek) = element {
            self.value(json, peek, level + 1)?;
            size += 1;
            element = json.next_element()?;
        }
        // An empty list ends the way down as a value does.
        self.ranked = true;
        match self.dims.get_mut(level) {
            Some(Some(expected)) if *expected != size => Err(Refusal::invalid(format!(
                "Encountered list at unexpected size: {size} at level: {level} expected size: {expected}"
            ))),
            Some(dim) => {
                *dim = Some(size);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn leaf(&mut self, json: &mut Json<'_>, peek: Peek, level: usize) -> Result<()> {
        self.ranked = true;
        let rank = self.dims.len();
        if level != rank {
            return Err(Refusal::invalid(format!(
                "JSON Value: {} found at incorrect level: {} in the JSON DOM. Expected at level: {rank}",
                json.skip()?.shown(),
                level + 1,
            )));
        }
        match (self.dtype, peek) {
            (DType::Bool, Peek::True | Peek::False) => {
                self.bytes.push(u8::from(json.boolean(peek)?));
            }
            (DType::Bytes, Peek::String) => self.strings.push(json.string()?.into()),
            (DType::Bytes, Peek::Object) => self.strings.push(base64(json)?),
            (dtype, _) if !has_form(dtype) => return Err(formless(dtype)),
            (dtype, peek) if has_numbers(dtype) && peek.is_num() => {
                number(dtype, json.number(peek)?, &mut self.bytes)?;
            }
            (dtype, _) => return Err(misfit(dtype, &json.skip()?.shown(), peek)),
        }
        Ok(())
    }
}

fn misfit(dtype: DType, value: &str, peek: Peek) -> Refusal {
    Refusal::invalid(format!(
        "JSON Value: {value} Type: {} is not of expected type: {}",
        kind(peek),
        display_name(dtype.number())
    ))
}

/// A dtype that has no form in JSON.
pub(crate) fn formless(dtype: DType) -> Refusal {
    let name = display_name(dtype.number());
    let message = format!(
        "Conversion of JSON Value to type: {name}: it has no form in JSON; use gRPC, or the \
         Open Inference Protocol with binary data"
    );
    Refusal::new(Code::Unimplemented, message)
}

/// Whether values are numbers of JSON.
pub(crate) fn has_numbers(dtype: DType) -> bool {
    use DType::{Fp32, Fp64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
    matches!(dtype, Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 | Fp32 | Fp64)
}

/// Whether values have a form in JSON.
pub(crate) fn has_form(dtype: DType) -> bool {
    has_numbers(dtype) || matches!(dtype, DType::Bool | DType::Bytes)
}

/// Appends the bytes of a number.
fn number(dtype: DType, text: &str, bytes: &mut Vec<u8>) -> Result<()> {
    let misfit = || misfit(dtype, &shown(text), Peek::Minus);
    macro_rules! integer {
        ($kind:ty) => {
            bytes.extend(text.parse::<$kind>().map_err(|_| misfit())?.to_ne_bytes())
        };
    }
    macro_rules! float {
        ($kind:ty) => {{
            let value = text.parse::<$kind>().map_err(|_| misfit())?;
            if is_lossy(text, value.is_finite(), value as i128) {
                return Err(lossy(dtype, text));
            }
            bytes.extend(value.to_ne_bytes());
        }};
    }
    match dtype {
        DType::Int8 => integer!(i8),
        DType::Int16 => integer!(i16),
        DType::Int32 => integer!(i32),
        DType::Int64 => integer!(i64),
        DType::UInt8 => integer!(u8),
        DType::UInt16 => integer!(u16),
        DType::UInt32 => integer!(u32),
        DType::UInt64 => integer!(u64),
        DType::Fp32 => float!(f32),
        _ => float!(f64),
    }
    Ok(())
}

fn lossy(dtype: DType, text: &str) -> Refusal {
    Refusal::invalid(format!(
        "Cannot convert JSON value: {} to {} without loss of precision.",
        shown(text),
        display_name(dtype.number())
    ))
}

/// Whether a number is too large for a float, or is an integer that it rounds.
fn is_lossy(text: &str, finite: bool, rounded: i128) -> bool {
    if !finite {
        return text.bytes().any(|byte| byte.is_ascii_digit());
    }
    text.parse::<i128>().is_ok_and(|exact| exact != rounded)
}

/// `{"b64": "…"}`.
fn base64(json: &mut Json<'_>) -> Result<Bytes> {
    let mut ahead = json.clone();
    let mut malformed = || match ahead.skip() {
        Ok(value) => Refusal::invalid(format!(
            "JSON Value: {} not formatted correctly for base64 data",
            value.shown()
        )),
        Err(refusal) => refusal,
    };
    if json.object()?.as_deref() != Some("b64") || json.peek()? != Peek::String {
        return Err(malformed());
    }
    let text = json.string()?;
    if json.next_key()?.is_some() {
        return Err(malformed());
    }
    let bytes = BASE64.decode(text).map_err(|_| Refusal::invalid("Unable to base64 decode"))?;
    Ok(bytes.into())
}
