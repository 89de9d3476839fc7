//! One output of one call: a tensor, or its rows out of a batch's.

use std::ops::Range;

use bytes::Bytes;
use stele::{DType, Tensor, TensorView};

use crate::refusal::Result;

/// A tensor, or some of its rows.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    tensor: Tensor,
    shape: Vec<usize>,
    elements: Range<usize>,
}

/// Outputs by name, in the order in which they are answered.
pub(crate) type Outputs = Vec<(String, Output)>;

impl Output {
    /// These rows of a tensor that has at least so many.
    pub(crate) fn rows(tensor: &Tensor, rows: Range<usize>) -> Output {
        let mut shape = tensor.shape().to_vec();
        let row: usize = shape.iter().skip(1).product();
        if let Some(first) = shape.first_mut() {
            *first = rows.len();
        }
        Output { tensor: tensor.clone(), shape, elements: rows.start * row..rows.end * row }
    }

    pub(crate) fn dtype(&self) -> DType {
        self.tensor.dtype()
    }

    /// As messages have shapes.
    pub(crate) fn shape(&self) -> impl Iterator<Item = i64> {
        // At most 2^63-1 each, or there would be no such tensor.
        self.shape.iter().map(|dim| *dim as i64)
    }

    /// Sizes of the dimensions.
    pub(crate) fn sizes(&self) -> &[usize] {
        &self.shape
    }

    /// The bytes of the elements; none for BYTES.
    pub(crate) fn bytes(&self) -> &[u8] {
        let size = self.dtype().size().unwrap_or(0);
        let range = self.elements.start * size..self.elements.end * size;
        self.tensor.bytes().ok().and_then(|bytes| bytes.get(range)).unwrap_or_default()
    }

    /// The elements of a BYTES tensor; none for others.
    pub(crate) fn strings(&self) -> Vec<Bytes> {
        let strings = self.tensor.strings().into_iter().flatten();
        let own = strings.skip(self.elements.start).take(self.elements.len());
        own.map(Bytes::copy_from_slice).collect()
    }

    /// As it travels in raw contents; numbers are not copied.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a string of 4 GiB.
    pub(crate) fn raw(self) -> Result<Bytes> {
        if self.dtype() == DType::Bytes {
            let strings = Tensor::from_strings(self.shape.clone(), self.strings())?;
            let contents = TensorView::from(&strings).raw_contents()?;
            return Ok(Bytes::from(contents.into_owned()));
        }
        Ok(Bytes::from_owner(self))
    }
}

impl AsRef<[u8]> for Output {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl From<Tensor> for Output {
    fn from(tensor: Tensor) -> Output {
        let (shape, elements) = (tensor.shape().to_vec(), 0..tensor.element_count());
        Output { tensor, shape, elements }
    }
}
