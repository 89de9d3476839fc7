//! A call of whatever takes the crate's tensors and gives its outputs.

use crate::{Call, Refusal, Tensors};

/// A prepared run and its inputs.
pub struct Prepared<R> {
    run: R,
    inputs: Tensors,
    outputs: Option<stele::Outputs>,
}

impl<R: Fn(&Tensors) -> stele::Result<stele::Outputs>> Prepared<R> {
    /// The call `run(inputs)`.
    pub fn new(inputs: Tensors, run: R) -> Prepared<R> {
        Prepared { run, inputs, outputs: None }
    }
}

impl<R: Fn(&Tensors) -> stele::Result<stele::Outputs>> Call for Prepared<R> {
    fn run(&mut self) -> Result<(), Refusal> {
        self.outputs = Some((self.run)(&self.inputs)?);
        Ok(())
    }

    fn outputs(&mut self) -> Result<Tensors, Refusal> {
        Ok(self.outputs.take().into_iter().flatten().collect())
    }
}
