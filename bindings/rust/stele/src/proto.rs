//! The messages of `proto/saved_model.proto`.

#![allow(missing_docs, unreachable_pub, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/stele.savedmodel.rs"));
