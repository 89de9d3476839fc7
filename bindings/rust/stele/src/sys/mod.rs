//! The border to libtensorflow: the only module with `unsafe`.
//!
//! Everything that leaves it is safe to call with any argument. Three facts
//! about the C API carry the proofs below:
//!
//! - A `TF_Session`, and a `TF_Tensor` that nobody writes to, may be used by
//!   many threads at once; a `TF_Status` belongs to one call.
//! - The library is never unloaded, so its functions live as long as the process.
//! - TensorFlow writes into the memory of a tensor only while it holds the sole
//!   reference to it, and never into memory that was handed over with
//!   `TF_NewTensor`.

#![allow(unsafe_code)]

mod api;
mod process;
mod session;
mod status;
mod strings;
mod tensor;

pub(crate) use api::Api;
pub(crate) use process::wait_for_calls;
pub(crate) use session::{Plan, Session};
pub(crate) use tensor::{Feed, RawTensor};
