//! Shapes: of tensors, whose dimensions are known, and of signatures, where
//! they need not be.

use std::fmt;

use crate::error::{Error, Result};

/// TensorFlow aborts the process on a tensor of a higher rank.
const MAX_RANK: usize = 254;

/// The shape that a signature declares; displayed as `[?,8,8,1]`, or as `?` when
/// the rank is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape(Option<Vec<Option<usize>>>);

impl Shape {
    pub(crate) fn new(dims: Vec<Option<usize>>) -> Shape {
        Shape(Some(dims))
    }

    pub(crate) fn unknown_rank() -> Shape {
        Shape(None)
    }

    /// The dimensions, `None` for one that is unknown; `None` if even their
    /// number is.
    pub fn dims(&self) -> Option<&[Option<usize>]> {
        self.0.as_deref()
    }

    /// The number of dimensions, if it is known.
    pub fn rank(&self) -> Option<usize> {
        self.0.as_ref().map(Vec::len)
    }

    /// Whether a tensor of this shape fits.
    pub fn accepts(&self, shape: &[usize]) -> bool {
        let Some(dims) = self.dims() else { return true };
        dims.len() == shape.len()
            && dims.iter().zip(shape).all(|(dim, size)| dim.is_none_or(|dim| dim == *size))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dims() {
            None => f.write_str("?"),
            Some(dims) => f.write_str(&bracketed(
                dims.iter().map(|dim| dim.map_or("?".into(), |dim| dim.to_string())),
            )),
        }
    }
}

/// A tensor's shape as messages show it: `[3,8,8]`.
pub(crate) fn display(shape: &[usize]) -> String {
    bracketed(shape.iter().map(usize::to_string))
}

fn bracketed(dims: impl Iterator<Item = String>) -> String {
    format!("[{}]", dims.collect::<Vec<_>>().join(","))
}

/// The number of elements of a shape that TensorFlow can hold.
///
/// It multiplies the dimensions in order, and aborts the process on an overflow
/// even if a later dimension is 0: such a shape is refused here.
pub(crate) fn count(shape: &[usize], element_size: usize) -> Result<usize> {
    if shape.len() > MAX_RANK {
        return Err(Error::Shape(format!("rank {} is beyond {MAX_RANK}", shape.len())));
    }
    let mut nonzero = shape.iter().filter(|dim| **dim > 0);
    let bytes = nonzero.try_fold(element_size.max(1), |product, dim| product.checked_mul(*dim));
    match bytes {
        Some(bytes) if i64::try_from(bytes).is_ok() => Ok(shape.iter().product()),
        _ => Err(Error::Shape(format!("shape {} is beyond 2^63-1 bytes", display(shape)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_dimensions_accept_anything() {
        let shape = Shape::new(vec![None, Some(8)]);
        assert!(shape.accepts(&[0, 8]));
        assert!(shape.accepts(&[7, 8]));
        assert!(!shape.accepts(&[7, 9]));
        assert!(!shape.accepts(&[8]));
        assert!(!shape.accepts(&[]));
        assert!(Shape::unknown_rank().accepts(&[1, 2, 3]));
        assert!(Shape::new(vec![]).accepts(&[]));
    }

    #[test]
    fn shapes_read_as_in_the_protocol() {
        assert_eq!(Shape::new(vec![None, Some(8), Some(1)]).to_string(), "[?,8,1]");
        assert_eq!(Shape::new(vec![]).to_string(), "[]");
        assert_eq!(Shape::unknown_rank().to_string(), "?");
        assert_eq!(display(&[3, 0]), "[3,0]");
    }

    #[test]
    fn counts_do_not_overflow() {
        assert_eq!(count(&[], 4), Ok(1));
        assert_eq!(count(&[2, 3], 4), Ok(6));
        assert_eq!(count(&[2, 0, 3], 4), Ok(0));
        let half = 1 << 32;
        assert!(count(&[half, half], 1).is_err());
        assert!(count(&[half, half, 0], 1).is_err());
        assert!(count(&[0, half, half], 1).is_err());
        assert!(count(&[1 << 61], 4).is_err());
        assert!(count(&[1; 254], 4).is_ok());
        assert!(count(&[1; 255], 4).is_err());
    }
}
