//! Serves SavedModels over gRPC and REST: the Open Inference Protocol, TensorFlow
//! Serving's API, health and reflection, on the crate `stele`. `docs/serving.md` says
//! what it answers.
//!
//! A call goes from the outside in: `listener` and `connection` (HTTP/2), `grpc`
//! (one message, for which `memory` has room), `services` (which method, with a place
//! of its model from `admission`), `open_inference` or `tfserving` (decoding, checks),
//! `inference` or `batcher` (a turn, and the run on one of the `threads`). `rest` takes
//! the place of the first and of the decoding: what is JSON is its business, the rest is
//! shared.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod admission;
mod alias;
pub mod arguments;
mod arrival;
mod batcher;
mod connection;
mod declared;
mod definitions;
mod exporter;
mod fair;
mod folders;
mod grpc;
mod health;
mod heap;
mod inference;
mod listener;
mod local;
mod log;
mod memory;
mod method;
mod metrics;
mod oip_tensors;
mod open_inference;
mod options;
mod output;
mod proto;
mod record;
mod refusal;
mod reply;
mod repository;
mod rest;
mod served;
mod server;
mod services;
mod standard;
mod telling;
mod tensor_proto;
mod tfserving;
mod threads;
mod tls;
mod version;
mod warmup;
mod wire;

pub use local::Local;
pub use log::{Log, printable};
pub use options::Options;
pub use refusal::{Refusal, Result};
pub use server::Server;
