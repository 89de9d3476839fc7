//! Raw contents: a tensor as the bytes that travel in messages of the Open
//! Inference Protocol and lie in the files of a bundle.

use std::borrow::Cow;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorView};

impl Tensor {
    /// Reads raw contents, as [`TensorView::raw_contents`] writes them.
    ///
    /// # Errors
    /// As [`Tensor::from_bytes`]; [`Error::Value`] too if the last string of a
    /// BYTES tensor is cut short.
    pub fn from_raw_contents(
        dtype: DType,
        shape: impl Into<Vec<usize>>,
        bytes: &[u8],
    ) -> Result<Tensor> {
        if dtype != DType::Bytes {
            return Tensor::from_bytes(dtype, shape, bytes);
        }
        let strings = unframe(bytes)
            .ok_or_else(|| Error::Value(format!("{} bytes end inside a string", bytes.len())))?;
        Tensor::from_strings(shape, strings)
    }
}

impl<'a> TensorView<'a> {
    /// The elements as they travel in messages of the Open Inference Protocol:
    /// numbers in row-major order and this machine's byte order, which must be
    /// little-endian; of BYTES, the length of each string as `u32`, then its
    /// bytes.
    ///
    /// ```
    /// use stele::{DType, Tensor, TensorView};
    ///
    /// let words = Tensor::from_strings([2], ["a", "bc"])?;
    /// let contents = TensorView::from(&words).raw_contents()?;
    /// assert_eq!(*contents, *b"\x01\0\0\0a\x02\0\0\0bc");
    /// let again = Tensor::from_raw_contents(DType::Bytes, [2], &contents)?;
    /// assert!(again.strings()?.eq(words.strings()?));
    /// # Ok::<(), stele::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] for a string of 4 GiB or more.
    pub fn raw_contents(self) -> Result<Cow<'a, [u8]>> {
        if self.dtype() != DType::Bytes {
            return self.bytes().map(Cow::Borrowed);
        }
        let mut bytes = Vec::new();
        for string in self.strings()? {
            let length = u32::try_from(string.len()).map_err(|_| {
                Error::Value(format!("a string of {} bytes is too long", string.len()))
            })?;
            bytes.extend(length.to_le_bytes());
            bytes.extend(string);
        }
        Ok(Cow::Owned(bytes))
    }
}

/// The strings of framed bytes; `None` if they end inside one.
fn unframe(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut strings = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk()?;
        let (string, rest) = rest.split_at_checked(u32::from_le_bytes(*length).try_into().ok()?)?;
        strings.push(string);
        bytes = rest;
    }
    Some(strings)
}
