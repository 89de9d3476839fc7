//! Tensors as JSON: numbers by the shortest text that is read back to the same bits, and
//! `NaN`, `Infinity`, `-Infinity`, as TensorFlow Serving writes them.

use base64::Engine;
use bytes::Bytes;
use serde::Serialize;
use stele::{Code, DType};

use crate::output::Output;
use crate::refusal::{Refusal, Result};
use crate::rest::values::{BASE64, formless, has_form};

/// Lists without a value in them: a shape can ask for any number.
const LISTS: usize = 1 << 24;

/// The elements of one output, to be written.
pub(crate) struct Elements<'o> {
    output: &'o Output,
    strings: Vec<Bytes>,
    /// Whether strings go in base64.
    binary: bool,
}

impl<'o> Elements<'o> {
    /// `binary` if strings go in base64, whatever they are.
    ///
    /// # Errors
    /// UNIMPLEMENTED for a dtype without a form in JSON; OUT_OF_RANGE for a shape of
    /// endless empty lists.
    pub(crate) fn new(name: &str, output: &'o Output, binary: bool) -> Result<Elements<'o>> {
        if !has_form(output.dtype()) {
            let refusal = formless(output.dtype());
            return Err(Refusal::new(
                refusal.code,
                format!("output \"{name}\": {}", refusal.message),
            ));
        }
        let mut lists = output.sizes().iter().take_while(|size| **size > 0);
        let lists = lists.try_fold(1usize, |lists, size| lists.checked_mul(*size));
        if output.sizes().contains(&0) && lists.is_none_or(|lists| lists > LISTS) {
            let message = format!("output \"{name}\" has too many empty lists");
            return Err(Refusal::new(Code::OutOfRange, message));
        }
        let strings = if output.dtype() == DType::Bytes { output.strings() } else { Vec::new() };
        Ok(Elements { output, strings, binary })
    }

    /// Writes all of them as lists in lists.
    pub(crate) fn write(&self, text: &mut Vec<u8>) {
        self.nested(text, self.output.sizes(), 0);
    }

    /// Writes what is at this place of the first dimension.
    pub(crate) fn write_row(&self, text: &mut Vec<u8>, row: usize) {
        let rest = self.output.sizes().get(1..).unwrap_or_default();
        self.nested(text, rest, row * rest.iter().product::<usize>());
    }

    /// Writes all of them as one list, strings as they are.
    pub(crate) fn write_flat(&self, text: &mut Vec<u8>) {
        listed(text, self.output.sizes().iter().product(), |text, index| self.element(text, index));
    }

    /// Whether a string among them is not UTF-8.
    pub(crate) fn has_bytes(&self) -> bool {
        self.strings.iter().any(|string| std::str::from_utf8(string).is_err())
    }

    fn nested(&self, text: &mut Vec<u8>, sizes: &[usize], first: usize) {
        let Some((size, rest)) = sizes.split_first() else { return self.element(text, first) };
        let stride: usize = rest.iter().product();
        listed(text, *size, |text, index| self.nested(text, rest, first + index * stride));
    }

    fn element(&self, text: &mut Vec<u8>, index: usize) {
        let bytes = self.output.bytes();
        match self.output.dtype() {
            DType::Bool => put(text, &(bytes.get(index) == Some(&1))),
            DType::Int8 => put(text, &i8::from_ne_bytes(at(bytes, index))),
            DType::Int16 => put(text, &i16::from_ne_bytes(at(bytes, index))),
            DType::Int32 => put(text, &i32::from_ne_bytes(at(bytes, index))),
            DType::Int64 => put(text, &i64::from_ne_bytes(at(bytes, index))),
            DType::UInt8 => put(text, &u8::from_ne_bytes(at(bytes, index))),
            DType::UInt16 => put(text, &u16::from_ne_bytes(at(bytes, index))),
            DType::UInt32 => put(text, &u32::from_ne_bytes(at(bytes, index))),
            DType::UInt64 => put(text, &u64::from_ne_bytes(at(bytes, index))),
            DType::Fp32 => {
                let value = f32::from_ne_bytes(at(bytes, index));
                float(text, &value, value.into());
            }
            DType::Fp64 => {
                let value = f64::from_ne_bytes(at(bytes, index));
                float(text, &value, value);
            }
            _ => self.string(text, self.strings.get(index).map(|own| &**own).unwrap_or_default()),
        }
    }

    /// Text as a string, anything else in base64.
    fn string(&self, text: &mut Vec<u8>, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(string) if !self.binary => put(text, string),
            _ => {
                text.extend(b"{\"b64\":");
                put(text, &BASE64.encode(bytes));
                text.push(b'}');
            }
        }
    }
}

/// Writes a list of so many elements.
pub(crate) fn listed(
    text: &mut Vec<u8>,
    size: usize,
    mut element: impl FnMut(&mut Vec<u8>, usize),
) {
    text.push(b'[');
    for index in 0..size {
        if index > 0 {
            text.push(b',');
        }
        element(text, index);
    }
    text.push(b']');
}

/// Writes a value.
pub(crate) fn put(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // A Vec takes whatever is written to it.
    drop(serde_json::to_writer(text, value));
}

fn float(text: &mut Vec<u8>, value: &impl Serialize, number: f64) {
    if number.is_finite() {
        put(text, value);
    } else if number.is_nan() {
        text.extend(b"NaN");
    } else {
        let infinity: &[u8] = if number > 0.0 { b"Infinity" } else { b"-Infinity" };
        text.extend(infinity);
    }
}

fn at<const N: usize>(bytes: &[u8], index: usize) -> [u8; N] {
    bytes.as_chunks().0.get(index).copied().unwrap_or([0; N])
}
