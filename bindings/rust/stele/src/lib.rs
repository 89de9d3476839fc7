#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[cfg(feature = "ndarray")]
mod array;
mod buffer;
mod check;
mod config;
mod contents;
#[cfg(test)]
#[path = "../tests/common/contract.rs"]
mod contract;
mod dtype;
mod error;
mod folder;
mod graph;
mod library;
mod locate;
mod model;
mod names;
mod outputs;
mod proto;
#[cfg(feature = "remote")]
pub mod remote;
mod saved_model;
mod shape;
mod signature;
mod strings;
mod sys;
mod tensor;
mod tensor_proto;

pub use config::Profile;
pub use dtype::{DType, Element};
pub use error::{Code, Error, Result};
pub use library::Library;
pub use model::{Model, ModelBuilder, Runner};
pub use outputs::Outputs;
pub use saved_model::SavedModel;
pub use shape::Shape;
pub use signature::{Signature, Signatures, TensorSpec};
pub use strings::Strings;
pub use tensor::{Tensor, TensorView};

pub use half;
pub use num_complex;
