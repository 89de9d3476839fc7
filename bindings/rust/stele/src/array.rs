//! Conversions to and from `ndarray`.

use ndarray::{ArrayBase, ArrayViewD, Data, Dimension, IxDyn};

use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

impl Tensor {
    /// Copies an array of any layout into a tensor.
    ///
    /// ```
    /// use ndarray::array;
    /// use stele::Tensor;
    ///
    /// let columns = array![[1i32, 2, 3], [4, 5, 6]].reversed_axes();
    /// let tensor = Tensor::from_array(&columns)?;
    /// assert_eq!(tensor.shape(), [3, 2]);
    /// assert_eq!(tensor.data::<i32>()?, [1, 4, 2, 5, 3, 6]);
    /// assert_eq!(tensor.array::<i32>()?, columns.into_dyn());
    /// # Ok::<(), stele::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for a rank beyond TensorFlow's.
    pub fn from_array<T, S, D>(array: &ArrayBase<S, D>) -> Result<Tensor>
    where
        T: Element,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let standard = array.as_standard_layout();
        Tensor::new(array.shape(), standard.as_slice().unwrap_or(&[]))
    }

    /// The elements as an array, without a copy.
    ///
    /// # Errors
    /// As [`Tensor::data`].
    pub fn array<T: Element>(&self) -> Result<ArrayViewD<'_, T>> {
        ArrayViewD::from_shape(IxDyn(self.shape()), self.data()?)
            .map_err(|error| Error::Shape(error.to_string()))
    }
}
