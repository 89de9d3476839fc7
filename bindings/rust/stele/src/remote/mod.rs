//! Models on a server, with the surface of models in this process.
//!
//! The server is `stele serve`, or any other that speaks the Open Inference
//! Protocol over gRPC: Triton, MLServer, KServe. Inputs are checked here, with the
//! checks and the words of a [`crate::Model`], before anything is sent; the server
//! checks again. Signatures, tensors, outputs and errors are the types of the
//! crate: a program changes from one way to the other by its first line.
//!
//! ```no_run
//! use stele::TensorView;
//! use stele::remote::Model;
//!
//! let model = Model::connect("127.0.0.1:8500", "digits")?;
//! let image = TensorView::new(&[1, 8, 8, 1], &[0.0f32; 64])?;
//! let outputs = model.run([("image", image)])?;
//! println!("{:?}", outputs.get("probabilities")?.data::<f32>()?);
//! # Ok::<(), stele::Error>(())
//! ```
//!
//! Calls block. They may be made anywhere, in an asynchronous program too, which
//! will rather use those that end in `_async`: these need no certain runtime.
//!
//! Feature `remote`; with the feature `tls`, also servers that speak TLS. Nothing
//! here needs libtensorflow: it is loaded when a model in this process is.

// One crate and not two: the checks, the messages of errors and the types are
// one, and a crate for what both share would be most of either.

#[cfg(target_endian = "big")]
compile_error!("raw contents are little-endian, and this code sends memory as it is");

mod address;
mod channel;
mod connection;
#[cfg(test)]
mod mock;
mod model;
mod proto;
mod retry;
mod runtime;
mod signatures;
mod status;
mod tensors;
#[cfg(test)]
mod tests;

pub use connection::{Connection, ConnectionBuilder};
pub use model::{Model, Runner};
