//! What a message declares a tensor to be, checked before memory is taken for it.

use std::fmt;

use bytes::Bytes;
use stele::{DType, Tensor};

/// A dtype with a name, and a shape that a tensor may have.
pub(crate) struct Declared {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    /// The number of elements.
    pub(crate) count: usize,
}

impl Declared {
    /// # Errors
    /// What is wrong with the shape, to stand behind the tensor's name.
    pub(crate) fn new(dtype: DType, dims: &[i64]) -> Result<Declared, String> {
        let size = dtype.size().unwrap_or(0);
        let sizes: Option<Vec<_>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let shape = sizes
            .ok_or_else(|| format!("has a negative dimension in its shape {}", listed(dims)))?;
        // Any dimension of 0 would hide an overflow of the others: multiply without it.
        let mut nonzero = shape.iter().filter(|dim| **dim > 0);
        let bytes = nonzero.try_fold(size.max(1), |product, dim| product.checked_mul(*dim));
        if bytes.is_none_or(|bytes| i64::try_from(bytes).is_err()) {
            return Err(format!("has a shape {} beyond 2^63-1 bytes", listed(dims)));
        }
        Ok(Declared { dtype, count: shape.iter().product(), shape })
    }

    /// Bytes of the elements; 0 for BYTES.
    pub(crate) fn bytes(&self) -> usize {
        self.count * self.dtype.size().unwrap_or(0)
    }

    /// The tensor of these bytes, which are not copied; not for BYTES.
    ///
    /// # Errors
    /// What is wrong with them, to stand behind the tensor's name.
    pub(crate) fn tensor(self, data: Bytes) -> Result<Tensor, String> {
        let expected = self.bytes();
        if data.len() != expected {
            return Err(format!("has {} bytes; {self} has {expected}", data.len()));
        }
        if self.dtype == DType::Bool && data.iter().any(|byte| *byte > 1) {
            return Err("has a BOOL byte other than 0 and 1".to_string());
        }
        Tensor::from_owner_bytes(self.dtype, self.shape, data).map_err(of_crate)
    }
}

/// What the crate says of a tensor, to stand behind its name.
pub(crate) fn of_crate(error: stele::Error) -> String {
    format!("has {}", error.message())
}

/// `FP32 [2,3]`.
impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.dtype, listed(&self.shape))
    }
}

fn listed(dims: &[impl ToString]) -> String {
    format!("[{}]", dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}
