//! A worker of protocol 1 (`bindings/contract/PROTOCOL.md`) around anything that runs a
//! SavedModel from Rust: [`serve`] does the lines, the bundles, the clock and the
//! errors; a [`Backend`] does the rest.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod bundle;
mod elements;
mod prepared;
mod serve;
mod wire;

use std::path::Path;

pub use prepared::Prepared;
pub use serve::serve;

/// The version of the compiler, for the `language` field of `hello`.
pub const COMPILER_VERSION: &str = env!("COMPILER_VERSION");

/// Tensors by name, in order; a name may wrongly occur twice.
pub type Tensors = Vec<(String, stele::Tensor)>;

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This binding cannot do that at all.
    Unsupported(String),
    /// It was refused, or it failed.
    Error(stele::Code, String),
}

impl From<stele::Error> for Refusal {
    fn from(error: stele::Error) -> Refusal {
        Refusal::Error(error.code(), error.message().to_string())
    }
}

/// One way to run a SavedModel from Rust.
pub trait Backend {
    /// The id in `binding.toml`.
    fn binding(&self) -> &str;

    /// The version of the TensorFlow library in use; empty if there is none.
    fn tensorflow(&self) -> String;

    /// Loads the graph with these tags of a SavedModel folder, with a serialized
    /// ConfigProto.
    ///
    /// # Errors
    /// It cannot be loaded, or this binding cannot apply the config.
    fn load(&self, dir: &Path, tags: &[&str], config: &[u8]) -> Result<Box<dyn Model>, Refusal>;
}

/// A loaded model.
pub trait Model {
    /// Prepares one call of a signature.
    ///
    /// # Errors
    /// No such signature, or inputs that do not fit.
    fn prepare<'m>(
        &'m self,
        signature: &str,
        inputs: Tensors,
    ) -> Result<Box<dyn Call + 'm>, Refusal>;

    /// The lines of `describe`, in any order.
    ///
    /// # Errors
    /// This binding does not know its signatures.
    fn describe(&self) -> Result<Vec<Description<'_>>, Refusal>;

    /// Releases the model.
    ///
    /// # Errors
    /// Somebody else has it, and does not let it go.
    fn close(self: Box<Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// An input or output of a signature.
#[derive(Clone, Debug)]
pub struct Description<'m> {
    /// The signature's name.
    pub signature: &'m str,
    /// `input` or `output`.
    pub kind: &'static str,
    /// The name that a caller uses.
    pub name: &'m str,
    /// The element type.
    pub dtype: stele::DType,
    /// The dimensions, `None` for an unknown one; `None` for an unknown rank.
    pub dims: Option<Vec<Option<usize>>>,
}

/// The lines of `describe` of a model that has the crate's signatures.
pub fn describe(signatures: &stele::Signatures) -> Vec<Description<'_>> {
    let mut rows = Vec::new();
    for signature in signatures.iter() {
        for (kind, specs) in [("input", &signature.inputs), ("output", &signature.outputs)] {
            rows.extend(specs.iter().map(|spec| Description {
                signature: &signature.name,
                kind,
                name: &spec.name,
                dtype: spec.dtype,
                dims: spec.shape.dims().map(<[_]>::to_vec),
            }));
        }
    }
    rows
}

/// A call with its inputs, to be made any number of times.
pub trait Call {
    /// Makes the call as a user of the binding makes it; this is what `bench`
    /// times.
    ///
    /// # Errors
    /// Whatever the binding answers.
    fn run(&mut self) -> Result<(), Refusal>;

    /// The outputs of the last call.
    ///
    /// # Errors
    /// One cannot be read.
    fn outputs(&mut self) -> Result<Tensors, Refusal>;
}
