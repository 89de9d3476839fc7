//! The messages of `proto/saved_model.proto` and `proto/tensorflow_serving.proto`.

#![allow(missing_docs, unreachable_pub, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/stele.savedmodel.rs"));

// Not every message has a use here.
#[allow(dead_code)]
pub(crate) mod serving {
    include!(concat!(env!("OUT_DIR"), "/tensorflow.serving.rs"));
}
