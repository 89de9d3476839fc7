//! What a run gives.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::signature::{Signature, quoted};
use crate::tensor::Tensor;

/// The outputs of a run, by name.
#[derive(Clone, Debug)]
pub struct Outputs {
    signature: Arc<Signature>,
    tensors: Vec<Tensor>,
}

impl Outputs {
    /// Tensors in the order of the signature's outputs.
    pub(crate) fn new(signature: Arc<Signature>, tensors: Vec<Tensor>) -> Outputs {
        Outputs { signature, tensors }
    }

    /// The output of this name.
    ///
    /// # Errors
    /// [`Error::Name`] lists those that there are.
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        let output = self.iter().find(|(own, _)| *own == name).map(|(_, tensor)| tensor);
        output.ok_or_else(|| {
            let names: Vec<_> = self.iter().map(|(name, _)| name).collect();
            Error::Name(format!("no output \"{name}\"; there is {}", quoted(&names)))
        })
    }

    /// Names and tensors, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor)> {
        self.signature.outputs.iter().map(|spec| &*spec.name).zip(&self.tensors)
    }

    /// The tensors alone, in the order of [`Signature::outputs`].
    pub fn into_tensors(self) -> Vec<Tensor> {
        self.tensors
    }
}

impl IntoIterator for Outputs {
    type Item = (String, Tensor);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<String>, std::vec::IntoIter<Tensor>>;

    fn into_iter(self) -> Self::IntoIter {
        let names: Vec<_> = self.signature.outputs.iter().map(|spec| spec.name.clone()).collect();
        names.into_iter().zip(self.tensors)
    }
}
